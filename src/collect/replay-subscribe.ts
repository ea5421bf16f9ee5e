/** One change of subscription, read out of a frame that was sent. */
export interface SentSubscription {
  readonly event: 'subscribe' | 'unsubscribe'
  readonly channel: string
  readonly symbols: readonly string[]
}

/**
 * Reads what a frame sent to a venue asked for; empty where it asked for no subscription.
 *
 * Knows the shapes `{type, product_ids, channels: [name | {name, product_ids}]}` and
 * `{type, product_ids, channel}`. Products named at the root count for every channel.
 */
export function parseSubscribe(text: string): readonly SentSubscription[] {
  const frame = asObject(parseJson(text))
  const event = frame?.type
  if (frame === null || (event !== 'subscribe' && event !== 'unsubscribe')) return []
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
