import type { Clock } from '../src/core/clock.ts'
import { systemClock } from '../src/core/clock.ts'
import { createRandom } from '../src/core/random.ts'
import { AdvancedFeed } from './coinbase/advanced-feed.ts'
import { ExchangeFeed } from './coinbase/exchange-feed.ts'
import type { Feed, FeedOptions } from './coinbase/feed.ts'
import { createRateLimit } from './coinbase/rate-limit.ts'
import { runEngine } from './engine.ts'
import type { FaultBoard } from './faults/board.ts'
import { createFaultBoard } from './faults/board.ts'
import type { FaultRecord, FaultRequest } from './faults/fault.ts'
import type { PlannedFault } from './faults/presets.ts'
import { MIXED_KINDS, planFaults } from './faults/presets.ts'
import type { TruthCandle } from './market/candles.ts'
import type { Market } from './market/market.ts'
import { createMarket } from './market/market.ts'
import { DEFAULT_PRODUCTS, resolveProducts } from './market/product.ts'
import type { SimulatorOptions } from './options.ts'
import type { ListeningServer, ServerCounters } from './server.ts'
import { ADVANCED_PATH, listen } from './server.ts'
import type { TruthQuery, TruthTrade } from './truth.ts'
import { truthCandles, truthTrades } from './truth.ts'

export type { RateLimitOptions } from './coinbase/rate-limit.ts'
export type { FaultKind, FaultRecord, FaultRequest, GarbageVariant } from './faults/fault.ts'
export { FAULT_KINDS, GARBAGE_VARIANTS } from './faults/fault.ts'
export type { FaultPreset } from './faults/presets.ts'
export { FAULT_PRESETS } from './faults/presets.ts'
export type { TruthCandle } from './market/candles.ts'
export type { Product } from './market/product.ts'
export { DEFAULT_PRODUCTS } from './market/product.ts'
export type { SimulatorOptions } from './options.ts'
export type { TruthQuery, TruthTrade } from './truth.ts'

/** Counters since the start. */
export interface SimulatorStats extends Readonly<ServerCounters> {
  readonly tradesTotal: number
  /** Trades of the live market, history not counted. */
  readonly tradesLive: number
  /** Trades let go for memory's sake; the truth is whole only while this is 0. */
  readonly tradesEvicted: number
  readonly connections: number
  readonly faults: number
  /** REST requests in spite of an unexpired `Retry-After`. */
  readonly requestsWhileBanned: number
}

/** A running exchange. */
export interface Simulator extends AsyncDisposable {
  readonly port: number
  /** Coinbase Exchange WebSocket, `ws://127.0.0.1:PORT`. */
  readonly wsUrl: string
  /** Advanced Trade WebSocket. */
  readonly advancedWsUrl: string
  /** Coinbase Exchange REST, without a trailing slash; `/sim/…` lies below it too. */
  readonly restUrl: string
  readonly products: readonly string[]
  /** When the live market began, epoch microseconds. */
  readonly startUs: number
  /** Every trade held, by product and then (time, id). */
  truth(query?: TruthQuery): Iterable<TruthTrade>
  /** The exact one-minute candles of those trades. */
  truthCandles(query?: TruthQuery): readonly TruthCandle[]
  /** @throws AssayError `ASSAY_USAGE` for a fault that does not exist. */
  inject(fault: FaultRequest): FaultRecord
  readonly faults: readonly FaultRecord[]
  readonly stats: SimulatorStats
  /** Stops or resumes trading, so that a truth can be compared at rest; heartbeats go on. */
  setTrading(on: boolean): void
  stop(): Promise<void>
}

/** The parts of a simulator, joined but not yet listening. */
interface Parts {
  readonly clock: Clock
  readonly market: Market
  readonly startUs: number
  readonly exchange: Feed
  readonly advanced: Feed
  readonly board: FaultBoard
  readonly plan: Iterator<PlannedFault>
}

