import {
  createFieldScanner,
  FIELD,
  firstElement,
  NOT_SCANNED,
  nextElement,
  scanFields,
  scanObject,
  skipValue,
} from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { createTradeSlot } from '../../market/trade.ts'
import { createTally, isJsonRecord, kindOf, rejectFrame } from '../frame.ts'
import { fillAggregate } from './aggregate.ts'
import * as fields from './fields.ts'
import { readListings } from './instruments.ts'
import { createKlineScanner, intervalUsOf, KLINE, takeKline } from './kline.ts'
import { createTemplate, matchTemplate } from './template.ts'
import { isErrorBody, parseJson } from './wire.ts'

const STATUS_OK = 200

/** An error is short: no page is parsed to learn that it is none. */
const ERROR_BYTES_MAX = 4096

const trade = fields.createPayloadScanner()
const kline = createKlineScanner()
const ticker = createFieldScanner(['symbol', 'lastId', 'closeTime'])
const slot = createTradeSlot()

const ROW = createTemplate(trade, '{"a":#,"p":"$","q":"$","f":#,"l":#,"T":#,"m":?,"M":?}')

/** A value of an answer, and what it is to be read with. */
interface Row {
  readonly record: RawRecord
  /** Ordinal in the answer. */
  readonly item: number
  readonly start: number
  readonly end: number
  readonly symbol: string | null
}

/** Reads one row, and tells what is wrong with it. */
type TakeRow = (row: Row, sink: EventSink) => fields.Fault | null

/**
 * Decodes an answer of REST by its channel: pages of `aggTrades` and `klines`, the listing
 * `exchangeInfo`, and `ticker24hr`, which is a witness of the last trade; others are kept raw.
 *
 * An error answer, by its status or by its shape, is control if it is one of Binance's own
 * (`{"code":…,"msg":…}`), and refused if not: a proxy's page says nothing about trades.
 */
export function decodeRest(record: RawRecord, sink: EventSink): FrameKind {
  if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the answer is not JSON')
  }
  const status = record.request?.status ?? STATUS_OK
  if (status !== STATUS_OK) return takeError(record, sink, `the answer's status is ${status}`)
  switch (record.channel) {
    case 'aggTrades':
      return takeRows(record, sink, takeAggregate)
    case 'klines':
      return intervalUsOf(intervalOf(record)) === null
        ? 'raw_only'
        : takeRows(record, sink, takeKlineRow)
    case 'ticker24hr':
      return takeTickers(record, sink)
    case 'exchangeInfo':
      return takeListing(record, sink)
    default:
      return isError(record) ? 'control' : 'raw_only'
  }
}

/** Reads a list, row by row; it is refused only if all of it was. */
function takeRows(record: RawRecord, sink: EventSink, take: TakeRow): FrameKind {
  const { bytes, start, end } = record
  let at = firstElement(bytes, start, end)
  if (at === NOT_SCANNED) return takeError(record, sink, 'the answer is no list')
  const symbol = record.symbol ?? symbolOf(record)
  const tally = createTally()
  for (; at >= 0; tally.item += 1) {
    const after = skipValue(bytes, at, end)
    if (after < 0) break
    const { item } = tally
    const fault = take({ record, item, start: at, end: after, symbol }, sink)
    if (fault === null) tally.accepted += 1
    else {
      tally.rejected += 1
      refuse(fault, { item, offset: at - start }, sink)
    }
    at = nextElement(bytes, after, end)
  }
  return kindOf(tally)
}

function takeAggregate({ record, item, start, end, symbol }: Row, sink: EventSink) {
  const { bytes } = record
  const matched = matchTemplate(ROW, bytes, start, end) === end
  const scanned = matched ? bytes : scanObject(trade, bytes, start, end)
  if (scanned === null) return NO_OBJECT
  const fault = fillAggregate(trade, scanned, symbol, slot)
  if (fault !== null) return fault
  slot.item = item
  sink.trade(slot)
  return null
}

/** Columns in order, by the field of a kline; the count is followed by the taker's volume. */
const COLUMNS_MIN = KLINE.takerBuyVolume + 1

