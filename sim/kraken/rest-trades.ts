import type { TapeTrade } from '../market/tape.ts'
import { decimalText } from '../market/text.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import type { PageBend } from '../venue-sim.ts'
import { fixedText } from './numbers.ts'
import type { Pair } from './pair.ts'
import { INVALID, resultAnswer } from './rest-answer.ts'
import { isMarketOrder, tradeNanos, tradeSeconds } from './trade-facts.ts'

const COUNT_MAX = 1000
// Prices of trades have at least five decimals, whatever the pair's are; sizes eight.
const PRICE_DECIMALS_MIN = 5
const SIZE_DECIMALS_MIN = 8
// `since` may be given in whole seconds, too: nanoseconds of our days have nineteen digits.
const SECONDS_DIGITS_MAX = 11

function tradeRow({ product }: Pair, trade: TapeTrade): string {
  const { priceDecimals, sizeDecimals } = product
  const price = decimalText(trade.ticks, priceDecimals)
  const size = decimalText(trade.units, sizeDecimals)
  return (
    `["${fixedText(price, Math.max(priceDecimals, PRICE_DECIMALS_MIN))}",` +
    `"${fixedText(size, Math.max(sizeDecimals, SIZE_DECIMALS_MIN))}",` +
    `${tradeSeconds(trade.timeUs)},"${trade.makerBuys ? 's' : 'b'}",` +
    `"${isMarketOrder(trade.timeUs) ? 'm' : 'l'}","",${trade.tradeId}]`
  )
}

function readSince(text: string | null): bigint | null | undefined {
  if (text === null || text === '') return undefined
  if (!/^\d{1,19}$/.test(text)) return null
  return text.length <= SECONDS_DIGITS_MAX ? BigInt(text) * 1_000_000_000n : BigInt(text)
}

function readCount(text: string | null): number | null {
  if (text === null) return COUNT_MAX
  if (!/^\d{1,6}$/.test(text) || Number(text) < 1) return null
  return Math.min(Number(text), COUNT_MAX)
}

/** The index of the first trade later than a time, which may fall between two microseconds. */
function indexAfter(pair: Pair, nanos: bigint): number {
  const { tape } = pair.engine.ledger
  let index = tape.indexOfTime(Number(nanos / 1000n))
  while (index < tape.end && tradeNanos(tape.timeAt(index)) <= nanos) index += 1
  return index
}

/** Moves from `index` past so many trades that REST has; a negative number moves back. */
function walk(pair: Pair, index: number, rows: number): number {
  const { tape, isHidden } = pair.engine.ledger
  let at = index
  let left = Math.abs(rows)
  while (left > 0) {
    if (rows > 0 ? at >= tape.end : at <= tape.start) break
    const passed = rows > 0 ? at : at - 1
    if (!isHidden(tape.idAt(passed))) left -= 1
    at += rows > 0 ? 1 : -1
  }
  return at
}

function page(pair: Pair, from: number, until: number): readonly TapeTrade[] {
  const { tape, isHidden } = pair.engine.ledger
  const trades: TapeTrade[] = []
  for (let index = from; index < until; index += 1) {
    if (!isHidden(tape.idAt(index))) trades.push(tape.at(index))
  }
  return trades
}

/**
 * Answers `Trades`: oldest first, those after `since` (nanoseconds, excluded) or else the
 * latest, at most a thousand.
 *
 * `last` is the time of the last row: as the next `since` it goes on after every trade of that
 * time. Where a page ends amid trades of one time, the others of them are on no page at all.
 */
export function tradesAnswer(
  pair: Pair,
  query: URLSearchParams,
  asked: { readonly bend: PageBend; readonly key: string },
): RestAnswer {
  const since = readSince(query.get('since'))
  const count = readCount(query.get('count'))
  if (since === null || count === null) return INVALID
  const { tape } = pair.engine.ledger
  const start = since === undefined ? walk(pair, tape.end, -count) : indexAfter(pair, since)
  const { rowsMax, overlap } = asked.bend
  const until = walk(pair, start, Math.min(count, rowsMax ?? count))
  const trades = page(pair, walk(pair, start, -overlap), until)
  const newest = trades.at(-1)
  const last = newest === undefined ? (since ?? 0n) : tradeNanos(newest.timeUs)
  const rows = trades.map((trade) => tradeRow(pair, trade)).join(',')
  return resultAnswer(`{"${asked.key}":[${rows}],"last":"${last}"}`)
}
