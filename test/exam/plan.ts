import type { FaultKind, FaultRequest, GarbageVariant, Product, VenueId } from '../../sim/index.ts'
import { GARBAGE_VARIANTS } from '../../sim/index.ts'
import type { Random } from '../../src/core/random.ts'
import { createRandom } from '../../src/core/random.ts'
import { isQuiet, productsOf, TRADING_VENUES, type TradingVenue } from './markets.ts'

/** One fault of the examination, so long after the first. */
export interface PlannedFault {
  readonly atMs: number
  readonly request: FaultRequest & { readonly venue: VenueId }
}

/** What a plan is made of. */
export interface PlanOptions {
  readonly seed: string
  readonly seconds: number
  /** Mean time between two faults, over all venues. */
  readonly everyMs: number
  /** Whether order books are collected, and so spoilt as well. */
  readonly books: boolean
}

type Weights = readonly (readonly [kind: FaultKind, weight: number])[]

const TRADES: Weights = [
  ['drop', 6],
  ['duplicate', 3],
  ['reorder', 3],
  ['delay', 3],
  ['never', 2],
  ['mute', 5],
  ['garbage', 3],
  ['rest_hole', 2],
]
const SOCKETS: Weights = [
  ['stall', 6],
  ['disconnect', 3],
  ['planned_cut', 2],
  ['refuse', 2],
]
const ANSWERS: Weights = [
  ['late_ack', 1],
  ['ack_withheld', 1],
  ['reject', 1],
  ['kline_late', 1],
  ['kline_missing', 1],
  ['kline_hole', 1],
]
const REST: Weights = [
  ['rest_429', 2],
  ['rest_status', 1],
  ['rest_cut', 1],
  ['rest_truncate', 1],
  ['rest_short', 1],
  ['rest_overlap', 1],
  ['rest_empty', 1],
  ['rest_html', 1],
  ['rest_slow', 1],
  ['ban', 2],
]
const BOOKS: Weights = [['book_corrupt', 3]]
const EXCHANGE: Weights = [...TRADES, ...SOCKETS, ...ANSWERS, ...REST, ...BOOKS]
const ENDS_CONNECTION: ReadonlySet<FaultKind> = new Set(SOCKETS.map(([kind]) => kind))

/** The aggregator is polled twice a minute: more faults than this would only queue up. */
const COINGECKO_PART = 0.04
/** A connection is given so long to be back before the next fault that ends it. */
const RECOVERY_MS = 9000
/** A refused product is asked for again after five minutes; it must come back before the end. */
const REFUSAL_MS = 600_000
/** Of the faults that strike one product, so many strike a quiet one. */
const QUIET_PART = 0.2

/**
 * Returns the faults of an examination in order of time: the same for the same seed.
 *
 * Faults that end a connection keep apart at each venue, so that what a stall is noticed by can
 * be told from what came on top of it. Trades that REST lacks too are taken from busy products
 * alone: a trade told to nobody, in no way, after which there is none, leaves no trace to find.
 */
export function planExam(options: PlanOptions): readonly PlannedFault[] {
  const random = createRandom(`${options.seed}/exam`)
  const freeMs = new Map<VenueId, number>()
  const plan: PlannedFault[] = []
  for (let atMs = 0; ; ) {
    atMs += random.exponential(options.everyMs)
    if (atMs >= options.seconds * 1000) return plan
    const isAggregator = random.next() < COINGECKO_PART
    const venue: VenueId = isAggregator ? 'coingecko' : random.pick(TRADING_VENUES)
    const fault =
      venue === 'coingecko'
        ? drawRest(random, draw(random, REST))
        : drawExchange(random, venue, {
            isRecovering: atMs < (freeMs.get(venue) ?? 0),
            books: options.books,
            isLate: atMs > options.seconds * 1000 - REFUSAL_MS,
          })
    const request = { ...fault, venue }
    if (ENDS_CONNECTION.has(request.kind)) {
      freeMs.set(venue, atMs + (request.seconds ?? 0) * 1000 + RECOVERY_MS)
    }
    plan.push({ atMs: Math.round(atMs), request })
  }
}

function draw(random: Random, weights: Weights): FaultKind {
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0)
  let left = random.next() * total
  for (const [kind, weight] of weights) {
    left -= weight
    if (left < 0) return kind
  }
  return weights[0]![0]
}

function drawExchange(
  random: Random,
  venue: TradingVenue,
  at: Pick<PlanOptions, 'books'> & { readonly isRecovering: boolean; readonly isLate: boolean },
): FaultRequest {
  const weights = EXCHANGE.filter(([kind]) => {
    if (at.isRecovering && ENDS_CONNECTION.has(kind)) return false
    // Binance.US alone rejects without a word, so that it counts as a silence.
    if (kind === 'reject' && venue !== 'binance-us' && at.isLate) return false
    if (kind === 'book_corrupt') return at.books
    if (kind === 'planned_cut') return venue !== 'coinbase'
    return venue !== 'coinbase' || (kind !== 'kline_late' && kind !== 'kline_missing')
  })
  const kind = draw(random, weights)
  const products = productsOf(venue)
  const isRare = random.next() < QUIET_PART && kind !== 'rest_hole'
  const product = random.pick(products.filter((one) => isQuiet(one) === isRare))
  if (kind.startsWith('rest_') && kind !== 'rest_hole') return drawRest(random, kind)
  return drawTold(random, kind, product)
}

// Garbage after which a client may close costs a connection; it would spoil a measured stall.
const GENTLE: readonly GarbageVariant[] = GARBAGE_VARIANTS.filter(
  (variant) => variant !== 'invalid_utf8' && variant !== 'nested' && variant !== 'long_symbol',
)

/** Draws a fault of what the socket tells. */
function drawTold(random: Random, kind: FaultKind, listed: Product): FaultRequest {
  const product = listed.id
  const most = isQuiet(listed) ? 1 : random.next() < 0.1 ? 200 : 8
  switch (kind) {
    case 'drop':
    case 'duplicate':
    case 'reorder':
      return { kind, product, count: random.int(1, most) }
    case 'rest_hole':
    case 'never':
    case 'kline_hole':
      return { kind, product, count: random.int(1, 3) }
    case 'delay':
      return { kind, product, ms: random.int(50, 2000) }
    case 'kline_late':
      return { kind, product, ms: random.int(500, 8000) }
    case 'late_ack':
      return { kind, ms: random.int(100, 1500) }
    case 'mute':
      return { kind, product, seconds: random.int(2, 12) }
    case 'garbage':
      return { kind, product, variant: random.pick(GENTLE) }
    case 'stall':
      // Longer than any silence a client may bear, so that each must be noticed.
      return { kind, seconds: random.int(9, 13) }
    case 'disconnect':
      return { kind, code: random.pick([null, 1000, 1001, 1011, 1012]) }
    case 'refuse':
      return { kind, seconds: random.int(1, 4), status: random.pick([503, 429, 0]) }
    case 'planned_cut':
    case 'ban':
      return { kind }
    default:
      return { kind, product }
  }
}

/** Draws a fault of the next answer over REST. */
function drawRest(random: Random, kind: FaultKind): FaultRequest {
  switch (kind) {
    case 'rest_429':
      return { kind, retryAfterSeconds: random.pick([null, 1, 3]) }
    case 'rest_status':
      return { kind, status: random.pick([500, 502, 503, 504]) }
    case 'rest_slow':
      return { kind, ms: random.int(200, 2500) }
    case 'rest_short':
    case 'rest_overlap':
      return { kind, rows: random.int(1, 50) }
    default:
      return { kind }
  }
}
