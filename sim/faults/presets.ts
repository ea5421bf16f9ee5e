import type { Random } from '../../src/core/random.ts'
import type { VenueId } from '../venue-id.ts'
import type { FaultKind, FaultRequest, GarbageVariant } from './fault.ts'
import { GARBAGE_VARIANTS } from './fault.ts'

/** The presets there are. */
export const FAULT_PRESETS = ['none', 'storm', 'mixed'] as const

/** A named set of faults: nothing, a short show, or an endless mixture. */
export type FaultPreset = (typeof FAULT_PRESETS)[number]

/** One fault of a plan, `atMs` after the first client subscribed. */
export interface PlannedFault {
  readonly atMs: number
  readonly fault: FaultRequest & { readonly venue: VenueId }
}

/** A venue a plan strikes, its products by pace, the busiest first. */
export interface PlannedVenue {
  readonly id: VenueId
  readonly products: readonly string[]
}

/** What a plan is made for. */
export interface PlanOptions {
  readonly random: Random
  readonly venues: readonly PlannedVenue[]
  /** Length of a storm. */
  readonly seconds: number
  /** Mean time between two faults of a mixture. */
  readonly everyMs: number
  /** Kinds a mixture draws from. */
  readonly kinds: readonly FaultKind[]
}

/** The kinds `mixed` draws from unless told otherwise: a client can recover from all of them. */
export const MIXED_KINDS: readonly FaultKind[] = [
  'drop',
  'duplicate',
  'reorder',
  'delay',
  'mute',
  'garbage',
  'stall',
  'disconnect',
  'late_ack',
  'rest_429',
  'rest_status',
  'rest_truncate',
  'rest_cut',
  'rest_short',
  'rest_overlap',
  'rest_html',
  'rest_slow',
]

/** What `mixed` draws from besides where venues other than Coinbase are played. */
export const VENUE_KINDS: readonly FaultKind[] = [
  'planned_cut',
  'ban',
  'ack_withheld',
  'kline_late',
  'kline_missing',
  'kline_hole',
  'book_corrupt',
]

// A storm of 30 s: small harms first, a cut, a stall a client must notice by itself, and then
// enough quiet (the last sixth) for it to have healed everything.
function* stormAt({ id: venue, products }: PlannedVenue, seconds: number): Generator<PlannedFault> {
  const at = (part: number, fault: FaultRequest) => ({
    atMs: Math.round(seconds * 1000 * part),
    fault: { ...fault, venue },
  })
  const [busiest = 'BTC-USD', second = busiest] = products
  const stalled = Math.min(8, seconds * 0.27)
  if (venue !== 'coingecko') {
    yield at(0.08, { kind: 'duplicate', product: busiest, count: 3 })
    for (const [index, product] of products.entries()) {
      yield at(0.12, { kind: 'drop', product, count: index < 2 ? 5 : 1 })
    }
    yield at(0.2, { kind: 'reorder', product: busiest, count: 4 })
    yield at(0.22, { kind: 'garbage', product: second, variant: 'malformed' })
    yield at(0.28, { kind: 'disconnect' })
    yield at(0.42, { kind: 'stall', seconds: stalled })
    yield at(0.72, { kind: 'garbage', product: busiest, variant: 'negative_price' })
  }
  yield at(0.74, { kind: 'rest_429', retryAfterSeconds: 1 })
  if (venue === 'coingecko') return
  yield at(0.75, { kind: 'drop', product: busiest, count: 8 })
  yield at(0.8, { kind: 'drop', product: second, count: 3 })
}

function storm({ venues, seconds }: PlanOptions): Iterator<PlannedFault> {
  const all = venues.flatMap((venue) => [...stormAt(venue, seconds)])
  return all.toSorted((a, b) => a.atMs - b.atMs)[Symbol.iterator]()
}

// Garbage a client may answer by closing the connection costs a reconnect and is drawn seldom.
const GENTLE_GARBAGE: readonly GarbageVariant[] = GARBAGE_VARIANTS.filter(
  (variant) => variant !== 'invalid_utf8' && variant !== 'nested' && variant !== 'long_symbol',
)

