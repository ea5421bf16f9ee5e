import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import type { NewRecord } from '../../src/market/record.ts'
import { listHoles } from '../../src/silver/holes.ts'
import {
  judgeAtEnd,
  openRefinery,
  type Refinery,
  shuffle,
  tempFolder,
  writeLog,
} from '../playback/support.ts'

/** 2026-01-05T10:00:00Z. */
const BEGIN_US = 1_767_607_200_000_000
const SECOND_US = 1_000_000

interface Told {
  readonly size?: string
  readonly price?: string
  readonly atUs?: number
}

/** An aggregate of the ids `first` to `last`, as Binance.US streams it. */
function aggregate(first: number, last: number, told: Told = {}): NewRecord {
  const { size = String(last - first + 1), price = '100', atUs = first * SECOND_US } = told
  const timeUs = BEGIN_US + atUs
  const ids = { a: first, f: first, l: last }
  const payload = { e: 'aggTrade', s: 'BTCUSD', p: price, q: size, ...ids, m: true }
  return {
    dialect: 'binance-us/stream',
    channel: 'aggTrade',
    symbol: 'BTCUSD',
    origin: 'ws',
    receivedTimeUs: timeUs + 500,
    conn: 'c',
    frame: first,
    request: null,
    payload: Buffer.from(JSON.stringify({ ...payload, T: timeUs / 1000, M: true })),
  }
}

function subscription(): NewRecord {
  const event = { event: 'subscribe', venue: 'binance-us', channel: 'aggTrade', fact: true }
  const payload = Buffer.from(JSON.stringify({ ...event, symbols: ['BTCUSD'] }))
  return { ...aggregate(1, 1), dialect: 'assay/self', origin: 'self', payload }
}

const all = (refinery: Refinery) =>
  refinery.warehouse.read(async (db) => ({
    trades: await db.selectFrom('silver_trades').selectAll().orderBy('trade_id').execute(),
    coverage: await db.selectFrom('silver_coverage').selectAll().orderBy('first_id').execute(),
    minutes: await db.selectFrom('silver_candles_1m').selectAll().execute(),
    rivals: await db.selectFrom('silver_rivals').selectAll().execute(),
    conflicts: (await db.selectFrom('silver_quarantine').selectAll().execute()).length,
  }))

async function refined(records: readonly NewRecord[]) {
  const dataDir = tempFolder()
  await using refinery = await openRefinery(dataDir)
  for (const record of records) {
    await writeLog(dataDir, 'l', [record])
    await refinery.refine()
  }
  const proof = await refinery.settle()
  expect(await judgeAtEnd(dataDir)).toEqual(proof)
  const { trades, ...rest } = await all(refinery)
  const ranges = trades.map((one) => [one.trade_id, one.last_id ?? one.trade_id])
  return { ...rest, trades, ranges, proof, totals: refinery.totals }
}

