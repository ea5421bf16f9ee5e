import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import { createSymbolFaults } from '../faults/symbol-faults.ts'
import type { Simulator } from '../index.ts'
import { startSimulator } from '../index.ts'
import { resolveProducts } from '../market/catalogue.ts'
import { createMarket } from '../market/market.ts'
import { subscribed } from '../testing.ts'
import type { VenueContext } from '../venue-sim.ts'
import { ZERO_TIME } from './book.ts'
import { createBooks } from './books.ts'

type Level = readonly [price: string, size: string]
type Message = Readonly<Record<string, unknown>>

/** A client's book, from what it was told. */
function createHeld() {
  const bids = new Map<string, string>()
  const asks = new Map<string, string>()
  function set(side: Map<string, string>, price: string, size: string): void {
    if (Number(size) === 0) side.delete(price)
    else side.set(price, size)
  }
  const best = (side: Map<string, string>, pick: (...prices: readonly number[]) => number) =>
    pick(...[...side.keys()].map(Number))
  return {
    bids,
    asks,
    take(message: Message): void {
      if (message.type === 'snapshot') {
        bids.clear()
        asks.clear()
        for (const [price, size] of message.bids as readonly Level[]) set(bids, price, size)
        for (const [price, size] of message.asks as readonly Level[]) set(asks, price, size)
        return
      }
      for (const [side, price, size] of message.changes as readonly (readonly string[])[]) {
        set(side === 'buy' ? bids : asks, price!, size!)
      }
    },
    get bid() {
      return best(bids, Math.max)
    },
    get ask() {
      return best(asks, Math.min)
    },
  }
}

const START_US = 1_790_000_000_000_000

/** Books of a market that is traded by hand, all of them followed. */
function openBooks() {
  const market = createMarket({
    products: resolveProducts(['BTC-USD'], 'coinbase'),
    ...{ seed: 3, startUs: START_US, tradesPerSecond: 40, historyMinutes: 0, tradesHeldMax: 1e6 },
  })
  const told: Message[] = []
  const symbolFaults = createSymbolFaults()
  const context = { market, random: createRandom(3), symbolFaults } as VenueContext
  const books = createBooks(context, {
    has: () => true,
    tell: (_, frame) => told.push(JSON.parse(frame)),
  })
  const pass = (ms: number) => {
    for (const end = market.timeUs + ms * 1000; market.timeUs < end; ) {
      market.advanceTo(market.timeUs + 5000, () => undefined)
      books.tick(market.timeUs)
    }
  }
  return { market, told, books, pass }
}

test('snapshot and changes make one book, never crossed, best at the prices of trade', () => {
  const { market, told, books, pass } = openBooks()
  const held = createHeld()
  held.take(JSON.parse(books.snapshot('BTC-USD')))
  pass(60_000)
  for (const message of told) {
    held.take(message)
    expect(held.bid).toBeLessThan(held.ask)
  }
  const { quotes } = market.products.get('BTC-USD')!
  expect([held.bid, held.ask]).toEqual([quotes.bidTicks / 100, quotes.askTicks / 100])
  const whole = createHeld()
  whole.take(JSON.parse(books.snapshot('BTC-USD')))
  expect([held.bids, held.asks]).toEqual([whole.bids, whole.asks])
})

test('updates come every 50 ms at most, and seldom without a time', () => {
  const { told, books, pass } = openBooks()
  books.snapshot('BTC-USD')
  pass(60_000)
  expect(told.length).toBeGreaterThan(800)
  expect(told.length).toBeLessThanOrEqual(1200)
  const timeless = told.filter(({ time }) => time === ZERO_TIME).length
  expect(timeless).toBeGreaterThan(0)
  expect(timeless).toBeLessThan(30)
  const gone = told
    .flatMap(({ changes }) => changes as readonly (readonly string[])[])
    .map(([, , size]) => size)
    .filter((size) => Number(size) === 0)
  expect(new Set(gone)).toEqual(new Set(['0', '0.00000000']))
  for (const message of told) {
    expect(Object.keys(message)).toEqual(['type', 'product_id', 'changes', 'time'])
  }
})

let sim: Simulator
beforeAll(async () => {
  sim = await startSimulator({ seed: 5, tradesPerSecond: 100, historyMinutes: 1 })
})
afterAll(() => sim.stop())

test('all who follow a book hold the same one, at rest that of the ticker', async () => {
  const channels = ['ticker', 'level2_batch']
  await using first = await subscribed(sim.wsUrl, ['ETH-USD'], channels)
  await first.until(() => first.of('l2update').length > 20)
  await using second = await subscribed(sim.wsUrl, ['ETH-USD'], channels)
  await second.until(() => second.of('l2update').length > 20)
  sim.setTrading(false)
  const ticked = () => first.of('ticker').at(-1)!
  // Twenty times the time in which the book would have been told anew.
  await systemClock.sleep(1000)
  const [one, other] = [first, second].map((client) => {
    const held = createHeld()
    for (const { json } of client.frames) {
      if (json?.type === 'snapshot' || json?.type === 'l2update') held.take(json)
    }
    return held
  })
  expect(one!.bids).toEqual(other!.bids)
  expect(one!.asks).toEqual(other!.asks)
  const { bid, ask } = sim.bookTop('coinbase', 'ETH-USD')!
  expect([String(one!.bid), String(one!.ask)]).toEqual([bid, ask])
  expect(ticked()).toMatchObject({ best_bid: bid, best_ask: ask })
  expect(sim.bookTop('coinbase', 'BTC-USD')).toBeNull()
})

test('an update that is lost leaves no trace but a book that is wrong', async () => {
  sim.setTrading(true)
  await using client = await subscribed(sim.wsUrl, ['SOL-USD'], ['level2_batch'])
  const fault = sim.inject({ kind: 'book_corrupt', product: 'SOL-USD', count: 3 })
  await client.until(() => fault.hits === 3)
  await client.until(() => client.of('l2update').length > 5)
  expect(client.of('error')).toEqual([])
})