function createParts(options: SimulatorOptions): Parts {
  const { seed = 1, clock = systemClock } = options
  const startUs = options.startUs ?? clock.nowUs()
  const market = createMarket({
    products: resolveProducts(options.products ?? DEFAULT_PRODUCTS),
    seed,
    startUs,
    tradesPerSecond: options.tradesPerSecond ?? 20,
    historyMinutes: options.historyMinutes ?? 60,
    tradesHeldMax: options.tradesHeldMax ?? 10_000_000,
  })
  const feedOptions: FeedOptions = {
    market,
    random: createRandom(`${seed}/feeds`),
    nowUs: clock.nowUs,
    subscribeDeadlineMs: options.subscribeDeadlineMs ?? 5000,
  }
  const exchange = new ExchangeFeed(feedOptions)
  const advanced = new AdvancedFeed(feedOptions)
  const board = createFaultBoard({
    products: market.products,
    targets: [exchange, advanced],
    random: createRandom(`${seed}/faults`),
    nowUs: clock.nowUs,
    emit(fill) {
      exchange.trade(fill)
      advanced.trade(fill)
    },
  })
  const plan = planFaults(options.faults ?? 'none', {
    random: createRandom(`${seed}/plan`),
    products: [...market.products.keys()],
    seconds: options.stormSeconds ?? 30,
    everyMs: options.faultEveryMs ?? 700,
    kinds: options.faultKinds ?? MIXED_KINDS,
  })
  return { clock, market, startUs, exchange, advanced, board, plan }
}

function createStats(parts: Parts, counters: ServerCounters): () => SimulatorStats {
  const { market, board, exchange, advanced } = parts
  const historyTrades = market.tradesTotal
  return () => ({
    ...counters,
    tradesTotal: market.tradesTotal,
    tradesLive: market.tradesTotal - historyTrades,
    tradesEvicted: market.tradesEvicted,
    connections: exchange.connections + advanced.connections,
    faults: board.records.length,
    requestsWhileBanned: board.rest.requestsWhileBanned,
  })
}

function listenOn(
  options: SimulatorOptions,
  parts: Parts,
  serving: {
    readonly counters: ServerCounters
    readonly stats: () => SimulatorStats
    readonly signal: AbortSignal
  },
): Promise<ListeningServer> {
  const { clock, market, board, exchange, advanced } = parts
  const { rateLimit = { perSecond: 10, burst: 15 }, retryAfter = false } = options
  const rest = { market, faults: board.rest, limit: createRateLimit(rateLimit), retryAfter }
  return listen(
    {
      clock,
      exchange,
      advanced,
      rest,
      control: { market, board, stats: serving.stats },
      refusal: board.refusal,
      counters: serving.counters,
      signal: serving.signal,
      bufferedBytesMax: options.bufferedBytesMax ?? 16 * 1024 * 1024,
    },
    { host: options.host ?? '127.0.0.1', port: options.port ?? 0 },
  )
}

/**
 * Starts a simulated Coinbase on loopback: market, sockets, REST, faults.
 *
 * @throws AssayError `ASSAY_PORT_IN_USE`, or `ASSAY_UNKNOWN_PRODUCT` for a name that is none.
 *
 * @example
 * await using sim = await startSimulator({ seed: 7, tradesPerSecond: 500 })
 * sim.inject({ kind: 'drop', product: 'BTC-USD', count: 3 })
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const parts = createParts(options)
  const { clock, market, board, plan, startUs } = parts
  const counters: ServerCounters = {
    framesSent: 0,
    bytesSent: 0,
    slowConsumersCut: 0,
    upgrades: 0,
    upgradesRefused: 0,
    restRequests: 0,
    restLimited: 0,
  }
  const stats = createStats(parts, counters)
  const stopping = new AbortController()
  const { signal } = stopping
  const server = await listenOn(options, parts, { counters, stats, signal })
  const feeds = [parts.exchange, parts.advanced]
  const engine = runEngine({ clock, market, board, feeds, plan }, signal)
  const stop = async () => {
    stopping.abort()
    await engine
    await server[Symbol.asyncDispose]()
  }
  const address = `${options.host ?? '127.0.0.1'}:${server.port}`
  return {
    port: server.port,
    wsUrl: `ws://${address}`,
    advancedWsUrl: `ws://${address}${ADVANCED_PATH}`,
    restUrl: `http://${address}`,
    products: [...market.products.keys()],
    startUs,
    truth: (query = {}) => truthTrades(market, query),
    truthCandles: (query = {}) => truthCandles(market, query),
    inject: board.inject,
    faults: board.records,
    get stats() {
      return stats()
    },
    setTrading: market.setTrading,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
