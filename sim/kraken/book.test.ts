import { expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import { resolveProducts } from '../market/catalogue.ts'
import { createMarket } from '../market/market.ts'
import type { Depth, Level } from './book.ts'
import { createBook, depthChanges } from './book.ts'

const START_US = 1_790_689_558_500_123

function apply(held: readonly Level[], changes: readonly Level[], sign: 1 | -1, depth: number) {
  const levels = new Map(held.map(({ ticks, units }) => [ticks, units]))
  for (const { ticks, units } of changes) {
    if (units === 0) levels.delete(ticks)
    else levels.set(ticks, units)
  }
  return [...levels]
    .map(([ticks, units]) => ({ ticks, units }))
    .toSorted((a, b) => (a.ticks - b.ticks) * sign)
    .slice(0, depth)
}

function follow(client: Depth, changes: Depth, depth: number): Depth {
  return {
    bids: apply(client.bids, changes.bids, -1, depth),
    asks: apply(client.asks, changes.asks, 1, depth),
  }
}

const marketOf = (product: string) =>
  createMarket({
    products: resolveProducts([product]),
    seed: 5,
    startUs: START_US,
    tradesPerSecond: 200,
    historyMinutes: 0,
    tradesHeldMax: 1_000_000,
  })

// The smaller price has fewer bid levels than the greatest depth.
test.each([
  [10, 'BTC-USD'],
  [25, 'PEPE-USD'],
  [1000, 'PEPE-USD'],
])('a client that follows the changes at depth %i of %s holds the book', (depth, product) => {
  const market = marketOf(product)
  const engine = market.products.get(product)!
  const book = createBook(engine, createRandom(depth))
  book.move()
  let told = book.top(depth)
  let client = told
  for (let step = 0; step < 100; step += 1) {
    market.advanceTo(market.timeUs + 250_000, () => undefined)
    book.move()
    const now = book.top(depth)
    client = follow(client, depthChanges(told, now, depth), depth)
    expect(client).toEqual(now)
    expect(now.bids[0]!.ticks).toBe(engine.quotes.bidTicks)
    expect(now.asks[0]!.ticks).toBe(engine.quotes.askTicks)
    told = now
  }
  expect(told.asks).toHaveLength(depth)
})

test('a level is removed by a zero, and falls out of the depth without a word', () => {
  const levels = (...ticks: readonly number[]) => ticks.map((tick) => ({ ticks: tick, units: 1 }))
  const [a, b, c, d] = levels(10, 11, 12, 13) as [Level, Level, Level, Level]
  const changes = (told: readonly Level[], now: readonly Level[]) =>
    depthChanges({ bids: [], asks: told }, { bids: [], asks: now }, 3).asks
  expect(changes([b, c, d], [a, b, c])).toEqual([a])
  expect(changes([a, b, c], [b, c, d])).toEqual([{ ticks: 10, units: 0 }, d])
  expect(changes([a, b, c], [a, b])).toEqual([{ ticks: 12, units: 0 }])
  expect(changes([a, b, c], [a, { ticks: 11, units: 7 }, c])).toEqual([{ ticks: 11, units: 7 }])
})
