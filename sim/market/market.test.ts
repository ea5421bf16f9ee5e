import { expect, test } from 'vitest'
import { truthCandles, truthTrades } from '../truth.ts'
import { DEFAULT_PRODUCTS, resolveProducts } from './catalogue.ts'
import type { Fill } from './ledger.ts'
import type { Market, MarketOptions } from './market.ts'
import { createMarket } from './market.ts'
import { orderId } from './order-id.ts'

const START_US = 1_790_689_558_500_123

function marketOf(options: Partial<MarketOptions> = {}): Market {
  return createMarket({
    products: resolveProducts(DEFAULT_PRODUCTS),
    seed: 1,
    startUs: START_US,
    tradesPerSecond: 500,
    historyMinutes: 1,
    tradesHeldMax: 1_000_000,
    ...options,
  })
}

function trade(market: Market, seconds: number): readonly Fill[] {
  const fills: Fill[] = []
  market.advanceTo(market.timeUs + seconds * 1e6, (order) => fills.push(...order))
  return fills
}

test('the same seed and start give the same trades, however time is sliced', () => {
  const whole = marketOf()
  const sliced = marketOf()
  const fills = trade(whole, 10)
  const pieces = Array.from({ length: 1000 }, () => trade(sliced, 0.01)).flat()
  expect(fills.length).toBeGreaterThan(1000)
  expect(pieces).toEqual(fills)
  expect(trade(marketOf({ seed: 2 }), 10)).not.toEqual(fills)
})

test('history begins with a trade of every product, however seldom it trades', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    for (const { ledger } of marketOf({ seed, historyMinutes: 30 }).products.values()) {
      expect(ledger.tape.timeAt(0)).toBe(START_US - 30 * 60_000_000)
    }
  }
})

test('ids grow by one, times never fall, sequences grow by more than one', () => {
  const fills = trade(marketOf(), 20)
  for (const id of ['BTC-USD', 'ETH-USD']) {
    const own = fills.filter((fill) => fill.product.id === id)
    for (const [before, after] of own.slice(1).map((fill, i) => [own[i]!, fill] as const)) {
      expect(after.tradeId).toBe(before.tradeId + 1)
      expect(after.timeUs).toBeGreaterThanOrEqual(before.timeUs)
      expect(after.sequence).toBeGreaterThan(before.sequence + 1)
    }
  }
})

test('a taker order fills in one instant, at worse and worse prices of one side', () => {
  const market = marketOf()
  let several = 0
  market.advanceTo(START_US + 10e6, (order) => {
    if (order.length > 1) several += 1
    expect(new Set(order.map((fill) => fill.takerOrder)).size).toBe(1)
    expect(new Set(order.map((fill) => fill.timeUs)).size).toBe(1)
    expect(new Set(order.map((fill) => fill.makerBuys)).size).toBe(1)
    const away = order.map((fill) => (fill.makerBuys ? -fill.ticks : fill.ticks))
    expect(away).toEqual(away.toSorted((a, b) => a - b))
  })
  expect(several).toBeGreaterThan(100)
})

test('the rate is kept on average, and quiet products trade about once a minute', () => {
  const products = resolveProducts(['BTC-USD', 'REKT-USD'])
  const fills = trade(marketOf({ products, tradesPerSecond: 50 }), 3600)
  const quiet = fills.filter((fill) => fill.product.id === 'REKT-USD').length
  expect(quiet).toBeGreaterThan(5)
  expect(quiet).toBeLessThan(400)
  const busy = (fills.length - quiet) / 3600
  expect(busy).toBeGreaterThan(40)
  expect(busy).toBeLessThan(60)
})

test('order ids are random version 4 UUIDs that can be told again', () => {
  const ids = Array.from({ length: 20_000 }, (_, ordinal) => orderId(-12345, ordinal))
  expect(new Set(ids).size).toBe(ids.length)
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  for (const id of ids) expect(id).toMatch(shape)
  expect(orderId(-12345, 7)).toBe(ids[7])
})

test('ids that never existed are missing from the truth too', () => {
  const market = marketOf()
  const { ledger } = market.products.get('BTC-USD')!
  const [first, last] = ledger.skipIds(3)
  trade(market, 5)
  const ids = [...truthTrades({ id: 'coinbase', market }, { product: 'BTC-USD' })].map(
    (row) => row.trade_id,
  )
  expect(ids).toContain(first - 1)
  expect(ids).toContain(last + 1)
  expect(ids.filter((id) => id >= first && id <= last)).toEqual([])
  expect(ledger.tape.idAt(ledger.tape.indexOfId(first))).toBe(last + 1)
})

test('trading can rest while time goes on', () => {
  const market = marketOf()
  market.setTrading(false)
  expect(trade(market, 30)).toEqual([])
  market.setTrading(true)
  const fills = trade(market, 2)
  expect(fills.length).toBeGreaterThan(100)
  expect(fills[0]!.timeUs).toBeGreaterThanOrEqual(START_US + 30e6)
})

test('trades are let go beyond the bound, their candles are not', () => {
  const market = marketOf({ tradesHeldMax: 100_000, tradesPerSecond: 5000 })
  for (let second = 0; second < 50; second += 1) trade(market, 1)
  expect(market.tradesTotal).toBeGreaterThan(200_000)
  expect(market.tradesTotal - market.tradesEvicted).toBeLessThan(180_000)
  const counted = truthCandles({ id: 'coinbase', market }, {}).reduce(
    (sum, candle) => sum + candle.trade_count,
    0,
  )
  expect(counted).toBe(market.tradesTotal)
})

function scaled(text: string, decimals: number): bigint {
  const [whole, fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

test('candles equal a fold of the exported text', () => {
  const market = marketOf({ historyMinutes: 3, tradesPerSecond: 50 })
  trade(market, 130)
  for (const [id, { product }] of market.products) {
    const rows = [...truthTrades({ id: 'coinbase', market }, { product: id })]
    const opens = [...new Set(rows.map((row) => row.time.slice(0, 16)))]
    const candles = truthCandles({ id: 'coinbase', market }, { product: id })
    expect(candles.map((candle) => candle.open_time)).toEqual(opens.map((open) => `${open}:00Z`))
    for (const [i, open] of opens.entries()) {
      const inside = rows.filter((row) => row.time.startsWith(open))
      const decimals = product.sizeDecimals
      const volume = inside.reduce((sum, row) => sum + scaled(row.size, decimals), 0n)
      const notional = inside.reduce(
        (sum, row) => sum + scaled(row.price, 10) * scaled(row.size, decimals),
        0n,
      )
      const bought = inside.filter((row) => row.side === 'buy')
      const candle = candles[i]!
      expect(candle.open).toBe(inside[0]!.price)
      expect(candle.close).toBe(inside.at(-1)!.price)
      expect(scaled(candle.high, 10)).toBe(
        inside.map((row) => scaled(row.price, 10)).reduce((a, b) => (a > b ? a : b)),
      )
      expect(scaled(candle.low, 10)).toBe(
        inside.map((row) => scaled(row.price, 10)).reduce((a, b) => (a < b ? a : b)),
      )
      expect(scaled(candle.volume, decimals)).toBe(volume)
      expect(scaled(candle.notional, 10 + decimals)).toBe(notional)
      expect(scaled(candle.taker_buy_volume, decimals)).toBe(
        bought.reduce((sum, row) => sum + scaled(row.size, decimals), 0n),
      )
      expect(candle.trade_count).toBe(inside.length)
    }
  }
})
