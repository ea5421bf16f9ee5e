import { firstElement } from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { isJsonRecord, kindOf, rejectFrame, type Tally } from '../frame.ts'
import type { Decoder } from '../venue.ts'
import { takeChart } from './decode-chart.ts'
import { takeMarkets } from './decode-markets.ts'
import { takeCandles } from './decode-ohlc.ts'
import { coinOf, isInDollars, REST_DIALECT } from './endpoint.ts'
import { readComplaint } from './wire.ts'

const STATUS_OK = 200

/** Decoders by dialect; there is one. */
export const decoders: Readonly<Record<string, Decoder>> = Object.freeze({
  [REST_DIALECT]: decodeRest,
})

/**
 * Decodes an answer of CoinGecko by its channel: `markets` and `market_chart` give snapshots,
 * `ohlc` candles; the rest is kept raw.
 *
 * A complaint is control, whatever its HTTP status: "rate limited" comes with 200 too, and must
 * not be read as "no such coin". Anything else that is not what was asked for is refused.
 */
function decodeRest(record: RawRecord, sink: EventSink): FrameKind {
  const { bytes, start, end, channel } = record
  if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the answer is not JSON')
  }
  const status = record.request?.status ?? STATUS_OK
  if (status !== STATUS_OK) return takeComplaint(record, sink, `the answer's status is ${status}`)
  switch (channel) {
    case 'markets':
      return takeRows(record, sink, 'the answer is no list', (target) =>
        firstElement(bytes, start, end) === -1 ? null : takeMarkets(record, target),
      )
    case 'market_chart':
      return takeHistory(record, sink, takeChart)
    case 'ohlc':
      return takeHistory(record, sink, takeCandles)
    case 'ping':
      return 'control'
    default:
      return readComplaint(bytes.subarray(start, end)) === null ? 'raw_only' : 'control'
  }
}

type TakeHistory = (record: RawRecord, symbol: string, sink: EventSink) => Tally | null

function takeHistory(record: RawRecord, sink: EventSink, take: TakeHistory): FrameKind {
  const symbol = record.symbol ?? coinOf(record.request?.url ?? '')
  if (symbol === null) return rejectFrame(sink, 'bad_symbol', 'nothing names the coin')
  return takeRows(record, sink, 'the answer is no history', (to) => take(record, symbol, to))
}

/** Facts are in dollars: figures in another currency would stand beside them unmarked. */
function takeRows(
  record: RawRecord,
  sink: EventSink,
  otherwise: string,
  take: (sink: EventSink) => Tally | null,
): FrameKind {
  if (!isInDollars(record.request?.url ?? '')) return 'raw_only'
  const tally = take(sink)
  return tally === null ? takeComplaint(record, sink, otherwise) : kindOf(tally)
}

function takeComplaint(record: RawRecord, sink: EventSink, detail: string): FrameKind {
  const { bytes, start, end } = record
  if (readComplaint(bytes.subarray(start, end)) !== null) return 'control'
  return rejectFrame(sink, 'malformed', detail)
}