/** Kinds that strike what only these venues tell over their sockets. */
const TOLD_BY: Readonly<Partial<Record<FaultKind, readonly VenueId[]>>> = {
  kline_late: ['binance-us', 'kraken'],
  kline_missing: ['binance-us', 'kraken'],
  book_corrupt: ['binance-us', 'kraken'],
}

function fits(kind: FaultKind, venue: VenueId): boolean {
  // An aggregator has no socket and no trades.
  if (venue === 'coingecko') {
    return kind === 'ban' || (kind.startsWith('rest_') && kind !== 'rest_hole')
  }
  return TOLD_BY[kind]?.includes(venue) ?? true
}

/** A venue and the kinds that can strike it, one at least. */
interface Target extends PlannedVenue {
  readonly kinds: readonly FaultKind[]
}

function targetsOf({ venues, kinds }: PlanOptions): readonly Target[] {
  return venues
    .map((venue) => ({ ...venue, kinds: kinds.filter((kind) => fits(kind, venue.id)) }))
    .filter((target) => target.kinds.length > 0)
}

function drawFault(random: Random, targets: readonly Target[]): PlannedFault['fault'] {
  // One venue alone costs no draw: its plan is that of its seed.
  const target = targets.length === 1 ? targets[0]! : random.pick(targets)
  return { ...drawRequest(random, target.kinds, target.products), venue: target.id }
}

function drawRequest(
  random: Random,
  kinds: readonly FaultKind[],
  products: readonly string[],
): FaultRequest {
  const kind = random.pick(kinds)
  const product = random.pick(products)
  switch (kind) {
    case 'drop':
      return { kind, product, count: random.int(1, random.next() < 0.1 ? 200 : 8) }
    case 'duplicate':
    case 'reorder':
      return { kind, product, count: random.int(1, 8) }
    case 'delay':
      return { kind, product, ms: random.int(50, 2000) }
    case 'never':
    case 'rest_hole':
      return { kind, product, count: random.int(1, 5) }
    case 'ack_withheld':
    case 'reject':
    case 'kline_missing':
    case 'book_corrupt':
      return { kind, product }
    case 'kline_hole':
      return { kind, product, count: random.int(1, 3) }
    case 'kline_late':
      return { kind, product, ms: random.int(500, 8000) }
    case 'ban':
    case 'planned_cut':
      return { kind }
    case 'mute':
      return { kind, product, seconds: random.int(1, 6) }
    case 'stall':
      return { kind, seconds: random.int(1, 8) }
    case 'garbage':
      return {
        kind,
        product,
        variant: random.pick(random.next() < 0.9 ? GENTLE_GARBAGE : GARBAGE_VARIANTS),
      }
    case 'disconnect':
      return { kind, code: random.pick([null, 1000, 1001, 1011, 1012]) }
    case 'refuse':
      return { kind, seconds: random.int(1, 3), status: random.pick([503, 429, 0]) }
    case 'rest_429':
      return { kind, retryAfterSeconds: random.pick([null, 1, 2]) }
    case 'rest_status':
      return { kind, status: random.pick([500, 502, 503, 504]) }
    case 'rest_slow':
    case 'late_ack':
      return { kind, ms: random.int(100, 1500) }
    default:
      return { kind, rows: random.int(1, 50) }
  }
}

function* mixed(options: PlanOptions): Generator<PlannedFault> {
  const targets = targetsOf(options)
  let atMs = 0
  while (targets.length > 0) {
    atMs += options.random.exponential(options.everyMs)
    yield { atMs, fault: drawFault(options.random, targets) }
  }
}

/** Returns the faults of a preset in order of time; `mixed` never ends. */
export function planFaults(preset: FaultPreset, options: PlanOptions): Iterator<PlannedFault> {
  if (preset === 'none') return [][Symbol.iterator]()
  return preset === 'storm' ? storm(options) : mixed(options)
}
