import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { createGeneration, openWarehouse, type Warehouse } from '../../../src/warehouse/index.ts'
import { MINUTE, tradeInsert, tradeRow } from './rows.ts'

const clock = createManualClock(MINUTE)

/** Whether small file systems may be mounted here; without, this suite says that it skips. */
const canMount = tryMount()

suite.skipIf(!canMount)('an SQLite warehouse on a small disk (needs the right to mount)', () => {
  let disk = ''
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'assay-disk-'))
    mount(['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])
  })
  afterEach(() => {
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  })
  const url = () => `sqlite:${join(disk, 'warehouse')}`

  test('says that it is full, keeps what was committed, and goes on once it can', async () => {
    const filler = join(disk, 'filler')
    writeFileSync(filler, new Uint8Array(800_000))
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    let committed = 0
    const failure = await fillUp(warehouse, () => {
      committed += 1
    })
    expect(failure).toMatchObject({ code: 'ASSAY_DISK_FULL' })
    expect(committed).toBeGreaterThan(0)
    expect(await countTrades(warehouse)).toBe(committed * 100)
    rmSync(filler)
    await put(warehouse, 1_000_000)
    expect(await countTrades(warehouse)).toBe(committed * 100 + 100)
  })

  test('leaves the old generation where a new one does not fit', async () => {
    {
      await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
      await put(warehouse, 0)
    }
    {
      await using generation = await createGeneration({ url: url(), clock })
      const failure = await fillUp(generation, () => undefined)
      expect(failure).toMatchObject({ code: 'ASSAY_DISK_FULL' })
    }
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    expect(await countTrades(warehouse)).toBe(100)
  })

  test('reads what is on a read-only disk, and says to writers what it is', async () => {
    {
      await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
      await put(warehouse, 0)
    }
    mount(['-o', 'remount,ro', disk])
    await expect(openWarehouse({ url: url(), mode: 'write', clock })).rejects.toMatchObject({
      code: 'ASSAY_READ_ONLY',
    })
    await expect(createGeneration({ url: url(), clock })).rejects.toMatchObject({
      code: 'ASSAY_READ_ONLY',
    })
    await expect(
      openWarehouse({ url: `sqlite:${join(disk, 'new')}`, mode: 'write', clock }),
    ).rejects.toMatchObject({ code: 'ASSAY_READ_ONLY' })
    await using warehouse = await openWarehouse({ url: url(), mode: 'read', clock })
    expect(await countTrades(warehouse)).toBe(100)
  })
})

function put(warehouse: Warehouse, first: number): Promise<void> {
  const rows = Array.from({ length: 100 }, (_, index) => tradeRow({ trade_id: first + index }))
  return warehouse.write((tx) => tx.insertTrades(tradeInsert(rows)))
}

/** Writes until it fails, and returns the failure. */
async function fillUp(warehouse: Warehouse, committed: () => void): Promise<unknown> {
  try {
    for (let first = 0; ; first += 100) {
      await put(warehouse, first)
      committed()
    }
  } catch (error) {
    return error
  }
}

async function countTrades(warehouse: Warehouse): Promise<number> {
  const row = await warehouse.read((db) =>
    db
      .selectFrom('silver_trades')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow(),
  )
  return row.count
}

function mount(args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' })
}

function tryMount(): boolean {
  const disk = mkdtempSync(join(tmpdir(), 'assay-disk-'))
  try {
    mount(['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
    execFileSync('umount', [disk])
    return true
  } catch {
    return false
  } finally {
    rmSync(disk, { recursive: true })
  }
}
