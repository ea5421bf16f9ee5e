import type {
  GoldCandleRow,
  InstrumentRow,
  MinuteRow,
  SnapshotRow,
  VenueCandleRow,
} from '../../src/warehouse/index.ts'

/** A whole day in the past, on which test data stands. */
export const DAY = 20_000 * 86_400_000_000
export const MINUTE_US = 60_000_000
export const HOUR_US = 60 * MINUTE_US
export const DAY_US = 24 * HOUR_US

/** Returns an instrument's row. */
export function instrument(id: number, row: Partial<InstrumentRow> = {}): InstrumentRow {
  return {
    instrument_id: id,
    venue: 'kraken',
    symbol: `C${id}/USD`,
    ...{ listed_from_us: 0, delisted_us: null, kind: 'spot', base: `C${id}`, quote: 'USD' },
    ...{ multiplier: 1, price_step: null, size_step: null, listing_us: 0 },
    ...row,
  }
}

/** Returns the row of a minute with one trade at a price, one unit of it. */
export function minute(id: number, openUs: number, price: string): MinuteRow {
  const prices = { open: price, high: price, low: price, close: price }
  return {
    ...quietMinute(id, openUs),
    ...prices,
    ...{ volume: '1', notional: price, taker_buy_volume: '1', trade_count: 1, status: 'traded' },
    ...{ first_trade_us: openUs, first_trade_id: 1, last_trade_us: openUs, last_trade_id: 1 },
  }
}

/** Returns the row of a minute that is known to hold no trade. */
export function quietMinute(id: number, openUs: number): MinuteRow {
  return {
    instrument_id: id,
    open_time_us: openUs,
    ...{ open: null, high: null, low: null, close: null },
    ...{ volume: '0', notional: '0', taker_buy_volume: '0', trade_count: 0, tape_id: 0 },
    ...{ first_trade_us: null, first_trade_id: null, last_trade_us: null, last_trade_id: null },
    ...{ min_id: null, max_id: null, other_count: 0, source: 'trades', status: 'no_trades' },
    ...{ complete: 1, repaired: 0, revision: 0, change_seq: 1 },
  }
}

/** Returns the row of a venue's closed candle that tells prices and volume alone. */
export function bareCandle(id: number, openUs: number, price: string): VenueCandleRow {
  return {
    instrument_id: id,
    open_time_us: openUs,
    source: 1,
    ...{ open: price, high: price, low: price, close: price, volume: '2', vwap: null },
    ...{ notional: null, taker_buy_volume: null, trade_count: null, closed: 1 },
    received_time_us: openUs + MINUTE_US,
    change_seq: 1,
  }
}

/** Returns what was said of a coin at a time. */
export function snapshot(id: number, timeUs: number, row: Partial<SnapshotRow> = {}): SnapshotRow {
  return {
    instrument_id: id,
    time_us: timeUs,
    ...{ source: 'poll', quote: 'USD', last_updated_us: null, price: '1', market_cap: '100' },
    ...{ fully_diluted_valuation: null, volume_24h: '10', high_24h: null, low_24h: null },
    ...{ price_change_24h: null, change_1h_pct: null, change_24h_pct: null, change_7d_pct: null },
    ...{ circulating_supply: null, total_supply: null, max_supply: null, market_cap_rank: 1 },
    ...{ received_time_us: timeUs, log_id: 1, pos: 1, item: 0, change_seq: 1 },
    ...row,
  }
}

/** Returns the row of a day's candle that traded. */
export function dayCandle(id: number, row: Partial<GoldCandleRow> = {}): GoldCandleRow {
  return {
    instrument_id: id,
    interval_us: DAY_US,
    open_time_us: DAY,
    ...{ open: '3', high: '5', low: '2', close: '4', volume: '7', notional: '22' },
    ...{ taker_buy_volume: '2', trade_count: 9, status: 'traded', complete: 1, repaired: 0 },
    ...{ minutes_traded: 9, minutes_known: 1440, revision: 0, change_seq: 1 },
    ...row,
  }
}
