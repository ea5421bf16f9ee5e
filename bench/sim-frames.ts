import { createFaultJournal } from '../sim/faults/journal.ts'
import type { Connection } from '../sim/service/connection.ts'
import type { VenueId } from '../sim/venue-id.ts'
import { createVenueRuntime, type VenueRuntime } from '../sim/venue-runtime.ts'
import { WHOLE_PAGE } from '../sim/venue-sim.ts'
import { assert } from '../src/core/assert.ts'
import type { RecordRequest } from '../src/market/record.ts'
import { findVenue } from '../src/venues/index.ts'
import type { RestRequest, Subscription } from '../src/venues/venue.ts'

/** A message as the simulator says it, with what the log keeps beside it. */
export interface SimFrame {
  readonly dialect: string
  readonly channel: string
  readonly symbol: string | null
  readonly origin: 'ws' | 'rest'
  readonly request: RecordRequest | null
  readonly receivedTimeUs: number
  readonly payload: Buffer
}

/** A simulated venue without sockets: it trades when told to, and is heard at once. */
export interface SimTape {
  /** Symbols the venue lists, the busiest first. */
  readonly symbols: readonly string[]
  /** Asks for a subscription; what it is answered with is not heard. */
  subscribe(subscriptions: readonly Subscription[]): void
  /** Goes on for a quarter of a second. */
  step(): void
  /** Asks REST. */
  ask(request: RestRequest): void
}

/** What a tape plays. */
export interface SimTapeOptions {
  readonly venue: VenueId
  readonly seed: number
  readonly tradesPerSecond: number
  readonly historyMinutes: number
}

// 2025-03-03, a Monday, 10:00: any time would do, as long as it is the same in every run.
const START_US = 1_740_996_000_000_000
const QUARTER_US = 250_000
const SECOND_US = 1_000_000
const TICK_US = 50_000
const DELAY_US = 20_000

/** Starts a tape; each message goes to `hear`, routed as the collector routes it. */
export function createSimTape(options: SimTapeOptions, hear: (frame: SimFrame) => void): SimTape {
  const { venue: id, seed, tradesPerSecond, historyMinutes } = options
  const venue = findVenue(id)
  assert(venue !== null, 'the simulator plays venues that are known')
  let nowUs = START_US
  const runtime = createVenueRuntime(
    {
      options: { seed, venues: [id], tradesPerSecond, historyMinutes, rateLimit: null },
      startUs: START_US,
      nowUs: () => nowUs,
      journal: createFaultJournal(),
    },
    id,
  )
  const [feed] = Object.values(venue.feeds)
  const connection = createListener((text) => {
    if (feed === undefined) return
    const payload = Buffer.from(text)
    const { channel, symbol } = feed.route(payload)
    const heard = { channel, symbol, origin: 'ws', request: null, payload } as const
    hear({ ...heard, dialect: feed.dialect, receivedTimeUs: nowUs + DELAY_US })
  })
  const [simFeed] = runtime.sim.feeds
  simFeed?.accept(connection, new URL(feed === undefined ? 'ws://sim' : pathOf(feed.url)))
  return {
    symbols: [...runtime.market.products.keys()],
    subscribe(subscriptions) {
      for (const { text } of feed?.subscribe(subscriptions, 1) ?? []) {
        simFeed?.receive(connection, text)
      }
    },
    step() {
      const untilUs = nowUs + QUARTER_US
      while (nowUs < untilUs) {
        nowUs += TICK_US
        advance(runtime, nowUs)
      }
    },
    ask({ channel, symbol, path }) {
      const payload = Buffer.from(
        answerOf(runtime, { path, restUrl: venue.history.restUrl, nowUs }),
      )
      const request = { url: `${venue.history.restUrl}${path}`, status: 200 }
      const about = { dialect: venue.history.dialect, channel, symbol, request }
      hear({ ...about, origin: 'rest', receivedTimeUs: nowUs + DELAY_US, payload })
    },
  }
}

function pathOf(url: string): string {
  return `ws://sim${new URL(url).pathname}`
}

function advance({ market, sim }: VenueRuntime, untilUs: number): void {
  market.advanceTo(untilUs, (fills) => {
    for (const feed of sim.feeds) {
      for (const print of sim.prints(fills)) feed.trade(print)
      feed.order(fills.at(-1)!)
    }
  })
  for (const feed of sim.feeds) {
    if (untilUs % QUARTER_US === 0) feed.quarter(untilUs)
    if (untilUs % SECOND_US === 0) feed.second(untilUs)
    feed.tick(untilUs)
  }
}

function answerOf(
  { sim }: VenueRuntime,
  { path, restUrl, nowUs }: { path: string; restUrl: string; nowUs: number },
): string {
  const url = new URL(`${restUrl}${path}`)
  const asked = { path: url.pathname, query: url.searchParams, address: 'bench' }
  const { status, body } = sim.rest.answer({ ...asked, nowUs, nowMs: nowUs / 1000 }, WHOLE_PAGE)
  assert(status === 200, `the simulator answers ${path}`)
  return body
}

/** Returns a connection that takes all it is sent. */
function createListener(hear: (text: string) => void): Connection {
  return {
    openedUs: START_US,
    open: true,
    stalledBy: null,
    send(text) {
      hear(text)
      return true
    },
    sendFrame(frame) {
      hear(frame.toString('utf8', headerBytes(frame)))
      return true
    },
    sendBytes() {},
    ping() {},
    stall() {},
    tick() {},
    close() {},
  }
}

/** Bytes before the text of an unmasked frame. */
function headerBytes(frame: Buffer): number {
  const length = frame[1] as number
  return length < 126 ? 2 : length === 126 ? 4 : 10
}
