import { expect, test } from 'vitest'
import type { InstrumentRow, WriteTransaction } from '../warehouse/index.ts'
import { Activity, baseOf } from './activity.ts'

const instrument = (venue: string, symbol: string, base: string | null = null) =>
  ({ venue, symbol, base }) as InstrumentRow

test.each([
  ['elsewhere', 'BTC-USD', 'XBT', 'XBT'],
  ['elsewhere', 'btc-usd', null, 'BTC'],
  ['kraken', 'BTC/USD', null, 'BTC'],
  ['binance-us', 'BTCUSD', null, 'BTC'],
  ['binance-us', 'SOLUSDT', null, 'SOL'],
  // What no venue spells so is not cut up: it may be a base of its own.
  ['elsewhere', 'BTCUSD', null, null],
  ['binance-us', 'USDTUSD', null, null],
  ['coingecko', 'bitcoin', null, null],
] as const)(
  '%s trades with %s, listed with the base %s, the asset %s',
  (venue, symbol, base, is) => {
    expect(baseOf(instrument(venue, symbol, base))).toBe(is)
  },
)

test('a day is read once, and then follows what is noted of its minutes', async () => {
  const MINUTE_US = 60_000_000
  const dayUs = 20_000 * 86_400_000_000
  const stored = new Set([dayUs, dayUs + 1439 * MINUTE_US])
  let reads = 0
  const findTradedMinutes = async (_: number, fromUs: number, toUs: number) => {
    reads += 1
    return [...stored].filter((us) => us >= fromUs && us < toUs)
  }
  const tx = { findTradedMinutes } as Partial<WriteTransaction> as WriteTransaction
  const activity = new Activity()
  expect(activity.peek(1, dayUs)).toBeUndefined()
  await activity.load(tx, 1, dayUs + 5)
  const at = (minute: number) => activity.peek(1, dayUs + minute * MINUTE_US)
  expect([at(0), at(1), at(1439), at(1440)]).toEqual([true, false, true, undefined])
  activity.note(1, dayUs + MINUTE_US, true)
  activity.note(2, dayUs, true)
  expect([at(1), activity.peek(2, dayUs), reads]).toEqual([true, undefined, 1])
  // Another source may tell of a trade there still, so the day is to be read anew.
  activity.note(1, dayUs, false)
  expect(at(0)).toBeUndefined()
})
