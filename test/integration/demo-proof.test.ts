import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TruthCandle, TruthTrade } from '../../sim/index.ts'
import { type DemoTruth, proveDemo } from '../../src/cli/demo/prove.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { openWarehouse, type ScopeRow, type WriteTransaction } from '../../src/warehouse/index.ts'
import {
  instrumentRow,
  MINUTE,
  minuteRow,
  tradeInsert,
  tradeRow,
  venueCandleRow,
} from '../contract/warehouse/rows.ts'
import { tempFolder } from './cli-support.ts'

const M = 60_000_000
const clock = createManualClock(MINUTE + 10 * M)

let folder: ReturnType<typeof tempFolder>
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => folder[Symbol.dispose]())

function scope(cause: ScopeRow['cause'], from: number, to: number): ScopeRow {
  const span = { from_us: MINUTE + from * M, to_us: MINUTE + to * M }
  const ends = { subscribed_us: null, unsubscribed_us: null }
  return { instrument_id: 1, tape_id: 0, cause, evidence: cause, ...span, ...ends }
}

/** One trade in each of the minutes 0, 1 and 2, and the candles of just these trades. */
const TIMES_US = [0, 1, 2].map((minute) => MINUTE + minute * M + 1_000_000)

const truth: DemoTruth = {
  venues: ['kraken'],
  truth: () =>
    TIMES_US.map(
      (time_us, index): TruthTrade => ({
        ...{ venue: 'kraken', product: 'BTC/USD', trade_id: index + 1, time: '', time_us },
        ...{ price: '2', size: '3', side: 'buy' },
      }),
    ),
  truthCandles: () =>
    [0, 1, 2].map(
      (minute): TruthCandle => ({
        ...{ product: 'BTC/USD', open_time: '', open_time_us: MINUTE + minute * M },
        ...{ open: '2', high: '2', low: '2', close: '2' },
        ...{ volume: '3', notional: '6', taker_buy_volume: '3', trade_count: 1 },
      }),
    ),
}

const trade = (index: number) =>
  tradeRow({
    ...{ trade_id: index + 1, event_time_us: TIMES_US[index]! },
    ...{ price: '2', size: '3', side: 0, pos: index },
  })

const minute = (at: number) =>
  minuteRow({
    ...{ open_time_us: MINUTE + at * M, open: '2', high: '2', low: '2', close: '2' },
    ...{ volume: '3', notional: '6', taker_buy_volume: '3', trade_count: 1 },
  })

/** Proves a warehouse that holds what is stored, of one product of Kraken. */
async function proofOf(store: (tx: WriteTransaction) => Promise<void>) {
  const url = `sqlite:${folder.path}/warehouse`
  await using warehouse = await openWarehouse({ url, mode: 'write', clock })
  await warehouse.write(async (tx) => {
    await tx.upsert('instruments', [instrumentRow({ venue: 'kraken', symbol: 'BTC/USD' })])
    await store(tx)
  })
  return await proveDemo({ dataDir: folder.path, clock }, truth)
}

test('a minute between history and the live part is no finding', async () => {
  const proof = await proofOf(async (tx) => {
    await tx.upsert('silver_scopes', [scope('backfill', 0, 1), scope('live', 2, 3)])
    await tx.insertTrades(tradeInsert([trade(0), trade(2)]))
    await tx.upsert('silver_candles_1m', [minute(0), minute(2)])
    // The venue's own candle of the minute between is shown all the same.
    await tx.upsert('silver_venue_candles', [
      venueCandleRow({ open_time_us: MINUTE + M, trade_count: 700 }),
    ])
  })
  expect(proof).toMatchObject({ trades: 2, lost: 0, duplicated: 0 })
  expect(proof).toMatchObject({ candles: 2, candles_equal: 2 })
})

test('a minute answered for is a finding where it has no row or says unknown', async () => {
  const proof = await proofOf(async (tx) => {
    await tx.upsert('silver_scopes', [scope('live', 0, 5)])
    await tx.insertTrades(tradeInsert([trade(0), trade(1), trade(2)]))
    const bare = { trade_count: 0, complete: 0 } as const
    await tx.upsert('silver_candles_1m', [
      minute(0),
      minute(1),
      minuteRow({ open_time_us: MINUTE + 3 * M, ...bare, status: 'unknown' }),
      minuteRow({ open_time_us: MINUTE + 4 * M, ...bare, complete: 1, status: 'no_trades' }),
    ])
  })
  expect(proof).toMatchObject({ trades: 3, lost: 0, duplicated: 0 })
  expect(proof).toMatchObject({ candles: 5, candles_equal: 3 })
})

test('a minute that counts more trades than are held is one of duplicates', async () => {
  const proof = await proofOf(async (tx) => {
    await tx.upsert('silver_scopes', [scope('live', 0, 3)])
    await tx.insertTrades(tradeInsert([trade(0), trade(1), trade(2)]))
    await tx.upsert('silver_candles_1m', [
      minute(0),
      minute(1),
      { ...minute(2), trade_count: 3, volume: '9' },
    ])
  })
  expect(proof).toMatchObject({ trades: 3, lost: 0, duplicated: 2 })
  expect(proof).toMatchObject({ candles: 3, candles_equal: 2 })
})
