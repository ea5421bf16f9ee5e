import type { Ask, Feed, Subscription } from '../venue.ts'
import { BOOK_DEPTH } from './books.ts'
import { V2_DIALECT } from './decode.ts'
import { routeFrame } from './route.ts'
import type { ChannelRequest } from './wire.ts'

/** Symbols of one request; more at once have been taken for a flood. */
const SYMBOLS_MAX = 100

/** The snapshot of all pairs and assets comes in one frame of a megabyte, and grows. */
const FRAME_BYTES_MAX = 16 * 1024 * 1024

const KEEP_ALIVE_MS = 25_000

/** What a channel is asked for with, beside its symbols. */
const PARAMS: Readonly<Record<string, object>> = Object.freeze({
  ohlc: { interval: 1 },
  book: { depth: BOOK_DEPTH },
})

/** The public feed of the current WebSocket. */
export const feed: Feed = Object.freeze({
  dialect: V2_DIALECT,
  url: 'wss://ws.kraken.com/v2',
  factChannel: 'trade',
  channels: Object.freeze(['trade', 'ohlc', 'ticker']),
  globalChannels: Object.freeze(['instrument']),
  bookChannel: 'book',
  subscribe: (subscriptions: readonly Subscription[], id: number) =>
    requests('subscribe', subscriptions, id),
  unsubscribe: (subscriptions: readonly Subscription[], id: number) =>
    requests('unsubscribe', subscriptions, id),
  route: routeFrame,
  // A socket without traffic is closed after a minute.
  keepAlive: Object.freeze({ text: '{"method":"ping"}', everyMs: KEEP_ALIVE_MS }),
  limits: Object.freeze({
    // 150 attempts in ten minutes cost a ban of ten more, and others may share the address.
    connectsPerSecond: 0.2,
    // The rate that is borne is not published.
    messagesPerSecond: 5,
    // Once anything is subscribed a heartbeat comes each second that nothing else does.
    silenceMsMax: 5000,
    pingEveryMs: null,
    lifeMsMax: null,
    subscribeWithinMs: 60_000,
    frameBytesMax: FRAME_BYTES_MAX,
    heartbeatWitness: false,
  }),
})

/** One request for each channel and hundred symbols, since a request names one channel. */
function requests(
  method: ChannelRequest['method'],
  subscriptions: readonly Subscription[],
  id: number,
): readonly Ask[] {
  const asks: Ask[] = []
  for (const [channel, members] of Map.groupBy(subscriptions, (one) => one.channel)) {
    for (let at = 0; at < members.length; at += SYMBOLS_MAX) {
      const part = members.slice(at, at + SYMBOLS_MAX)
      const symbols = [...new Set(part.map(({ symbol }) => symbol))].filter((one) => one !== '')
      const request: ChannelRequest = {
        method,
        params: {
          channel,
          ...(symbols.length > 0 && { symbol: symbols }),
          ...PARAMS[channel],
          // Trades have a snapshot only where it is asked for; it bridges a short reconnect.
          ...(method === 'subscribe' && { snapshot: true }),
        },
        req_id: id + asks.length,
      }
      asks.push({ id: request.req_id, text: JSON.stringify(request), subscriptions: part })
    }
  }
  return asks
}
