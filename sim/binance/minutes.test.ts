import { expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import { createFaultJournal } from '../faults/journal.ts'
import { createSymbolFaults } from '../faults/symbol-faults.ts'
import { resolveProducts } from '../market/catalogue.ts'
import { createMarket } from '../market/market.ts'
import type { VenueContext } from '../venue-sim.ts'
import { createKlineClock } from './kline-clock.ts'
import type { Streams } from './streams.ts'
import type { Payload } from './testing.ts'

const MINUTE_US = 60_000_000
const START_US = 1_790_000_040_000_000
const IDS = ['BTCUSD', '1000REKTUSDT']

/** A clock over two products, driven by hand, and what it told: market time, candle. */
function createBench() {
  const market = createMarket({
    products: resolveProducts(IDS, 'binance-us'),
    seed: 3,
    startUs: START_US,
    tradesPerSecond: 20,
    historyMinutes: 0,
    tradesHeldMax: 1_000_000,
  })
  const told: { readonly atUs: number; readonly data: Payload }[] = []
  let nowUs = START_US
  const streams: Streams = {
    join: () => undefined,
    leave: () => undefined,
    has: () => true,
    listeners: () => [],
    publish(_stream, build) {
      told.push({ atUs: nowUs, data: JSON.parse(build()).k })
      return true
    },
  }
  const symbolFaults = createSymbolFaults()
  const context = { market, symbolFaults, random: createRandom(5) } as unknown as VenueContext
  const clock = createKlineClock(context, streams)
  const runTo = (untilUs: number) => {
    for (; nowUs < untilUs; nowUs += 50_000) {
      market.advanceTo(nowUs, () => undefined)
      if (nowUs % 1_000_000 === 0) clock.second(nowUs)
      clock.tick(nowUs)
    }
  }
  return { market, told, symbolFaults, runTo }
}

const closes = (told: ReturnType<typeof createBench>['told'], symbol = 'BTCUSD') =>
  told.filter(({ data }) => data.x === true && data.s === symbol)

test('a minute is closed 0.1 to 3 s after its end, once, with all its trades', () => {
  const { market, told, runTo } = createBench()
  const openUs = START_US - (START_US % MINUTE_US) + MINUTE_US
  runTo(openUs + 4 * MINUTE_US + 10_000_000)
  const minutes = market.candles.get('BTCUSD')!.minutes(openUs, openUs + 4 * MINUTE_US)
  const closed = closes(told).filter(({ data }) => Number(data.t) * 1000 >= openUs)
  expect(closed.map(({ data }) => data.n)).toEqual(minutes.map(({ tradeCount }) => tradeCount))
  for (const { atUs, data } of closed) {
    const lateMs = atUs / 1000 - Number(data.T) - 1
    expect(lateMs).toBeGreaterThanOrEqual(100)
    expect(lateMs).toBeLessThanOrEqual(3100)
  }
  const after = told.filter(({ atUs, data }) => data.x === false && atUs / 1000 > Number(data.T))
  expect(after.length).toBeGreaterThan(0)
})

test('a minute without trades is never told', () => {
  const { market, told, runTo } = createBench()
  runTo(START_US + 20 * MINUTE_US)
  const rekt = market.candles.get('1000REKTUSDT')!.minutes(0, START_US + 19 * MINUTE_US)
  expect(rekt.length).toBeLessThan(19)
  const said = new Set(
    told.filter(({ data }) => data.s === '1000REKTUSDT').map(({ data }) => Number(data.t) * 1000),
  )
  expect([...said].filter((openUs) => openUs < START_US + 19 * MINUTE_US)).toEqual(
    rekt.map(({ openTimeUs }) => openTimeUs),
  )
})

test('a fault withholds a close for good, or makes it later still', () => {
  const { told, symbolFaults, runTo } = createBench()
  const journal = createFaultJournal()
  const facts = { venue: 'binance-us', timeUs: START_US, untilUs: null, product: 'BTCUSD' } as const
  const missing = journal.open({ kind: 'kline_missing' }, facts)
  const late = journal.open({ kind: 'kline_late', ms: 9000 }, facts)
  symbolFaults.add('kline_missing', 'BTCUSD', missing)
  symbolFaults.add('kline_late', 'BTCUSD', late)
  runTo(START_US + 4 * MINUTE_US)
  const [missed] = missing.record.minutes_us
  const [delayed] = late.record.minutes_us
  expect(delayed).toBe(missed! + MINUTE_US)
  expect(closes(told).some(({ data }) => Number(data.t) * 1000 === missed)).toBe(false)
  const close = closes(told).find(({ data }) => Number(data.t) * 1000 === delayed)!
  expect(close.atUs).toBeGreaterThan(delayed! + MINUTE_US + 9_000_000)
})
