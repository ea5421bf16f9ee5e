import type { Clock } from '../src/core/clock.ts'
import { systemClock } from '../src/core/clock.ts'
import { AssayError } from '../src/core/errors.ts'
import { createRandom } from '../src/core/random.ts'
import { ADVANCED_PATH } from './coinbase/venue.ts'
import { runEngine } from './engine.ts'
import type { FaultKind, FaultRecord, FaultRequest } from './faults/fault.ts'
import type { FaultJournal } from './faults/journal.ts'
import { createFaultJournal } from './faults/journal.ts'
import { MIXED_KINDS, planFaults, VENUE_KINDS } from './faults/presets.ts'
import type { TruthCandle } from './market/candles.ts'
import type { BookTop } from './market/depth-book.ts'
import type { SimulatorOptions } from './options.ts'
import { listen } from './server.ts'
import type { IdRange } from './service/ranges.ts'
import type { TruthQuery, TruthTrade } from './truth.ts'
import { truthCandles, truthTrades } from './truth.ts'
import type { VenueId } from './venue-id.ts'
import { VENUE_IDS } from './venue-id.ts'
import type { VenueRuntime } from './venue-runtime.ts'
import { createVenueRuntime, defaultVenueOf } from './venue-runtime.ts'
import type { VenueCounters } from './venue-sim.ts'
import { VENUE_PATHS } from './venues.ts'

export type { FaultKind, FaultRecord, FaultRequest, GarbageVariant } from './faults/fault.ts'
export { FAULT_KINDS, GARBAGE_VARIANTS } from './faults/fault.ts'
export type { FaultPreset } from './faults/presets.ts'
export { FAULT_PRESETS } from './faults/presets.ts'
export type { TruthCandle } from './market/candles.ts'
export { DEFAULT_PRODUCTS } from './market/catalogue.ts'
export type { Product } from './market/product.ts'
export type { SimulatorOptions } from './options.ts'
export type { RateLimitOptions } from './service/rate-limit.ts'
export type { TruthQuery, TruthTrade } from './truth.ts'
export type { VenueId } from './venue-id.ts'
export { VENUE_IDS } from './venue-id.ts'

/** Counters of one venue since the start. */
export interface VenueStats extends Readonly<VenueCounters> {
  readonly tradesTotal: number
  /** Trades of the live market, history not counted. */
  readonly tradesLive: number
  /** Trades let go for memory's sake; the truth is whole only while this is 0. */
  readonly tradesEvicted: number
  readonly connections: number
}

/** The same counters summed over all venues, and each venue's own. */
export interface SimulatorStats extends VenueStats {
  readonly faults: number
  readonly venues: Readonly<Partial<Record<VenueId, VenueStats>>>
}

/** Where a venue is found. */
export interface VenueUrls {
  /** Its socket, `''` where it has none. */
  readonly wsUrl: string
  /** What REST paths are put behind, without a trailing slash. */
  readonly restUrl: string
}

/** A part of the truth of one venue, by default Coinbase (or the first that is played). */
export interface VenueQuery extends TruthQuery {
  readonly venue?: VenueId
}

/** Running venues. What names no venue means Coinbase, or the first where it is not played. */
export interface Simulator extends AsyncDisposable {
  readonly port: number
  /** Coinbase Exchange WebSocket, `ws://127.0.0.1:PORT`. */
  readonly wsUrl: string
  /** Advanced Trade WebSocket. */
  readonly advancedWsUrl: string
  /** Coinbase Exchange REST, without a trailing slash; `/sim/…` lies below it too. */
  readonly restUrl: string
  /** Where each venue is found; what is not played answers 404. */
  readonly urls: Readonly<Record<VenueId, VenueUrls>>
  /** The venues played. */
  readonly venues: readonly VenueId[]
  readonly products: readonly string[]
  /** A venue's products in its own spelling, the busiest first. */
  productsOf(venue: VenueId): readonly string[]
  /** When the live market began, epoch microseconds. */
  readonly startUs: number
  /** Every trade held, by product and then (time, id). */
  truth(query?: VenueQuery): Iterable<TruthTrade>
  /** The exact one-minute candles of those trades. */
  truthCandles(query?: VenueQuery): readonly TruthCandle[]
  /**
   * Trades no socket was given, by product, since the product was first told to anybody: all
   * that drops, stalls, cuts and slow clients kept back. A trade told late is not among them.
   */
  undelivered(venue?: VenueId): Readonly<Record<string, readonly IdRange[]>>
  /** The best of a product's book as its venue tells it; `null` where it tells nobody. */
  bookTop(venue: VenueId, product: string): BookTop | null
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
  readonly startUs: number
  readonly journal: FaultJournal
  readonly venues: ReadonlyMap<VenueId, VenueRuntime>
  readonly defaultVenue: VenueId
}

function createParts(options: SimulatorOptions): Parts {
  const { clock = systemClock, venues = ['coinbase'] } = options
  if (venues.length === 0 || venues.some((venue) => !VENUE_IDS.includes(venue))) {
    throw new AssayError('ASSAY_USAGE', `The simulator plays ${VENUE_IDS.join(', ')}.`, {
      context: { venues },
    })
  }
  const startUs = options.startUs ?? clock.nowUs()
  const journal = createFaultJournal()
  const shared = { options, startUs, nowUs: clock.nowUs, journal }
  return {
    clock,
    startUs,
    journal,
    venues: new Map(venues.map((venue) => [venue, createVenueRuntime(shared, venue)])),
    defaultVenue: defaultVenueOf(venues),
  }
}

