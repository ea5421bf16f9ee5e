import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import type { HistoryRange, Venue } from '../venues/venue.ts'
import type { Diary } from './diary.ts'
import { driveHistory } from './history.ts'
import type { RestClient } from './rest-client.ts'

const POLL_SECONDS = 300
const MINUTE_US = 60_000_000

/** Everything polling over REST needs. */
export interface PollOptions {
  readonly venue: Venue
  readonly rest: RestClient
  readonly diary: Diary
  readonly clock: Clock
  readonly log: Logger
  /** The venue's symbols; looked at before each poll. */
  readonly products: () => readonly string[]
  /** Pause between the starts of two polls. @default 300 */
  readonly everySeconds?: number
  /**
   * The newest trade held of a symbol, or `null` if none is; a rejection counts as `null`, for
   * what lies further back is then a hole that repair fills.
   */
  readonly lastHeld: (symbol: string) => Promise<HeldTrade | null>
}

/** A trade that is held. */
export interface HeldTrade {
  readonly id: number
  /** The venue's clock, epoch microseconds. */
  readonly timeUs: number
}

/** How polling goes. */
export interface PollStatus {
  readonly polls: number
  /** Trades newer than the poll before them; a poll that failed half way counts its own. */
  readonly trades: number
  /** When the last poll ended and the next is due, epoch microseconds; 0 before the first. */
  readonly lastPollUs: number
  readonly nextPollUs: number
  /** Why the last poll failed, or `null`. */
  readonly failure: string | null
}

/** Polls for as long as it runs. */
export interface Poller {
  /** Polls at once and then at the interval, until aborted; rejects only on our own mistakes. */
  run(signal: AbortSignal): Promise<void>
  status(): PollStatus
}

interface Product {
  readonly symbol: string
  /** The newest trade seen by a poll that reached back to the one before. */
  seen: HeldTrade | null
  /** When the last such poll began. */
  sinceUs: number
}

/**
 * Prepares polling: each poll walks from the newest trade back to the last one seen before, so
 * nothing between two polls is missed, and fetches the venue's candles of the span beside.
 *
 * A poll that fails moves nothing on: the next one walks back to where the last good one began.
 */
export function createPoller(options: PollOptions): Poller {
  const { venue, rest, diary, clock, log } = options
  const everyMs = (options.everySeconds ?? POLL_SECONDS) * 1000
  const tally = { polls: 0, trades: 0, lastPollUs: 0, nextPollUs: 0 }
  let failure: string | null = null

  async function pollTrades(product: Product, range: HistoryRange, signal: AbortSignal) {
    const onTrade = (id: number) => {
      if (id >= (range.firstId ?? 0)) tally.trades += 1
    }
    const drive = { range, priority: 'live' as const, signal, onTrade }
    const outcome = await driveHistory({ venue, rest, diary }, drive)
    if (outcome.ended !== 'done') throw refused(venue, range.symbol, outcome.status)
    if (outcome.trades === 0 || outcome.greatestId < (product.seen?.id ?? 0)) return
    product.seen = { id: outcome.greatestId, timeUs: outcome.greatestTimeUs }
  }

  async function poll(product: Product, signal: AbortSignal): Promise<void> {
    const toUs = clock.nowUs()
    const { symbol, seen, sinceUs } = product
    const back =
      seen === null
        ? { firstId: null, fromUs: sinceUs }
        : { firstId: seen.id + 1, fromUs: seen.timeUs }
    await pollTrades(product, { symbol, ...back, toUs, lastId: null }, signal)
    // A minute more than the span: the candle that was forming then has closed since.
    const fromUs = floorMinute(sinceUs) - MINUTE_US
    const range = { symbol, fromUs, toUs, firstId: null, lastId: null }
    const kind = 'candles' as const
    await driveHistory({ venue, rest, diary }, { range, kind, priority: 'live', signal })
    product.sinceUs = toUs
  }

  async function pollAll(products: readonly Product[], signal: AbortSignal): Promise<void> {
    for (const product of products) {
      if (signal.aborted) return
      try {
        await poll(product, signal)
        failure = null
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof AssayError)) throw error
        log.warn({ code: error.code }, `poll of ${product.symbol} failed: ${error.message}`)
        failure = error.message
      }
    }
    tally.polls += 1
    tally.lastPollUs = clock.nowUs()
  }

  async function run(signal: AbortSignal): Promise<void> {
    let products: readonly Product[] = []
    while (!signal.aborted) {
      const startMs = clock.monotonicMs()
      products = await follow(options, products)
      await pollAll(products, signal)
      const restMs = Math.max(0, everyMs - (clock.monotonicMs() - startMs))
      tally.nextPollUs = clock.nowUs() + Math.round(restMs * 1000)
      await clock.sleep(restMs, signal)
    }
  }

  return { run, status: () => ({ ...tally, failure }) }
}

/** Returns the products wanted now; those that are new are followed from here on. */
async function follow(
  options: PollOptions,
  known: readonly Product[],
): Promise<readonly Product[]> {
  const nowUs = options.clock.nowUs()
  const wanted = options.products()
  const fresh = wanted.filter((symbol) => !known.some((product) => product.symbol === symbol))
  if (fresh.length > 0) openScope(options, fresh, nowUs)
  const open = async (symbol: string): Promise<Product> => {
    const seen = await options.lastHeld(symbol).catch(() => null)
    return { symbol, seen, sinceUs: floorMinute(nowUs) }
  }
  const opened = await Promise.all(fresh.map(open))
  return [...known.filter(({ symbol }) => wanted.includes(symbol)), ...opened]
}

/** Says in the diary that these products are followed from now on, by the history's channel. */
function openScope(options: PollOptions, symbols: readonly string[], nowUs: number): void {
  const { venue, diary } = options
  const about = { fromUs: nowUs - MINUTE_US, toUs: nowUs, firstId: null, lastId: null }
  const step = venue.history.next({ symbol: symbols[0] ?? '', ...about }, null)
  const channel = step.done ? 'trades' : step.request.channel
  diary.write({ event: 'subscribe', venue: venue.id, channel, symbols, fact: true })
}

function refused(venue: Venue, symbol: string, status: number): AssayError {
  const message = `${venue.name} refuses the trades of ${symbol} (status ${status})`
  return new AssayError('ASSAY_VENUE_REFUSED', message, { retry: 'backoff', context: { status } })
}

function floorMinute(timeUs: number): number {
  return timeUs - (timeUs % MINUTE_US)
}