describe('aggregates', () => {
  test('are numbered by their first trade and count those they stand for', async () => {
    const held = await refined([aggregate(1, 1), aggregate(2, 4), aggregate(5, 9)])
    expect(
      held.trades.map(({ trade_id, first_id, last_id, trade_count }) => {
        return [trade_id, first_id, last_id, trade_count]
      }),
    ).toEqual([
      [1, null, null, 1],
      [2, null, 4, 3],
      [5, null, 9, 5],
    ])
    expect(held.coverage).toMatchObject([{ first_id: 1, last_id: 9 }])
    expect(held.minutes).toMatchObject([{ trade_count: 9, min_id: 1, max_id: 9, volume: '9' }])
    expect(held.totals).toMatchObject({ accepted: 3, duplicates: 0, conflicts: 0 })
  })

  test('replace the trades they are made of, before them or after', async () => {
    const parts = [aggregate(3, 3), aggregate(4, 4), aggregate(6, 7)]
    const atUs = 3 * SECOND_US
    const agreed = parts.map((_, at) => aggregate([3, 4, 6][at] ?? 0, [3, 4, 7][at] ?? 0, { atUs }))
    const whole = aggregate(3, 8, { atUs })
    const after = await refined([...agreed, whole])
    const before = await refined([whole, ...agreed])
    expect(before.proof).toEqual(after.proof)
    expect(after.ranges).toEqual([[3, 8]])
    expect(after.minutes).toMatchObject([{ trade_count: 6, volume: '6', min_id: 3, max_id: 8 }])
    for (const { totals, rivals } of [before, after]) {
      expect(totals).toMatchObject({ accepted: 1, duplicates: 3, conflicts: 0 })
      expect(rivals).toEqual([])
    }
  })

  test.each([
    ['a price', { price: '101' }],
    ['a size beyond it', { size: '99' }],
    ['a time of another second', { atUs: 60 * SECOND_US }],
  ])('conflict with a trade of theirs that tells %s, and stand', async (_, told) => {
    const part = aggregate(4, 4, { atUs: 3 * SECOND_US, ...told })
    const whole = aggregate(3, 8, { atUs: 3 * SECOND_US })
    for (const records of [
      [part, whole],
      [whole, part],
    ]) {
      const held = await refined(records)
      expect(held.ranges).toEqual([[3, 8]])
      expect(held.conflicts).toBe(1)
      // The trade is taken out of the minute it was counted in, too.
      expect(held.minutes.reduce((sum, minute) => sum + minute.trade_count, 0)).toBe(6)
    }
  })

  test('that overlap in part conflict, and the longer stands whatever the order', async () => {
    const short = aggregate(1, 4)
    const long = aggregate(3, 8)
    // Held by the short one alone, and so never to stand, though the short one does not.
    const within = aggregate(2, 2)
    const random = createRandom('overlap')
    const first = await refined([short, long, within])
    expect(first.ranges).toEqual([[3, 8]])
    expect(first.rivals).toMatchObject([{ first_id: 1, last_id: 4 }])
    expect(first.conflicts).toBeGreaterThan(0)
    for (let round = 0; round < 6; round += 1) {
      const held = await refined(shuffle([short, long, within], random))
      expect(held.proof).toEqual(first.proof)
    }
    // What holds both leaves no rival behind.
    const healed = await refined([short, long, within, aggregate(1, 9)])
    expect(healed.ranges).toEqual([[1, 9]])
    expect(healed.rivals).toEqual([])
  })

  test('of more ids than any order has trades are refused', async () => {
    const held = await refined([aggregate(1, 1), aggregate(2, 9_000_000)])
    expect(held.ranges).toEqual([[1, 1]])
    expect(held.totals).toMatchObject({ accepted: 1, rejected: 1 })
  })

  test.each([
    ['closed, and counts as many', { x: true, n: 3, L: 3 }, 1, []],
    ['closed, and tells of more', { x: true, n: 5, L: 5 }, 0, ['witness']],
    ['still open', { x: false, n: 3, L: 3 }, 0, []],
  ])('prove a minute whose kline is %s', async (_, told, complete, causes) => {
    const dataDir = tempFolder()
    await using refinery = await openRefinery(dataDir)
    const times = { t: BEGIN_US / 1000, T: BEGIN_US / 1000 + 59_999, i: '1m', s: 'BTCUSD' }
    const sums = { o: '100', c: '100', h: '100', l: '100', v: '3', q: '300', V: '0', Q: '0' }
    const k = { ...times, ...sums, f: 1, ...told }
    const kline: NewRecord = {
      ...aggregate(1, 1),
      receivedTimeUs: BEGIN_US + 61 * SECOND_US,
      payload: Buffer.from(JSON.stringify({ e: 'kline', s: 'BTCUSD', k })),
    }
    await writeLog(dataDir, 'l', [subscription(), aggregate(1, 3), kline])
    await refinery.settle()
    const { minutes } = await all(refinery)
    expect(minutes[0]).toMatchObject({ trade_count: 3, complete })
    const holes = await refinery.warehouse.read((db) => listHoles(db))
    expect(holes.map((hole) => hole.cause)).toEqual(causes)
  })

  test('leave holes of the trades between them', async () => {
    const dataDir = tempFolder()
    await using refinery = await openRefinery(dataDir)
    await writeLog(dataDir, 'l', [subscription(), aggregate(1, 3), aggregate(9, 12)])
    await refinery.settle()
    const holes = await refinery.warehouse.read((db) => listHoles(db))
    expect(holes).toMatchObject([{ cause: 'ids', firstId: 4, lastId: 8 }])
    await writeLog(dataDir, 'l', [aggregate(4, 8)])
    await refinery.settle()
    expect(await refinery.warehouse.read((db) => listHoles(db))).toEqual([])
  })
})
