import { MINUTE_US } from '../../market/bucket.ts'
import { readSymbol } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'
import { type CandleFacts, type CandleText, COLUMN, createCandleText } from './candle.ts'
import { readWhole } from './fields.ts'
import { isAt, joint, plainEnd, skipNumber } from './joints.ts'

/** The text between two values of a frame of one candle. */
const HEAD = joint('{"channel":"ohlc","type":"update","timestamp":"')
const SYMBOL = joint('","data":[{"symbol":"')
const PRICES = [joint('","open":'), joint(',"high":'), joint(',"low":'), joint(',"close":')]
const TRADES = joint(',"trades":')
const VOLUMES = [joint(',"volume":'), joint(',"vwap":')]
const BEGIN = joint(',"interval_begin":"')
const INTERVAL = joint('","interval":1,"timestamp":"')
const LAST = joint('"}]}')

/** A time that begins an interval, as Kraken writes it: with nanoseconds. */
const TIME_LENGTH = 30

/** One candle of a minute as a frame tells it; filled again and again. */
export interface CandleFrame {
  readonly facts: { -readonly [Field in keyof CandleFacts]: CandleFacts[Field] }
  readonly text: CandleText
}

/** Returns an empty candle for a reader to own. */
export function createCandleFrame(): CandleFrame {
  const facts = { item: 0, symbol: '', openTimeUs: 0, tradeCount: 0, closed: false }
  return { facts: { ...facts, intervalUs: MINUTE_US }, text: createCandleText() }
}

/**
 * Reads a frame of one candle of a minute written exactly as Kraken writes it today.
 *
 * Answers `false`, with the candle in an unknown state, for anything that differs in the least,
 * a snapshot and another width among it; the scanner reads those. Where it answers `true` it has
 * seen every byte that could have changed the answer; of a frame that is JSON, that is. What its
 * decimals are worth it does not ask.
 */
export function readCandleFrame(
  bytes: Uint8Array,
  start: number,
  end: number,
  frame: CandleFrame,
): boolean {
  if (!isAt(bytes, start, HEAD)) return false
  let at = plainEnd(bytes, start + HEAD.length, end)
  if (at < 0 || !isAt(bytes, at, SYMBOL)) return false
  at += SYMBOL.length
  const symbolStart = at
  while (at < end && bytes[at] !== 0x22) at += 1
  const symbol = readSymbol(bytes, symbolStart, at)
  if (symbol === null) return false
  const { facts, text } = frame
  text.bytes = bytes
  at = readNumbers(text, at, PRICES)
  if (!isAt(bytes, at, TRADES)) return false
  at += TRADES.length
  const countStart = at
  at = skipNumber(bytes, at, end)
  const tradeCount = readWhole(bytes, countStart, at)
  at = readNumbers(text, at, VOLUMES)
  if (Number.isNaN(tradeCount) || !isAt(bytes, at, BEGIN)) return false
  at += BEGIN.length
  // Reading a time looks at each of its bytes, so no quote hides within.
  const openTimeUs = at + TIME_LENGTH < end ? readTimeUs(bytes, at, at + TIME_LENGTH) : Number.NaN
  if (!(openTimeUs > 0) || openTimeUs % MINUTE_US !== 0) return false
  at += TIME_LENGTH
  if (!isAt(bytes, at, INTERVAL)) return false
  at = plainEnd(bytes, at + INTERVAL.length, end)
  facts.symbol = symbol
  facts.openTimeUs = openTimeUs
  facts.tradeCount = tradeCount
  return at >= 0 && isAt(bytes, at, LAST) && at + LAST.length === end
}

/** Notes the numbers after these joints; returns the index after them, or -1. */
function readNumbers(text: CandleText, start: number, joints: readonly Uint8Array[]): number {
  const { bytes, starts, ends } = text
  // Volume and average stand after the four prices, in the frame as in the columns.
  const first = joints === PRICES ? COLUMN.open : COLUMN.volume
  let at = start
  for (let i = 0; i < joints.length; i += 1) {
    const key = joints[i] as Uint8Array
    if (!isAt(bytes, at, key)) return -1
    at += key.length
    starts[first + i] = at
    at = skipNumber(bytes, at, bytes.length)
    ends[first + i] = at
  }
  return at
}
