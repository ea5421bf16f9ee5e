import { assert } from '../src/core/assert.ts'
import { findVenue } from '../src/venues/index.ts'
import type { Subscription } from '../src/venues/venue.ts'
import { createSimTape, type SimFrame, type SimTape } from './sim-frames.ts'

/** Venues whose decoders are measured. */
export const VENUES = ['coinbase', 'binance-us', 'kraken', 'coingecko'] as const

/** One of {@link VENUES}. */
export type VenueName = (typeof VENUES)[number]

/** Frames of each channel in a hundred. Tickers and heartbeats are read, but make no facts. */
const MIXES: Readonly<Record<VenueName, Readonly<Record<string, number>>>> = {
  coinbase: { matches: 80, ticker: 15, heartbeat: 5 },
  'binance-us': { aggTrade: 85, kline_1m: 15 },
  kraken: { trade: 80, ohlc: 10, ticker: 10 },
  coingecko: { markets: 80, market_chart: 10, ohlc: 10 },
}

/** Steps of a quarter of a second after which a channel that says nothing more is a mistake. */
const STEPS_MAX = 20_000
const TRADES_PER_SECOND = 300
const HISTORY_MINUTES = 1
const POLL_STEPS = 60
const AGGREGATOR_HISTORY_MINUTES = 240

/** Returns so many frames of a venue, its channels as in the mix and spread evenly. */
export function sampleFrames(venue: VenueName, frames: number, seed: number): SimFrame[] {
  const heard = new Map<string, SimFrame[]>()
  const wanted = Object.entries(MIXES[venue]).map(
    ([channel, part]) => [channel, Math.ceil((frames * part) / 100)] as const,
  )
  for (const [channel] of wanted) heard.set(channel, [])
  const hear = (frame: SimFrame) => heard.get(frame.channel)?.push(frame)
  const isFull = () => wanted.every(([channel, count]) => heard.get(channel)!.length >= count)
  if (venue === 'coingecko') playPolls(seed, hear, isFull)
  else playFeed(venue, { seed, hear, isFull })
  return wanted
    .flatMap(([channel, count]) =>
      heard
        .get(channel)!
        .slice(0, count)
        .map((frame, at) => ({ frame, at: (at + 0.5) / count })),
    )
    .toSorted((a, b) => a.at - b.at)
    .map(({ frame }) => frame)
}

/** Listens to a venue's feed until there is enough. */
function playFeed(
  venue: Exclude<VenueName, 'coingecko'>,
  about: { seed: number; hear: (frame: SimFrame) => void; isFull: () => boolean },
): void {
  const { seed, hear, isFull } = about
  const pace = { tradesPerSecond: TRADES_PER_SECOND, historyMinutes: HISTORY_MINUTES }
  const tape = createSimTape({ venue, seed, ...pace }, hear)
  const [feed] = Object.values(findVenue(venue)!.feeds)
  const subscriptions = feed!.channels.flatMap((channel): Subscription[] =>
    tape.symbols.map((symbol) => ({ channel, symbol })),
  )
  tape.subscribe(subscriptions)
  stepUntil(tape, isFull)
}

/** Polls the aggregator every quarter of a minute, and now and then asks for history. */
function playPolls(seed: number, hear: (frame: SimFrame) => void, isFull: () => boolean): void {
  const pace = { tradesPerSecond: 1, historyMinutes: AGGREGATOR_HISTORY_MINUTES }
  const tape = createSimTape({ venue: 'coingecko', seed, ...pace }, hear)
  const source = findVenue('coingecko')!.snapshots!
  const page = source.page({ kind: 'ids', ids: tape.symbols.slice(0, 10) }, null)
  assert(page !== null, 'coins are asked for in a page')
  let polls = 0
  stepUntil(tape, () => {
    tape.ask(page)
    if (polls % 8 === 0) {
      const coin = tape.symbols[polls % tape.symbols.length]!
      for (const request of source.history(coin, 1)) tape.ask(request)
    }
    polls += 1
    for (let step = 0; step < POLL_STEPS; step += 1) tape.step()
    return isFull()
  })
}

function stepUntil(tape: SimTape, isFull: () => boolean): void {
  let steps = 0
  for (; steps < STEPS_MAX && !isFull(); steps += 1) tape.step()
  assert(steps < STEPS_MAX, 'every channel of the mix says something')
}
