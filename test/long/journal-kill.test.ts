import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openJournal, verifyLog } from '../../src/bronze/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import { dataFolder, readLog, readsOf } from '../contract/bronze/support.ts'

const name = 'collect'
const script = fileURLToPath(new URL('./journal-child.ts', import.meta.url))

/** Runs a writer, kills it `delayMs` after its first word; returns the last position it told. */
async function killWriter(dataDir: string, delayMs: number): Promise<number> {
  const writer = spawn(process.execPath, [script, dataDir, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  await once(writer.stdout, 'data')
  await systemClock.sleep(delayMs)
  const closed = once(writer, 'close')
  writer.kill('SIGKILL')
  await closed
  // A line cut off by the kill could be read as a smaller number, never as a greater one.
  return Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1))
}

test('a writer killed at random loses nothing it acknowledged', async () => {
  const dataDir = dataFolder()
  const random = createRandom('bronze kill')
  for (let round = 0; round < 6; round++) {
    const acknowledged = await killWriter(dataDir, random.int(0, 150))
    // A reader that comes before the next writer sees it all as well.
    expect(readLog({ dataDir, name }).length).toBeGreaterThanOrEqual(acknowledged)
    await using journal = await openJournal({ dataDir, name, clock: systemClock })
    expect(journal.nextPos).toBeGreaterThanOrEqual(acknowledged)
    expect(journal.recovery.lost).toBe(null)
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, journal.nextPos))
  }
  const report = await verifyLog({ dataDir, name })
  expect(report).toMatchObject({ damaged: [], positionsContiguous: true, unfinishedBytes: 0 })
})
