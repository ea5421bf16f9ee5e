import { describe, expect, test } from 'vitest'
import { openJournal, openLogReader, sealLog } from '../../src/bronze/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import type { NewRecord } from '../../src/market/record.ts'
import { Refiner } from '../../src/silver/refiner.ts'
import { openWarehouse, type Warehouse, type WarehouseProof } from '../../src/warehouse/index.ts'
import { GRACE_US, urlOf } from '../playback/folders.ts'
import { openRefinery, rebuild, START_US, tempFolder, writeLog } from '../playback/support.ts'

/** 2026-01-05T10:00:00Z, and a second. */
const BEGIN_US = 1_767_607_200_000_000
const SECOND_US = 1_000_000

function match(trade_id: number, timeUs = BEGIN_US + trade_id * SECOND_US): NewRecord {
  const payload = {
    type: 'match',
    trade_id,
    side: 'buy',
    size: '1',
    price: String(100 + trade_id),
    product_id: 'BTC-USD',
    time: new Date(timeUs / 1000).toISOString(),
  }
  return {
    dialect: 'coinbase/exchange',
    channel: 'matches',
    symbol: 'BTC-USD',
    origin: 'ws',
    receivedTimeUs: timeUs,
    conn: 'c',
    frame: trade_id,
    request: null,
    payload: Buffer.from(JSON.stringify(payload)),
  }
}

function matches(from: number, to: number): NewRecord[] {
  return Array.from({ length: to - from + 1 }, (_, at) => match(from + at))
}

async function idsHeld(warehouse: Warehouse): Promise<number[]> {
  const rows = await warehouse.read((db) =>
    db.selectFrom('silver_trades').select('trade_id').orderBy('trade_id').execute(),
  )
  return rows.map((row) => row.trade_id)
}

async function refineAroundSealing(dataDir: string): Promise<WarehouseProof> {
  const clock = createManualClock(START_US)
  await using refinery = await openRefinery(dataDir)
  await writeLog(dataDir, 'l', matches(1, 20))
  await refinery.refine()
  await writeLog(dataDir, 'l', matches(21, 30))
  using reader = openLogReader({ dataDir, name: 'l' })
  const sealed = await sealLog({ dataDir, name: 'l', belowPos: reader.durablePos, clock })
  expect(sealed.records).toBe(30)
  await writeLog(dataDir, 'l', matches(31, 35))
  const proof = await refinery.settle()
  const all = Array.from({ length: 35 }, (_, at) => at + 1)
  expect(await idsHeld(refinery.warehouse)).toEqual(all)
  return proof
}

describe('the refiner', () => {
  test('reads only what is durable', async () => {
    const dataDir = tempFolder()
    const clock = createManualClock(START_US)
    await using refinery = await openRefinery(dataDir)
    await using journal = await openJournal({ dataDir, name: 'l', clock, commitWindowMs: 60_000 })
    for (const record of matches(1, 3)) journal.append(record)
    expect(await refinery.refine()).toBe(0)
    await journal.flush()
    expect(await refinery.refine()).toBe(3)
    expect(await idsHeld(refinery.warehouse)).toEqual([1, 2, 3])
  })

  test('is alone: another is refused while the first holds the lease', async () => {
    const dataDir = tempFolder()
    await using refinery = await openRefinery(dataDir)
    const { warehouse } = refinery
    const clock = createManualClock(START_US)
    const options = { warehouse, dataDir, clock, holder: 'another', graceUs: GRACE_US }
    await expect(Refiner.open(options)).rejects.toMatchObject({ code: 'ASSAY_LOCKED' })
  })

  test('commits nothing once another has taken over its lease', async () => {
    const dataDir = tempFolder()
    const clock = createManualClock(START_US)
    await using warehouse = await openWarehouse({ url: urlOf(dataDir), mode: 'write', clock })
    const options = { warehouse, dataDir, clock, graceUs: GRACE_US }
    await using first = await Refiner.open({ ...options, holder: 'first' })
    await writeLog(dataDir, 'l', matches(1, 3))
    await first.refine()
    clock.advance(31_000)
    await using second = await Refiner.open({ ...options, holder: 'second' })
    await writeLog(dataDir, 'l', matches(4, 6))
    await expect(first.refine()).rejects.toMatchObject({ code: 'ASSAY_LEASE_LOST' })
    expect(await idsHeld(warehouse)).toEqual([1, 2, 3])
    expect(await second.refine()).toBe(3)
    expect(await idsHeld(warehouse)).toEqual([1, 2, 3, 4, 5, 6])
    expect(second.totals).toMatchObject({ accepted: 3, duplicates: 0 })
  })

  test('goes on from its checkpoint over a log that was sealed meanwhile', async () => {
    const dataDir = tempFolder()
    const proof = await refineAroundSealing(dataDir)
    expect(await rebuild(dataDir)).toEqual(proof)
  })

  test('says where a report disagrees with the trade that stands, and lets it stand', async () => {
    const dataDir = tempFolder()
    await using refinery = await openRefinery(dataDir)
    const told = match(2)
    const facts = JSON.parse(told.payload.toString()) as Record<string, unknown>
    const other = { ...told, payload: Buffer.from(JSON.stringify({ ...facts, price: '999' })) }
    await writeLog(dataDir, 'l', [...matches(1, 3), other, told])
    await refinery.refine()
    expect(refinery.totals).toMatchObject({ accepted: 3, duplicates: 2, conflicts: 1 })
    const held = await refinery.warehouse.read((db) =>
      db.selectFrom('silver_quarantine').selectAll().execute(),
    )
    expect(held).toMatchObject([{ pos: 3, item: 0, reason: 'conflict', dialect: 'coinbase' }])
  })
})
