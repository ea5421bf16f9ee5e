import { decodeAll } from './decoded.ts'
import { UNKNOWN_ROUTE } from './unknown-route.ts'
import type { Feed, History, Route, Venue } from './venue.ts'

/** A feed of which only that is said in which it is unlike most. */
export type SomeFeed = Pick<Feed, 'url' | 'subscribe'> &
  Partial<Omit<Feed, 'limits' | 'route'>> & {
    readonly limits?: Partial<Feed['limits']>
    /** What is left out of the answer is filled in; what it throws makes a frame `unknown`. */
    route(frame: Uint8Array): Partial<Route>
  }

/** A {@link Venue} of which only that is said in which it is unlike most. */
export type SomeVenue = Pick<Venue, 'id' | 'defaultProducts' | 'decoders'> &
  Partial<Omit<Venue, 'feeds' | 'history'>> & {
    readonly feeds: Readonly<Record<string, SomeFeed>>
    readonly history: Pick<History, 'restUrl' | 'listing' | 'next'> & Partial<History>
  }

const LIMITS: Feed['limits'] = {
  connectsPerSecond: 0.5,
  messagesPerSecond: 5,
  silenceMsMax: 30_000,
  // So that a market in which nothing trades is not taken for a dead connection.
  pingEveryMs: 10_000,
  lifeMsMax: null,
  subscribeWithinMs: 60_000,
  frameBytesMax: 1_048_576,
  heartbeatWitness: false,
}

/**
 * Returns a whole venue: what is left out is as it is at most venues.
 *
 * A feed `ws` speaks the dialect `ID/ws` and REST speaks `ID/rest`; decoders have these names.
 * There is one channel, `trades`; no books; no candles of the venue's own. Products are spelled
 * `BTC-USD`, a feed is pinged, and REST is asked once a second at most.
 *
 * @example
 * export default defineConfig({ extend: { venues: [defineVenue({ id: 'mine', … })] } })
 */
export function defineVenue(some: SomeVenue): Venue {
  const { id, decoders } = some
  const history: History = {
    dialect: `${id}/rest`,
    ratePerSecond: 1,
    burst: 1,
    headersKept: ['retry-after'],
    witness: () => null,
    heed: () => null,
    nextCandles: () => ({ done: true }),
    ...some.history,
  }
  const feeds = Object.fromEntries(
    Object.entries(some.feeds ?? {}).map(([name, feed]) => [name, wholeFeed(id, name, feed)]),
  )
  const streamed = Object.values(feeds)[0]?.dialect ?? history.dialect
  return {
    name: id,
    kind: 'exchange',
    spell: (base, quote) => `${base}-${quote}`,
    candleRules: {
      emptyMinutes: { ws: 'omitted', rest: 'omitted' },
      vwap: 'none',
      fields: [],
      restMinutesMax: null,
    },
    books: null,
    snapshots: null,
    classify: (_url, kind) => ({
      dialect: kind === 'ws' ? streamed : history.dialect,
      channel: 'unknown',
    }),
    listings(record) {
      const decoder = decoders[record.dialect]
      return decoder === undefined ? [] : decodeAll(decoder, record).listings
    },
    ...some,
    feeds,
    history,
  }
}

function wholeFeed(id: string, name: string, some: SomeFeed): Feed {
  const factChannel = some.factChannel ?? 'trades'
  return {
    dialect: `${id}/${name}`,
    channels: [factChannel],
    globalChannels: [],
    bookChannel: null,
    unsubscribe: () => [],
    keepAlive: null,
    ...some,
    factChannel,
    limits: { ...LIMITS, ...some.limits },
    route(frame) {
      try {
        const route = some.route(frame)
        const channel = route.channel ?? (route.kind === 'data' ? factChannel : 'unknown')
        return { ...UNKNOWN_ROUTE, ...route, channel }
      } catch {
        // It is kept raw all the same; what is wrong with it, its decoder says.
        return UNKNOWN_ROUTE
      }
    },
  }
}
