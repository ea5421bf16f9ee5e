import { INTERVALS } from './bars.ts'

/** Channels that are served, and whether each starts with a snapshot when nothing is said. */
const SNAPSHOT_DEFAULTS = {
  trade: false,
  ohlc: true,
  ticker: true,
  book: true,
  instrument: true,
} as const

/** One of the channels that are served. */
export type Channel = keyof typeof SNAPSHOT_DEFAULTS

/** Depths a book can be had in. */
const DEPTHS: readonly number[] = [10, 25, 100, 500, 1000]

/** A request to subscribe to one channel, or to leave it. */
export interface ChannelRequest {
  readonly method: 'subscribe' | 'unsubscribe'
  readonly reqId: number | null
  readonly channel: Channel
  /** As sent, sense not checked; empty for `instrument`. */
  readonly symbols: readonly string[]
  readonly snapshot: boolean
  /** Minutes of `ohlc`. */
  readonly interval: number
  /** Levels of `book`. */
  readonly depth: number
  /** When `ticker` tells. */
  readonly trigger: 'trades' | 'bbo'
}

/** What a client's message asks for. */
export type ClientRequest =
  | ChannelRequest
  | { readonly method: 'ping'; readonly reqId: number | null }
  | { readonly method: null; readonly reqId: number | null; readonly error: string }

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isChannel(value: unknown): value is Channel {
  return typeof value === 'string' && Object.hasOwn(SNAPSHOT_DEFAULTS, value)
}

function parse(text: string): Fields | null {
  try {
    const message: unknown = JSON.parse(text)
    return isObject(message) ? message : null
  } catch {
    return null
  }
}

function symbolsOf(channel: Channel, value: unknown): readonly string[] | null {
  if (channel === 'instrument') return []
  if (!Array.isArray(value)) return null
  return value.every((item) => typeof item === 'string') ? value : null
}

/** Reads a client's message. What makes no sense is `Malformed request`. */
export function readRequest(text: string): ClientRequest {
  const message = parse(text)
  const reqId = Number.isSafeInteger(message?.req_id) ? Number(message?.req_id) : null
  const wrong = (error: string) => ({ method: null, reqId, error })
  if (message === null) return wrong('Malformed request')
  const { method, params } = message
  if (method === 'ping') return { method, reqId }
  if (method !== 'subscribe' && method !== 'unsubscribe') return wrong('Malformed request')
  if (!isObject(params) || !isChannel(params.channel)) return wrong('Malformed request')
  const { channel, snapshot, interval = 1, depth = 10, event_trigger: trigger } = params
  const symbols = symbolsOf(channel, params.symbol)
  if (symbols === null) return wrong('Malformed request')
  if (symbols.length === 0 && channel !== 'instrument') return wrong('Pair(s) not found')
  return {
    method,
    reqId,
    channel,
    symbols,
    snapshot: typeof snapshot === 'boolean' ? snapshot : SNAPSHOT_DEFAULTS[channel],
    interval: Number(interval),
    depth: Number(depth),
    trigger: trigger === 'bbo' ? 'bbo' : 'trades',
  }
}

/** Returns the name a subscription is kept under: the channel and what tells it from others. */
export function topicOf(request: ChannelRequest): string {
  switch (request.channel) {
    case 'ohlc':
      return ohlcTopic(request.interval)
    case 'book':
      return bookTopic(request.depth)
    case 'ticker':
      return `ticker ${request.trigger}`
    default:
      return request.channel
  }
}

/** Returns the topic of bars of so many minutes. */
export function ohlcTopic(interval: number): string {
  return `ohlc ${interval}`
}

/** Returns the topic of books so many levels deep. */
export function bookTopic(depth: number): string {
  return `book ${depth}`
}

/** Returns what is wrong with a request's own options, whatever the symbol; `null` if nothing. */
export function optionError(request: ChannelRequest): string | null {
  if (request.channel === 'book' && !DEPTHS.includes(request.depth)) {
    return 'Subscription depth not supported'
  }
  if (request.channel === 'ohlc' && !INTERVALS.includes(request.interval)) {
    return 'Subscription ohlc interval not supported'
  }
  return null
}
