import type { Ask, Feed, Subscription } from '../venue.ts'
import { ADVANCED_DIALECT, EXCHANGE_DIALECT } from './decode.ts'
import { routeAdvanced } from './route-advanced.ts'
import { routeExchange } from './route-exchange.ts'
import type { AdvancedRequest, ExchangeRequest } from './wire.ts'

/** A whole book of a busy product comes in one frame of half a megabyte, and grows. */
const FRAME_BYTES_MAX = 16 * 1024 * 1024

const LIMITS = {
  // 8 connections a second are allowed to an address; others may share ours.
  connectsPerSecond: 1,
  messagesPerSecond: 8,
  // Heartbeats come every second for every product: five of them missing is no accident.
  silenceMsMax: 5000,
  subscribeWithinMs: 5000,
  frameBytesMax: FRAME_BYTES_MAX,
  pingEveryMs: null,
  lifeMsMax: null,
} as const

/** The Exchange's public feed. */
export const exchangeFeed: Feed = Object.freeze({
  dialect: EXCHANGE_DIALECT,
  url: 'wss://ws-feed.exchange.coinbase.com',
  factChannel: 'matches',
  channels: Object.freeze(['matches', 'heartbeat', 'ticker']),
  globalChannels: Object.freeze(['status']),
  bookChannel: 'level2_batch',
  subscribe: (subscriptions: readonly Subscription[], id: number) =>
    exchangeRequests('subscribe', subscriptions, id),
  unsubscribe: (subscriptions: readonly Subscription[], id: number) =>
    exchangeRequests('unsubscribe', subscriptions, id),
  route: routeExchange,
  keepAlive: null,
  limits: Object.freeze({ ...LIMITS, heartbeatWitness: true }),
})

/** Advanced Trade's public feed: the same trades, in batches of 250 ms. */
export const advancedFeed: Feed = Object.freeze({
  dialect: ADVANCED_DIALECT,
  url: 'wss://advanced-trade-ws.coinbase.com',
  factChannel: 'market_trades',
  channels: Object.freeze(['market_trades']),
  globalChannels: Object.freeze(['heartbeats']),
  bookChannel: null,
  subscribe: (subscriptions: readonly Subscription[], id: number) =>
    advancedRequests('subscribe', subscriptions, id),
  unsubscribe: (subscriptions: readonly Subscription[], id: number) =>
    advancedRequests('unsubscribe', subscriptions, id),
  route: routeAdvanced,
  keepAlive: null,
  limits: Object.freeze({ ...LIMITS, heartbeatWitness: false }),
})

/**
 * One request for everything: with a single request its ack comes before the data, and it
 * tells at once what was refused. Channels with the same products share the request's list.
 */
function exchangeRequests(
  type: ExchangeRequest['type'],
  subscriptions: readonly Subscription[],
  id: number,
): readonly Ask[] {
  if (subscriptions.length === 0) return []
  const byChannel = productsByChannel(subscriptions)
  const lists = [...byChannel.values()].filter((products) => products.length > 0)
  const shared = lists[0] ?? []
  const uniform = lists.every((products) => products.join() === shared.join())
  // The request's own list would be added to channels without products as well: harmless.
  const channels = [...byChannel].map(([name, products]) =>
    uniform || products.length === 0 ? name : { name, product_ids: products },
  )
  const request: ExchangeRequest =
    uniform && shared.length > 0 ? { type, product_ids: shared, channels } : { type, channels }
  return [{ id, text: JSON.stringify(request), subscriptions }]
}

/** One request for each channel: Advanced Trade takes no more. */
function advancedRequests(
  type: AdvancedRequest['type'],
  subscriptions: readonly Subscription[],
  id: number,
): readonly Ask[] {
  return [...productsByChannel(subscriptions)].map(([channel, products], at) => {
    const request: AdvancedRequest =
      products.length === 0 ? { type, channel } : { type, product_ids: products, channel }
    const asked = subscriptions.filter((one) => one.channel === channel)
    return { id: id + at, text: JSON.stringify(request), subscriptions: asked }
  })
}

/** Groups symbols by channel, in order; a channel that concerns no product has none. */
function productsByChannel(subscriptions: readonly Subscription[]): Map<string, string[]> {
  const byChannel = new Map<string, string[]>()
  for (const { channel, symbol } of subscriptions) {
    const products = byChannel.get(channel) ?? []
    if (symbol !== '' && !products.includes(symbol)) products.push(symbol)
    byChannel.set(channel, products)
  }
  return byChannel
}
