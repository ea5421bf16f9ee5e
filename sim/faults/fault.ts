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
  /** Needed by `drop duplicate reorder delay never mute`; where absent, the first product. */
  readonly product?: string
  /** Trades or REST answers hit, or garbage frames sent. @default 1 */
  readonly count?: number
  /** How long `stall mute refuse` last. @default 8 */
  readonly seconds?: number
  /** How long `delay late_ack rest_slow` hold back. @default 500 */
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
  readonly kind: FaultKind
  /** RFC 3339. */
  readonly time: string
  readonly time_us: number
  /** When it ends by itself, if it lasts. */
  readonly until_us: number | null
  readonly product: string | null
  /** Ranges of trade ids it touched, in order; grows while the fault is under way. */
  readonly ids: readonly (readonly [firstId: number, lastId: number])[]
  /** How often it struck: trades, frames, connections or answers. */
  readonly hits: number
  readonly request: FaultRequest
}

/** A record that can still grow. */
export interface OpenFault {
  readonly record: FaultRecord
  /** Adds a trade, joined to the last range where it is its neighbour. */
  touch(tradeId: number): void
  /** Counts strikes that have no trade id. @default 1 */
  hit(times?: number): void
}

/** Returns a fault of this request, not yet struck. */
export function createOpenFault(
  request: FaultRequest,
  facts: {
    readonly id: number
    readonly timeUs: number
    readonly untilUs: number | null
    readonly product: string | null
  },
): OpenFault {
  const ids: [number, number][] = []
  let hits = 0
  return {
    record: {
      id: facts.id,
      kind: request.kind,
      time: new Date(facts.timeUs / 1000).toISOString(),
      time_us: facts.timeUs,
      until_us: facts.untilUs,
      product: facts.product,
      ids,
      get hits() {
        return hits
      },
      request,
    },
    touch(tradeId) {
      const last = ids.at(-1)
      if (last !== undefined && last[1] + 1 === tradeId) last[1] = tradeId
      else ids.push([tradeId, tradeId])
      hits += 1
    },
    hit(times = 1) {
      hits += times
    },
  }
}
