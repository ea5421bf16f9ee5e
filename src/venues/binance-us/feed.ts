import type { Ask, Feed, Subscription } from '../venue.ts'
import { STREAM_DIALECT } from './decode.ts'
import { BOOK_CHANNEL, routeStream } from './route.ts'
import type { StreamRequest } from './wire.ts'

/** Streams of one request: some kilobytes. A connection may have 1,024 streams in all. */
const STREAMS_PER_REQUEST = 50

/** Books come as differences, but a crash of prices makes long ones. */
const FRAME_BYTES_MAX = 4 * 1024 * 1024

const HOUR_MS = 3_600_000

/**
 * The combined stream, subscribed by requests: streams named in the address are never
 * acknowledged.
 */
export const feed: Feed = Object.freeze({
  dialect: STREAM_DIALECT,
  url: 'wss://stream.binance.us:9443/stream',
  factChannel: 'aggTrade',
  channels: Object.freeze(['aggTrade', 'kline_1m']),
  globalChannels: Object.freeze([]),
  bookChannel: BOOK_CHANNEL,
  subscribe: (subscriptions: readonly Subscription[], id: number) =>
    requests('SUBSCRIBE', subscriptions, id),
  unsubscribe: (subscriptions: readonly Subscription[], id: number) =>
    requests('UNSUBSCRIBE', subscriptions, id),
  route: routeStream,
  keepAlive: null,
  limits: Object.freeze({
    // 300 connections in 5 minutes are allowed to an address; others may share ours.
    connectsPerSecond: 0.5,
    // Five messages a second close the connection, pings and pongs among them.
    messagesPerSecond: 2,
    // Quiet markets are silent for minutes, so a pong must tell that the connection lives: two
    // missing in a row, and a second to spare.
    pingEveryMs: 2500,
    silenceMsMax: 6000,
    // Cut after 24 hours: ours ends before, when it suits us.
    lifeMsMax: 23 * HOUR_MS,
    subscribeWithinMs: 5000,
    frameBytesMax: FRAME_BYTES_MAX,
    heartbeatWitness: false,
  }),
})

function requests(
  method: StreamRequest['method'],
  subscriptions: readonly Subscription[],
  id: number,
): readonly Ask[] {
  const asks: Ask[] = []
  for (let from = 0; from < subscriptions.length; from += STREAMS_PER_REQUEST) {
    const part = subscriptions.slice(from, from + STREAMS_PER_REQUEST)
    const params = part.map(({ channel, symbol }) => `${symbol.toLowerCase()}@${channel}`)
    const request: StreamRequest = { method, params, id: id + asks.length }
    asks.push({ id: request.id, text: JSON.stringify(request), subscriptions: part })
  }
  return asks
}
