/** One change of subscription, read out of a frame that was sent. */
export interface SentSubscription {
  readonly event: 'subscribe' | 'unsubscribe'
  readonly channel: string
  readonly symbols: readonly string[]
}

/**
 * Reads what a frame sent to a venue asked for; empty where it asked for no subscription.
 *
 * Knows Coinbase's shapes, `{type, product_ids, channels: [name | {name, product_ids}]}` and
 * `{type, product_ids, channel}`, where products named at the root count for every channel;
 * Binance's `{method, params: [stream]}`; and Kraken's, `{method, params: {channel, symbol}}` and
 * `{event, pair, subscription: {name}}`.
 */
export function parseSubscribe(text: string): readonly SentSubscription[] {
  const frame = asObject(parseJson(text))
  if (frame === null) return []
  const event = String(frame.type ?? frame.method ?? frame.event).toLowerCase()
  if (event !== 'subscribe' && event !== 'unsubscribe') return []
  if (Array.isArray(frame.params)) return streamsOf(event, textsOf(frame.params))
  const params = asObject(frame.params)
  if (typeof params?.channel === 'string') {
    return [{ event, channel: params.channel, symbols: textsOf(params.symbol) }]
  }
  const subscription = asObject(frame.subscription)
  if (typeof subscription?.name === 'string') {
    return [{ event, channel: subscription.name, symbols: textsOf(frame.pair) }]
  }
  return channelsOf(event, frame)
}

/**
 * Reads what the address of a connection asks for, `…?streams=btcusd@aggTrade/…`, as Binance's
 * may; empty where it asks for nothing.
 */
export function parseStreams(url: string): readonly SentSubscription[] {
  const streams = /[?&]streams=([^&#]*)/.exec(url)?.[1] ?? ''
  return streamsOf('subscribe', streams.split('/'))
}

/** Groups streams, `btcusd@depth@100ms`, by channel; symbols are listed in capitals. */
function streamsOf(
  event: SentSubscription['event'],
  streams: readonly string[],
): readonly SentSubscription[] {
  const byChannel = new Map<string, string[]>()
  for (const stream of streams) {
    const [, symbol, channel] = /^([^!@][^@]*)@(.+)$/.exec(stream) ?? []
    if (symbol === undefined || channel === undefined) continue
    const symbols = byChannel.get(channel) ?? []
    byChannel.set(channel, symbols)
    symbols.push(symbol.toUpperCase())
  }
  return [...byChannel].map(([channel, symbols]) => ({ event, channel, symbols }))
}

function channelsOf(
  event: SentSubscription['event'],
  frame: Readonly<Record<string, unknown>>,
): readonly SentSubscription[] {
  const root = textsOf(frame.product_ids)
  if (typeof frame.channel === 'string') return [{ event, channel: frame.channel, symbols: root }]
  if (!Array.isArray(frame.channels)) return []
  const found: SentSubscription[] = []
  for (const entry of frame.channels as readonly unknown[]) {
    if (typeof entry === 'string') found.push({ event, channel: entry, symbols: root })
    const object = asObject(entry)
    if (typeof object?.name !== 'string') continue
    const symbols = [...new Set([...root, ...textsOf(object.product_ids)])]
    found.push({ event, channel: object.name, symbols })
  }
  return found
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  const object = typeof value === 'object' && value !== null && !Array.isArray(value)
  return object ? (value as Record<string, unknown>) : null
}

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return value.filter((entry): entry is string => typeof entry === 'string')
}
