import { AssayError } from '../src/core/errors.ts'
import { createRandom } from '../src/core/random.ts'
import type { FaultBoard } from './faults/board.ts'
import { createFaultBoard } from './faults/board.ts'
import type { FaultJournal } from './faults/journal.ts'
import { createRestFaults } from './faults/rest-faults.ts'
import { createSymbolFaults } from './faults/symbol-faults.ts'
import { defaultProducts, resolveProducts } from './market/catalogue.ts'
import type { Market } from './market/market.ts'
import { createMarket } from './market/market.ts'
import type { Product } from './market/product.ts'
import type { SimulatorOptions } from './options.ts'
import { createBans } from './service/bans.ts'
import { createCandleHoles } from './service/candle-holes.ts'
import type { IdRange, Ranges } from './service/ranges.ts'
import { createRanges } from './service/ranges.ts'
import type { RestService } from './service/rest-service.ts'
import type { VenueId } from './venue-id.ts'
import type { LongClocks, Print, VenueContext, VenueCounters, VenueSim } from './venue-sim.ts'
import { VENUES } from './venues.ts'

/** One venue at work: its market, what it says, and what goes wrong with it. */
export interface VenueRuntime {
  readonly id: VenueId
  readonly market: Market
  readonly sim: VenueSim
  readonly board: FaultBoard
  readonly service: RestService
  readonly counters: VenueCounters
  /** Trades made before the live market began. */
  readonly historyTrades: number
  /**
   * Trades made since a product was first told to anybody that no socket was given: what a
   * client has to find and repair, whatever kept it from them.
   */
  undelivered(): Readonly<Record<string, readonly IdRange[]>>
}

/** What all venues of a simulator share. */
export interface Shared {
  readonly options: SimulatorOptions
  readonly startUs: number
  readonly nowUs: () => number
  readonly journal: FaultJournal
}

const CLOCKS: LongClocks = {
  connectionLifeMs: 24 * 3_600_000,
  pingEveryMs: 3 * 60_000,
  pongWithinMs: 10 * 60_000,
  banMs: 2 * 60_000,
  idleMs: 60_000,
}

// However fast the clocks run: pongs must not break a limit of five messages a second, a busy
// machine must have time to send one, bans are whole seconds. Idleness is not scaled: clients
// ping by a clock of their own.
const FLOORS: LongClocks = {
  connectionLifeMs: 1000,
  pingEveryMs: 1000,
  pongWithinMs: 3000,
  banMs: 1000,
  idleMs: CLOCKS.idleMs,
}

function clocksOf({ scale = 1, clocks }: SimulatorOptions): LongClocks {
  if (!(scale > 0)) throw new AssayError('ASSAY_USAGE', 'The scale of the clocks is above 0.')
  const scaled = (name: keyof LongClocks) => Math.max(FLOORS[name], CLOCKS[name] / scale)
  return {
    connectionLifeMs: scaled('connectionLifeMs'),
    pingEveryMs: scaled('pingEveryMs'),
    pongWithinMs: scaled('pongWithinMs'),
    banMs: scaled('banMs'),
    idleMs: scaled('idleMs'),
    ...clocks,
  }
}

type Wanted = readonly (string | Product)[]
type WantedByVenue = Readonly<Partial<Record<VenueId, Wanted>>>

function isList(products: Wanted | WantedByVenue): products is Wanted {
  return Array.isArray(products)
}

/** The venue meant where none is named: the one that was there first, if it is played. */
export function defaultVenueOf(venues: readonly VenueId[]): VenueId {
  return venues.includes('coinbase') ? 'coinbase' : venues[0]!
}

/** Returns the names or products one venue is asked to list. */
function wantedProducts(options: SimulatorOptions, venue: VenueId): Wanted {
  const { products, venues = ['coinbase'] } = options
  if (products === undefined) return defaultProducts(venue)
  if (!isList(products)) return products[venue] ?? defaultProducts(venue)
  return venue === defaultVenueOf(venues) ? products : defaultProducts(venue)
}

function createVenueMarket({ options, startUs }: Shared, venue: VenueId): Market {
  const { seed = 1, tradesPerSecond = 20 } = options
  const rate = typeof tradesPerSecond === 'number' ? tradesPerSecond : tradesPerSecond[venue]
  return createMarket({
    products: resolveProducts(wantedProducts(options, venue), venue),
    // Coinbase's trades are those of the seed itself, as they were before it had company.
    seed: venue === 'coinbase' ? seed : `${seed}/${venue}`,
    startUs,
    tradesPerSecond: rate ?? 20,
    historyMinutes: options.historyMinutes ?? 60,
    tradesHeldMax: options.tradesHeldMax ?? 10_000_000,
  })
}

function createCounters(): VenueCounters {
  return {
    framesSent: 0,
    bytesSent: 0,
    slowConsumersCut: 0,
    upgrades: 0,
    upgradesRefused: 0,
    restRequests: 0,
    restLimited: 0,
    requestsWhileBanned: 0,
    messagesOverLimit: 0,
    connectsPerIp: {},
  }
}

function undeliveredOf(market: Market, delivered: ReadonlyMap<string, Ranges>) {
  const missing: Record<string, readonly IdRange[]> = {}
  for (const [product, told] of delivered) {
    const { lastFill, skipped } = market.products.get(product)!.ledger
    const known = createRanges()
    // What never existed is not missing.
    for (const range of [...told.list, ...skipped.list]) known.add(...range)
    const firstId = told.list[0]![0]
    const holes = known.missing(lastFill!.tradeId).filter(([id]) => id >= firstId)
    if (holes.length > 0) missing[product] = holes
  }
  return missing
}

/** Returns a venue ready to be driven and asked. */
export function createVenueRuntime(shared: Shared, venue: VenueId): VenueRuntime {
  const { options, nowUs, journal } = shared
  const { seed = 1 } = options
  const part = venue === 'coinbase' ? `${seed}` : `${seed}/${venue}`
  const market = createVenueMarket(shared, venue)
  const counters = createCounters()
  const delivered = new Map<string, Ranges>()
  const context: VenueContext = {
    market,
    random: createRandom(`${part}/feeds`),
    nowUs,
    clocks: clocksOf(options),
    counters,
    symbolFaults: createSymbolFaults(),
    candleHoles: createCandleHoles(),
    bans: createBans(counters),
    told(product, firstId, lastId) {
      const ranges = delivered.get(product) ?? createRanges()
      delivered.set(product, ranges)
      ranges.add(firstId, lastId)
    },
    subscribeDeadlineMs: options.subscribeDeadlineMs ?? 5000,
    rateLimit: options.rateLimit,
    retryAfter: options.retryAfter ?? false,
  }
  const sim = VENUES[venue](context)
  const rest = createRestFaults(sim.rest.tradesPath, counters)
  const board = createFaultBoard({
    venue,
    products: market.products,
    targets: sim.feeds,
    random: createRandom(`${part}/faults`),
    nowUs,
    journal,
    rest,
    symbolFaults: context.symbolFaults,
    candleHoles: context.candleHoles,
    emit(print: Print) {
      for (const feed of sim.feeds) feed.trade(print)
    },
  })
  const { bans, clocks } = context
  return {
    id: venue,
    market,
    sim,
    board,
    service: { rest: sim.rest, faults: rest, bans, banMs: clocks.banMs, counters },
    counters,
    historyTrades: market.tradesTotal,
    undelivered: () => undeliveredOf(market, delivered),
  }
}
