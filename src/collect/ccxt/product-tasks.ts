import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/log.ts'
import type { IncidentLog } from '../incidents.ts'
import type { Caller } from './call.ts'
import type { CcxtExchange } from './module.ts'
import type { TradeStream } from './trade-stream.ts'
import type { CcxtWriter, Way } from './writer.ts'

const MINUTE_MS = 60_000
/** Candles are asked for this long after the end of a minute, when it is sure to be closed. */
const CANDLE_DELAY_MS = 12_000
/** How far back candles are asked for at first, and over again later: venues revise the newest. */
const CANDLES_BACK_MS = 60 * MINUTE_MS
const CANDLES_AGAIN_MS = 5 * MINUTE_MS
/** After so many new trades there may be more: the next page is asked for at once. */
const MORE = 100

/** What collecting one product needs. */
export interface ProductContext {
  readonly exchange: CcxtExchange
  readonly venue: string
  readonly symbol: string
  readonly way: Way
  readonly stream: TradeStream
  readonly writer: CcxtWriter
  readonly call: Caller
  readonly incidents: IncidentLog
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** Pause between two pages of trades. */
  readonly pollSeconds: number
}

/**
 * Asks for a product's trades again and again, each time for those since the newest one known.
 *
 * Pages overlap; where one does not reach back to the page before it, that is told as an incident:
 * nothing else could tell that trades are missing.
 */
export async function pollTrades(context: ProductContext): Promise<void> {
  const { exchange, symbol, stream, call, incidents, clock, signal } = context
  const about = { channel: 'fetchTrades', symbol }
  while (!signal.aborted) {
    const sinceUs = (stream.newestMs ?? 0) * 1000
    // One less: where `since` is exclusive, the page would not reach back to what is known.
    const sinceMs = stream.newestMs === null ? undefined : stream.newestMs - 1
    const answer = await call(about, () => exchange.fetchTrades(symbol, sinceMs))
    if (answer === null) return
    const { fresh, joined } = stream.take(answer.value, sinceMs)
    if (!joined) {
      const detail = 'a page of trades does not reach back to the one before; some may be missing'
      incidents.past({ ...about, cause: 'stale', fromUs: sinceUs, toUs: clock.nowUs(), detail })
    }
    if (fresh < MORE) await clock.sleep(context.pollSeconds * 1000, signal)
  }
}

/** Takes a product's trades from the library's socket, which it opens again after a failure. */
export async function watchTrades(context: ProductContext): Promise<void> {
  const { exchange, symbol, stream, call, signal } = context
  if (exchange.has.fetchTrades === true) {
    const about = { channel: 'fetchTrades', symbol }
    stream.learn((await call(about, () => exchange.fetchTrades(symbol)))?.value)
  }
  const about = { channel: 'watchTrades', symbol }
  while (!signal.aborted) {
    const answer = await call(about, async () => exchange.watchTrades?.(symbol))
    if (answer === null) return
    if (answer.failures > 0) stream.resume()
    stream.take(answer.value)
  }
}

/**
 * Asks for a product's one-minute candles each minute. Where trades come over a socket, a candle
 * with trades of which the socket told nothing shows that it has fallen silent: it is closed, and
 * the library opens another.
 */
export async function pollCandles(context: ProductContext): Promise<void> {
  const { exchange, symbol, writer, call, clock, signal } = context
  let beganMs = nowMs(clock)
  let sinceMs = beganMs - CANDLES_BACK_MS
  while (!signal.aborted) {
    const from = sinceMs - (sinceMs % MINUTE_MS)
    const askedMs = nowMs(clock)
    const answer = await call({ channel: 'fetchOHLCV', symbol }, () =>
      exchange.fetchOHLCV(symbol, '1m', from),
    )
    if (answer === null) return
    writer.write({ method: 'fetchOHLCV', symbol, sinceMs: from, value: answer.value })
    sinceMs = askedMs - CANDLES_AGAIN_MS
    if (context.way === 'ws' && isSilent(context, { value: answer.value, beganMs, askedMs })) {
      await reopen(context)
      // Only what trades from here on can show that this one is silent too.
      beganMs = nowMs(clock)
    }
    const untilMs = MINUTE_MS - (nowMs(clock) % MINUTE_MS) + CANDLE_DELAY_MS
    await clock.sleep(untilMs, signal)
  }
}

/** Whether a whole minute since the begin traded after the last trade that was told. */
function isSilent(
  { stream }: ProductContext,
  told: { readonly value: unknown; readonly beganMs: number; readonly askedMs: number },
): boolean {
  const rows: readonly unknown[] = Array.isArray(told.value) ? told.value : []
  const afterMs = Math.max(stream.newestMs ?? 0, told.beganMs)
  return rows.some((row) => {
    const [openMs, , , , , volume]: readonly unknown[] = Array.isArray(row) ? row : []
    const isWhole = typeof openMs === 'number' && openMs + MINUTE_MS <= told.askedMs
    return isWhole && openMs > afterMs && Number(volume) > 0
  })
}

async function reopen({ exchange, venue, symbol, stream, log, ...context }: ProductContext) {
  const { incidents, clock } = context
  const detail = 'a candle tells of trades of which the socket told nothing'
  log.warn({ venue, symbol }, `${exchange.name}: ${detail}; it is opened again`)
  const fromUs = stream.newestMs === null ? clock.nowUs() : stream.newestMs * 1000
  const toUs = clock.nowUs()
  incidents.past({ cause: 'stale', channel: 'watchTrades', symbol, fromUs, toUs, detail })
  await exchange.close()
}

function nowMs(clock: Clock): number {
  return Math.floor(clock.nowUs() / 1000)
}