function createPlan(options: SimulatorOptions, venues: Iterable<VenueRuntime>) {
  return planFaults(options.faults ?? 'none', {
    random: createRandom(`${options.seed ?? 1}/plan`),
    venues: [...venues].map(({ id, market }) => ({ id, products: [...market.products.keys()] })),
    seconds: options.stormSeconds ?? 30,
    everyMs: options.faultEveryMs ?? 700,
    kinds: options.faultKinds ?? defaultKinds(options),
  })
}

function defaultKinds({ venues = ['coinbase'] }: SimulatorOptions): readonly FaultKind[] {
  const alone = venues.every((venue) => venue === 'coinbase')
  return alone ? MIXED_KINDS : [...MIXED_KINDS, ...VENUE_KINDS]
}

function statsOf({ market, sim, counters, historyTrades }: VenueRuntime): VenueStats {
  return {
    ...counters,
    connectsPerIp: { ...counters.connectsPerIp },
    tradesTotal: market.tradesTotal,
    tradesLive: market.tradesTotal - historyTrades,
    tradesEvicted: market.tradesEvicted,
    connections: sim.feeds.reduce((sum, feed) => sum + feed.connections, 0),
  }
}

function addStats(a: VenueStats, b: VenueStats): VenueStats {
  const connectsPerIp = { ...a.connectsPerIp }
  for (const [address, count] of Object.entries(b.connectsPerIp)) {
    connectsPerIp[address] = (connectsPerIp[address] ?? 0) + count
  }
  const names = Object.keys(a).filter((name) => name !== 'connectsPerIp')
  const sums = names.map((name) => {
    const key = name as Exclude<keyof VenueStats, 'connectsPerIp'>
    return [key, a[key] + b[key]]
  })
  return { ...(Object.fromEntries(sums) as VenueStats), connectsPerIp }
}

function readStats({ venues, journal }: Parts): SimulatorStats {
  const each = [...venues.values()].map((venue) => [venue.id, statsOf(venue)] as const)
  const total = each.map(([, stats]) => stats).reduce(addStats)
  return { ...total, faults: journal.records.length, venues: Object.fromEntries(each) }
}

function urlsAt(address: string): Readonly<Record<VenueId, VenueUrls>> {
  const urls = VENUE_IDS.map((venue) => {
    const { prefix, ws, rest } = VENUE_PATHS[venue]
    const wsUrl = venue === 'coingecko' ? '' : `ws://${address}${prefix}${ws}`
    return [venue, { wsUrl, restUrl: `http://${address}${prefix}${rest}` }]
  })
  return Object.fromEntries(urls) as Record<VenueId, VenueUrls>
}

/**
 * Starts simulated venues on one port of loopback: markets, sockets, REST, faults.
 *
 * @throws AssayError `ASSAY_PORT_IN_USE`, or `ASSAY_UNKNOWN_PRODUCT` for a name that is none,
 * or `ASSAY_USAGE` for a venue that is none.
 *
 * @example
 * await using sim = await startSimulator({ venues: ['coinbase', 'kraken'], seed: 7 })
 * sim.inject({ kind: 'drop', venue: 'kraken', product: 'BTC/USD', count: 3 })
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const parts = createParts(options)
  const { clock, venues, journal, defaultVenue, startUs } = parts
  const runtimes = [...venues.values()]
  const venueOf = (venue: VenueId = defaultVenue): VenueRuntime => {
    const runtime = venues.get(venue)
    if (runtime !== undefined) return runtime
    throw new AssayError('ASSAY_USAGE', `The simulator does not play ${venue}.`)
  }
  const inject = (fault: FaultRequest) => venueOf(fault?.venue).board.inject(fault)
  const setTrading = (on: boolean) => {
    for (const { market } of runtimes) market.setTrading(on)
  }
  const stats = () => readStats(parts)
  const stopping = new AbortController()
  const { signal } = stopping
  const control = { venues, defaultVenue, records: journal.records, stats, inject, setTrading }
  const { host = '127.0.0.1', port = 0, bufferedBytesMax = 16 * 1024 * 1024 } = options
  const server = await listen({ clock, venues, control, bufferedBytesMax, signal }, { host, port })
  const plan = createPlan(options, runtimes)
  const engine = runEngine({ clock, venues: runtimes, plan }, signal)
  const stop = async () => {
    stopping.abort()
    await engine
    await server[Symbol.asyncDispose]()
  }
  const urls = urlsAt(`${host}:${server.port}`)
  const { wsUrl, restUrl } = urls.coinbase
  const productsOf = (venue: VenueId) => [...venueOf(venue).market.products.keys()]
  return {
    port: server.port,
    wsUrl,
    advancedWsUrl: `${wsUrl}${ADVANCED_PATH}`,
    restUrl,
    urls,
    venues: [...venues.keys()],
    products: productsOf(defaultVenue),
    productsOf,
    startUs,
    truth: (query = {}) => truthTrades(venueOf(query.venue), query),
    truthCandles: (query = {}) => truthCandles(venueOf(query.venue), query),
    undelivered: (venue) => venueOf(venue).undelivered(),
    bookTop(venue, product) {
      const { sim, market } = venueOf(venue)
      return market.products.has(product) ? (sim.bookTop?.(product) ?? null) : null
    },
    inject,
    faults: journal.records,
    get stats() {
      return stats()
    },
    setTrading,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
