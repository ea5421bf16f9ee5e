import { describe, expect, test } from 'vitest'
import type { CandleRules } from '../venues/venue.ts'
import type { MinuteRow, VenueCandleRow } from '../warehouse/index.ts'
import { compareWithOurs, compareWithVenue } from './compare-candles.ts'

const OURS: MinuteRow = {
  instrument_id: 1,
  open_time_us: 60_000_000,
  open: '100.5',
  high: '101',
  low: '100',
  close: '100.2',
  volume: '3',
  notional: '301.7',
  taker_buy_volume: '1.5',
  trade_count: 4,
  tape_id: 0,
  first_trade_us: 60_000_001,
  first_trade_id: 7,
  last_trade_us: 61_000_000,
  last_trade_id: 10,
  min_id: 7,
  max_id: 10,
  other_count: 0,
  source: 'trades',
  status: 'traded',
  complete: 1,
  repaired: 0,
  revision: 0,
  change_seq: 1,
}

const THEIRS: VenueCandleRow = {
  instrument_id: 1,
  open_time_us: 60_000_000,
  source: 1,
  open: '100.5',
  high: '101',
  low: '100',
  close: '100.2',
  volume: '3',
  notional: null,
  taker_buy_volume: null,
  trade_count: 4,
  vwap: '100.5',
  closed: 1,
  received_time_us: 130_000_000,
  change_seq: 1,
}

const KRAKEN: CandleRules = {
  emptyMinutes: { ws: 'omitted', rest: 'flat' },
  vwap: 'truncated',
  fields: ['tradeCount', 'vwap'],
  restMinutesMax: 720,
}
const BY = { priceStep: '0.1', rules: KRAKEN }

describe('our minute and a venue candle of it', () => {
  test('are equal where every field both have is, the average cut to the price step', () => {
    // 301.7 / 3 = 100.5666…, which rounds to 100.6 and is cut to 100.5.
    expect(compareWithOurs(OURS, THEIRS, BY)).toEqual([])
    const rounded = { ...THEIRS, vwap: '100.6' }
    expect(compareWithOurs(OURS, rounded, BY)).toEqual([
      { field: 'vwap', ours: '100.5', theirs: '100.6' },
    ])
  })

  test('are compared as numbers, not as text', () => {
    expect(compareWithOurs(OURS, { ...THEIRS, volume: '3.000', close: '100.20' }, BY)).toEqual([])
  })

  test('tell each field in which they differ', () => {
    const other = { ...THEIRS, high: '102', trade_count: 5, notional: '301.8' }
    expect(compareWithOurs(OURS, other, BY).map(({ field }) => field)).toEqual([
      'high',
      'notional',
      'trade_count',
    ])
  })

  test('agree on an empty minute, flat prices or none', () => {
    const flat = { ...THEIRS, volume: '0', trade_count: 0, vwap: '0' }
    const empty = { ...OURS, trade_count: 0, status: 'no_trades' as const }
    expect(compareWithOurs(empty, flat, BY)).toEqual([])
    expect(compareWithOurs(undefined, flat, BY)).toEqual([])
    expect(compareWithOurs(OURS, flat, BY)).toEqual([
      { field: 'status', ours: 'traded', theirs: 'no_trades' },
    ])
    expect(compareWithOurs(empty, THEIRS, BY)).toEqual([
      { field: 'status', ours: 'no_trades', theirs: 'traded' },
    ])
  })

  test('of a venue unknown here leave its average alone', () => {
    const by = { priceStep: null, rules: null }
    expect(compareWithOurs(OURS, { ...THEIRS, vwap: '7' }, by)).toEqual([])
  })
})

test('two candles of one venue are compared in what both have', () => {
  const socket = { ...THEIRS, source: 0, trade_count: null }
  expect(compareWithVenue(socket, THEIRS)).toEqual([])
  expect(compareWithVenue({ ...socket, low: '99' }, THEIRS)).toMatchObject([{ field: 'low' }])
})