function takeKlineRow({ record, item, start, end, symbol }: Row, sink: EventSink) {
  const { bytes, receivedTimeUs } = record
  if (symbol === null) return NO_SYMBOL
  kline.kinds.fill(FIELD.absent)
  let column = 0
  let at = firstElement(bytes, start, end)
  for (; at >= 0 && column < COLUMNS_MIN; column += 1) {
    const after = skipValue(bytes, at, end)
    if (after < 0) break
    const quoted = bytes[at] === 0x22
    // An escape in a number is no digit, so it is refused as what it is.
    kline.kinds[column] = quoted ? FIELD.string : FIELD.number
    kline.starts[column] = quoted ? at + 1 : at
    kline.ends[column] = quoted ? after - 1 : after
    at = nextElement(bytes, after, end)
  }
  if (column < COLUMNS_MIN) return NO_COLUMNS
  const intervalUs = intervalUsOf(intervalOf(record)) as number
  const candle = takeKline(kline, bytes, { item, symbol, intervalUs, closed: { receivedTimeUs } })
  if ('reason' in candle) return { ...candle, detail: `column ${candle.detail}` }
  sink.candle(candle)
  return null
}

/** Reads the 24 h summary of one symbol, or of several in a list. */
function takeTickers(record: RawRecord, sink: EventSink): FrameKind {
  const { bytes, start, end } = record
  if (firstElement(bytes, start, end) !== NOT_SCANNED) return takeRows(record, sink, takeTicker)
  if (isError(record)) return 'control'
  const row = { record, item: 0, start, end, symbol: record.symbol ?? symbolOf(record) }
  const fault = takeTicker(row, sink)
  if (fault === null) return 'event'
  refuse(fault, { item: 0, offset: 0 }, sink)
  return 'rejected'
}

function takeTicker({ record, start, end, symbol: asked }: Row, sink: EventSink) {
  const { bytes } = record
  if (scanFields(ticker, bytes, start, end) === NOT_SCANNED) return NO_OBJECT
  const [name, id, time] = [0, 1, 2]
  const named = ticker.kinds[name] !== FIELD.absent || asked === null
  const symbol = named ? fields.wordOf(ticker, bytes, name) : asked
  if (symbol === null) return fields.symbolFault(ticker, name)
  const lastId = fields.readLastId(ticker, bytes, id)
  if (Number.isNaN(lastId)) {
    return fields.fault(ticker, id, { reason: 'bad_id', problem: 'is no whole number up to 2^53' })
  }
  const timeUs = fields.readTimeUs(ticker, bytes, time)
  if (Number.isNaN(timeUs)) return fields.timeFault(ticker, time)
  // -1 stands for a day without a trade.
  if (lastId >= 0) sink.witness({ symbol, lastId, timeUs })
  return null
}

function takeListing(record: RawRecord, sink: EventSink): FrameKind {
  const found = readListings(record)
  if (found === null) return takeError(record, sink, 'the answer is no listing')
  for (const listing of found.listings) sink.listing(listing)
  for (const rejection of found.rejections) sink.reject(rejection)
  return kindOf({ accepted: found.listings.length, rejected: found.rejections.length })
}

const NO_OBJECT = { reason: 'malformed', detail: 'a row is no object', at: -1 } as const
const NO_COLUMNS = { reason: 'malformed', detail: 'a row has too few columns', at: -1 } as const
const NO_SYMBOL = { reason: 'bad_symbol', detail: 'nothing names the symbol', at: -1 } as const

function refuse(
  { reason, detail }: fields.Fault,
  at: { readonly item: number; readonly offset: number },
  sink: EventSink,
): void {
  sink.reject({ ...at, reason, detail })
}

function takeError(record: RawRecord, sink: EventSink, detail: string): FrameKind {
  return isError(record) ? 'control' : rejectFrame(sink, 'malformed', detail)
}

/** Whether the answer is Binance's own word of an error: `{"code":-1121,"msg":…}`. */
function isError({ bytes, start, end }: RawRecord): boolean {
  return end - start <= ERROR_BYTES_MAX && isErrorBody(parseJson(bytes.subarray(start, end)))
}

function symbolOf({ request }: RawRecord): string | null {
  return /[?&]symbol=([!-%'-.0-~]{1,64})(?:&|$)/.exec(request?.url ?? '')?.[1] ?? null
}

function intervalOf({ request }: RawRecord): string {
  return /[?&]interval=([0-9A-Za-z]{1,4})(?:&|$)/.exec(request?.url ?? '')?.[1] ?? '1m'
}
