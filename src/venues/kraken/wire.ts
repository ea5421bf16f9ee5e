/**
 * Payloads exactly as Kraken sends and takes them, as far as they are read as whole values. What
 * comes by the thousand (trades, candles) is read field by field from its bytes instead.
 */

/** A subscribe or unsubscribe request: one channel, and its symbols where it has any. */
export interface ChannelRequest {
  readonly method: 'subscribe' | 'unsubscribe'
  readonly params: {
    readonly channel: string
    readonly symbol?: readonly string[]
    /** Width of candles in minutes (`ohlc`). */
    readonly interval?: number
    /** Levels of each side (`book`). */
    readonly depth?: number
    /** Whether the state so far comes first; only of a request to subscribe. */
    readonly snapshot?: boolean
  }
  readonly req_id: number
}

/** The answer to a request, for one symbol of it. Without `result` it is a refusal. */
export interface MethodAnswer {
  readonly method?: string
  readonly req_id?: number
  readonly success?: boolean
  readonly error?: string
  /** Some errors come under a capital letter. */
  readonly Error?: string
  /** Of a refusal. */
  readonly symbol?: string
  readonly result?: { readonly channel: string; readonly symbol?: string }
}

/** State of the trading engine, sent on connecting and at every change. */
export interface StatusMessage {
  readonly channel: 'status'
  readonly data: readonly { readonly system: string }[]
}

/** A pair of `GET /AssetPairs`, under a key that depends on the version asked for. */
export interface AssetPair {
  readonly base: string
  readonly quote: string
  readonly pair_decimals?: number
  readonly lot_decimals?: number
  readonly tick_size?: string
  readonly status?: string
}

/** Every answer of REST: what went wrong, perhaps, and what was asked for. */
export interface RestEnvelope {
  readonly error: readonly string[]
  readonly result?: unknown
}

/** Whether a value is an object that may have fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a message is the answer to a request of ours. */
export function isMethodAnswer(value: unknown): value is MethodAnswer {
  if (!isRecord(value)) return false
  const { method, error, Error: capital, symbol, result } = value
  const isText = (item: unknown) => item === undefined || typeof item === 'string'
  if (![method, error, capital, symbol].every(isText)) return false
  if (method === undefined && error === undefined && capital === undefined) return false
  if (result === undefined) return true
  return isRecord(result) && (result.channel === undefined || typeof result.channel === 'string')
}

/** Whether a message tells the state of the trading engine. */
export function isStatus(value: unknown): value is StatusMessage {
  if (!isRecord(value) || value.channel !== 'status' || !Array.isArray(value.data)) return false
  return value.data.every((each) => isRecord(each) && typeof each.system === 'string')
}

/** Whether a row is a pair of the listing. */
export function isAssetPair(value: unknown): value is AssetPair {
  return isRecord(value) && typeof value.base === 'string' && typeof value.quote === 'string'
}

/** Whether an answer has the outer form that all of Kraken's have. */
export function isRestEnvelope(value: unknown): value is RestEnvelope {
  if (!isRecord(value) || !Array.isArray(value.error)) return false
  return value.error.every((word) => typeof word === 'string')
}
