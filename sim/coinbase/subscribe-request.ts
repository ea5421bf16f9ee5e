/** What a client asked of the Exchange feed, in order, one entry per channel named. */
export interface SubscribeRequest {
  readonly type: 'subscribe' | 'unsubscribe'
  readonly wants: readonly { readonly channel: string; readonly products: readonly string[] }[]
}

// Renamed channels are acknowledged under their old names.
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['level2_batch', 'level2_50'],
  ['ticker_batch', 'ticker_1000'],
])

/** Returns the name a channel is kept and acknowledged under. */
export function channelName(name: string): string {
  return ALIASES.get(name) ?? name
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads a subscribe or unsubscribe message; returns what is wrong with it as text.
 *
 * Channels are names or objects with products of their own; the products at the root are added
 * to every one of them.
 */
export function readSubscribeRequest(text: string): SubscribeRequest | string {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return 'Malformed JSON'
  }
  if (!isObject(message)) return 'Malformed JSON'
  const { type, channels } = message
  if (type !== 'subscribe' && type !== 'unsubscribe')
    return `Type has to be either subscribe or unsubscribe`
  const root = texts(message.product_ids)
  const list: readonly unknown[] = Array.isArray(channels) ? channels : []
  const wants = list.flatMap((item) => {
    if (typeof item === 'string') return [{ channel: channelName(item), products: root }]
    if (!isObject(item) || typeof item.name !== 'string') return []
    const products = [...new Set([...root, ...texts(item.product_ids)])]
    return [{ channel: channelName(item.name), products }]
  })
  return { type, wants }
}
