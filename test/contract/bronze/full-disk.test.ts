import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openJournal, sealLog, verifyLog } from '../../../src/bronze/index.ts'
import { createManualClock, systemClock } from '../../../src/core/clock.ts'
import { dataFolder, HOUR_US, readLog, readsOf, recordOf, START_US } from './support.ts'

const name = 'collect'

function mount(folder: string, options: string): boolean {
  mkdirSync(folder, { recursive: true })
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0
}

const probe = join('/tmp', `assay-mount-${process.pid}`)
const canMount = mount(probe, 'size=64k')
if (canMount) spawnSync('umount', [probe])
rmSync(probe, { recursive: true, force: true })
const why = canMount ? '' : ' (skipped: mounting is not permitted here)'

/** Returns a data folder on a small disk of its own. */
function smallDisk(size: string): string {
  const folder = join(dataFolder(), 'disk')
  expect(mount(folder, `size=${size}`)).toBe(true)
  onTestFinished(() => void spawnSync('umount', ['-l', folder]))
  return folder
}

describe.skipIf(!canMount)(`a log on a failing disk${why}`, () => {
  test('that fills up keeps what it acknowledged, and goes on once there is room', async () => {
    const dataDir = smallDisk('3m')
    writeFileSync(join(dataDir, 'ballast'), Buffer.alloc(1_000_000))
    let acknowledged = 0
    {
      await using journal = await openJournal({ dataDir, name, clock: systemClock })
      let failure: unknown = null
      while (failure === null) {
        for (let n = 0; n < 50; n++) journal.append(recordOf(journal.nextPos))
        await journal.flush().catch((error: unknown) => {
          failure = error
        })
        acknowledged = journal.durablePos
      }
      expect(failure).toMatchObject({ code: 'ASSAY_DISK_FULL' })
      await expect(journal.failed).rejects.toMatchObject({ code: 'ASSAY_DISK_FULL' })
      expect(() => journal.append(recordOf(0))).toThrow('full')
    }
    expect(acknowledged).toBeGreaterThan(1000)
    expect(readLog({ dataDir, name }).slice(0, acknowledged)).toEqual(readsOf(0, acknowledged))

    rmSync(join(dataDir, 'ballast'))
    {
      await using journal = await openJournal({ dataDir, name, clock: systemClock })
      expect(journal.nextPos).toBeGreaterThanOrEqual(acknowledged)
      acknowledged = journal.append(recordOf(journal.nextPos)) + 1
    }
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, acknowledged))
  })

  test('that is full is not sealed, and its journal stays', async () => {
    const dataDir = smallDisk('3m')
    {
      await using journal = await openJournal({ dataDir, name, clock: systemClock })
      for (let n = 0; n < 10_000; n++) journal.append(recordOf(n))
    }
    writeFileSync(join(dataDir, 'ballast'), '')
    for (let size = 1_200_000; size > 0; size -= 4096) {
      try {
        writeFileSync(join(dataDir, 'ballast'), Buffer.alloc(size))
        break
      } catch {
        // Larger than what is left.
      }
    }
    const later = createManualClock(START_US + 3 * HOUR_US)
    const sealing = sealLog({ dataDir, name, belowPos: 10_000, clock: later })
    await expect(sealing).rejects.toMatchObject({ code: 'ASSAY_DISK_FULL' })
    rmSync(join(dataDir, 'ballast'))
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, 10_000))
    const report = await sealLog({ dataDir, name, belowPos: 10_000, clock: later })
    expect(report).toMatchObject({ hours: 1, records: 10_000, damaged: [] })
    expect((await verifyLog({ dataDir, name })).positionsContiguous).toBe(true)
  })

  test('that is read-only is read, and refuses a writer', async () => {
    const dataDir = smallDisk('3m')
    {
      await using journal = await openJournal({ dataDir, name, clock: systemClock })
      for (let n = 0; n < 100; n++) journal.append(recordOf(n))
    }
    expect(spawnSync('mount', ['-o', 'remount,ro', dataDir]).status).toBe(0)
    const opening = openJournal({ dataDir, name, clock: systemClock })
    await expect(opening).rejects.toMatchObject({ code: 'ASSAY_READ_ONLY' })
    const other = openJournal({ dataDir, name: 'import', clock: systemClock })
    await expect(other).rejects.toMatchObject({ code: 'ASSAY_READ_ONLY' })
    const later = createManualClock(START_US + 3 * HOUR_US)
    const sealing = sealLog({ dataDir, name, belowPos: 100, clock: later })
    await expect(sealing).rejects.toMatchObject({ code: 'ASSAY_READ_ONLY' })
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, 100))
  })
})
