import type { Random } from '../../src/core/random.ts'
import type { FaultKind, FaultRequest, GarbageVariant } from './fault.ts'
import { GARBAGE_VARIANTS } from './fault.ts'

/** The presets there are. */
export const FAULT_PRESETS = ['none', 'storm', 'mixed'] as const

/** A named set of faults: nothing, a short show, or an endless mixture. */
export type FaultPreset = (typeof FAULT_PRESETS)[number]

/** One fault of a plan, `atMs` after the first client subscribed. */
export interface PlannedFault {
  readonly atMs: number
  readonly fault: FaultRequest
}

/** What a plan is made for. */
export interface PlanOptions {
  readonly random: Random
  /** Products by pace, the busiest first. */
  readonly products: readonly string[]
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

// A storm of 30 s: small harms first, a cut, a stall a client must notice by itself, and then
// enough quiet (the last sixth) for it to have healed everything.
function* storm(options: PlanOptions): Generator<PlannedFault> {
  const at = (part: number) => Math.round(options.seconds * 1000 * part)
  const [busiest = 'BTC-USD', second = busiest] = options.products
  yield { atMs: at(0.08), fault: { kind: 'duplicate', product: busiest, count: 3 } }
  for (const [index, product] of options.products.entries()) {
    const count = index < 2 ? 5 : 1
    yield { atMs: at(0.12), fault: { kind: 'drop', product, count } }
  }
  yield { atMs: at(0.2), fault: { kind: 'reorder', product: busiest, count: 4 } }
  yield { atMs: at(0.22), fault: { kind: 'garbage', product: second, variant: 'malformed' } }
  yield { atMs: at(0.28), fault: { kind: 'disconnect' } }
  const stalled = Math.min(8, options.seconds * 0.27)
  yield { atMs: at(0.42), fault: { kind: 'stall', seconds: stalled } }
  yield { atMs: at(0.72), fault: { kind: 'garbage', product: busiest, variant: 'negative_price' } }
  yield { atMs: at(0.74), fault: { kind: 'rest_429', retryAfterSeconds: 1 } }
  yield { atMs: at(0.75), fault: { kind: 'drop', product: busiest, count: 8 } }
  yield { atMs: at(0.8), fault: { kind: 'drop', product: second, count: 3 } }
}

// Garbage a client may answer by closing the connection costs a reconnect and is drawn seldom.
const GENTLE_GARBAGE: readonly GarbageVariant[] = GARBAGE_VARIANTS.filter(
  (variant) => variant !== 'invalid_utf8' && variant !== 'nested' && variant !== 'long_symbol',
)

function drawFault(options: PlanOptions): FaultRequest {
  const { random } = options
  const kind = random.pick(options.kinds)
  const product = random.pick(options.products)
  switch (kind) {
    case 'drop':
      return { kind, product, count: random.int(1, random.next() < 0.1 ? 200 : 8) }
    case 'duplicate':
    case 'reorder':
      return { kind, product, count: random.int(1, 8) }
    case 'delay':
      return { kind, product, ms: random.int(50, 2000) }
    case 'never':
      return { kind, product, count: random.int(1, 5) }
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
  let atMs = 0
  while (true) {
    atMs += options.random.exponential(options.everyMs)
    yield { atMs, fault: drawFault(options) }
  }
}

/** Returns the faults of a preset in order of time; `mixed` never ends. */
export function planFaults(preset: FaultPreset, options: PlanOptions): Iterator<PlannedFault> {
  if (preset === 'none') return [][Symbol.iterator]()
  return preset === 'storm' ? storm(options) : mixed(options)
}
