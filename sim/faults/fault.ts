import type { IdRange, Ranges } from '../service/ranges.ts'
import { createRanges } from '../service/ranges.ts'
import type { VenueId } from '../venue-id.ts'

/** Everything that can be made to go wrong. The README's table says what a client sees of each. */
export const FAULT_KINDS = [
  'drop',
  'duplicate',
  'reorder',
  'delay',
  'never',
  'stall',
  'mute',
  'garbage',
  'oversized',
  'disconnect',
  'refuse',
  'late_ack',
  'planned_cut',
  'ack_withheld',
  'reject',
  'kline_late',
  'kline_missing',
  'kline_hole',
  'book_corrupt',
  'ban',
  'rest_hole',
  'rest_429',
  'rest_status',
  'rest_truncate',
  'rest_cut',
  'rest_short',
  'rest_overlap',
  'rest_empty',
  'rest_html',
  'rest_slow',
] as const

/** One of {@link FAULT_KINDS}. */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Shapes of a frame that no client should swallow, nor choke on. */
export const GARBAGE_VARIANTS = [
  'malformed',
  'truncated',
  'binary',
  'invalid_utf8',
  'exponent_price',
  'nan_price',
  'proto',
  'long_symbol',
  'negative_price',
  'zero_price',
  'negative_size',
  'nested',
  'huge_integer',
  'lone_surrogate',
  'sql_symbol',
  'path_symbol',
  'unknown_type',
  'missing_field',
  'extra_field',
] as const

/** One of {@link GARBAGE_VARIANTS}. */
export type GarbageVariant = (typeof GARBAGE_VARIANTS)[number]

/** A fault to inject. What a kind does not use it ignores. */
export interface FaultRequest {
  readonly kind: FaultKind
  /** Whom it strikes. @default 'coinbase', or the first venue where that is not played */
  readonly venue?: VenueId
  /** Whose trades or candles it strikes; where absent, the venue's first product. */
  readonly product?: string
  /** Trades (frames of them), acks, candles or REST answers hit, or garbage sent. @default 1 */
  readonly count?: number
  /** How long `stall mute refuse` last (8), and `ban`: the venue's shortest. */
  readonly seconds?: number
  /** How long `delay late_ack kline_late rest_slow` hold back. @default 500 */
  readonly ms?: number
  /** @default 'malformed' */
  readonly variant?: GarbageVariant
  /** Size of an `oversized` frame. @default 64 MiB */
  readonly bytes?: number
  /** Close code of `disconnect`; `null` resets the connection without one. @default null */
  readonly code?: number | null
  /** HTTP status of `rest_status` (503) and `refuse` (503; 0 accepts and drops at once). */
  readonly status?: number
  /** `Retry-After` of `rest_429`; `null` sends none. @default 1 */
  readonly retryAfterSeconds?: number | null
  /** Rows kept by `rest_short`, or repeated by `rest_overlap`. @default 10 */
  readonly rows?: number
  /** Whether heartbeats of a muted symbol tell the true last id or stand still. @default 'true' */
  readonly heartbeat?: 'true' | 'frozen'
  /** Part of the REST path that a `rest_…` fault waits for. */
  readonly path?: string
}

/** A fault as it was injected: the ground of "100 % of injected holes detected". */
export interface FaultRecord {
  readonly id: number
  readonly venue: VenueId
  readonly kind: FaultKind
  /** RFC 3339. */
  readonly time: string
  readonly time_us: number
  /** When it ends by itself, if it lasts. */
  readonly until_us: number | null
  readonly product: string | null
  /** Ranges of trade ids it touched, in order; grows while the fault is under way. */
  readonly ids: readonly IdRange[]
  /** Trades that some client was not told because of it, by product; grows as well. */
  readonly lost: Readonly<Record<string, readonly IdRange[]>>
  /** Open times of the candles it struck, epoch microseconds; grows too. */
  readonly minutes_us: readonly number[]
  /** Whether REST has what was lost. */
  readonly reachable: boolean
  /** How often it struck: trades, frames, connections or answers. */
  readonly hits: number
  readonly request: FaultRequest
}

/** A record that can still grow. */
export interface OpenFault {
  readonly record: FaultRecord
  /** Adds the trades of one frame, joined to the last range where they are its neighbours. */
  touch(firstId: number, lastId: number): void
  /** Notes trades that a client will not be told over its socket. */
  lose(product: string, firstId: number, lastId: number): void
  /** Notes the open time of a candle it struck; counts nothing. */
  touchMinute(openTimeUs: number): void
  /** Counts strikes that have no trade id. @default 1 */
  hit(times?: number): void
}

/** Returns a fault of this request, not yet struck. */
export function createOpenFault(
  request: FaultRequest,
  facts: {
    readonly id: number
    readonly venue: VenueId
    readonly timeUs: number
    readonly untilUs: number | null
    readonly product: string | null
  },
): OpenFault {
  const ids: [number, number][] = []
  const minutes: number[] = []
  const lost = new Map<string, Ranges>()
  let hits = 0
  return {
    record: {
      id: facts.id,
      venue: facts.venue,
      kind: request.kind,
      time: new Date(facts.timeUs / 1000).toISOString(),
      time_us: facts.timeUs,
      until_us: facts.untilUs,
      product: facts.product,
      ids,
      get lost() {
        return Object.fromEntries([...lost].map(([product, ranges]) => [product, ranges.list]))
      },
      minutes_us: minutes,
      reachable: request.kind !== 'rest_hole',
      get hits() {
        return hits
      },
      request,
    },
    touch(firstId, lastId) {
      const last = ids.at(-1)
      if (last !== undefined && last[1] + 1 === firstId) last[1] = lastId
      else ids.push([firstId, lastId])
      hits += 1
    },
    touchMinute: (openTimeUs) => minutes.push(openTimeUs),
    lose(product, firstId, lastId) {
      const ranges = lost.get(product) ?? createRanges()
      lost.set(product, ranges)
      ranges.add(firstId, lastId)
    },
    hit(times = 1) {
      hits += times
    },
  }
}
