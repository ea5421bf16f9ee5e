import type { EventSink, Rejection } from '../../market/event.ts'
import type { TradeSlot } from '../../market/trade.ts'
import { createTradeSlot } from '../../market/trade.ts'
import { TRADE_FIELDS } from './columns.ts'
import type { Row } from './row.ts'
import { columnWithValue, readSymbol, refuse } from './row.ts'
import { readTapeTimeUs } from './time.ts'
import { readSide, readWhole } from './values.ts'

const TRADE_ID = TRADE_FIELDS.indexOf('trade_id')
const FIRST_ID = TRADE_FIELDS.indexOf('first_id')
const LAST_ID = TRADE_FIELDS.indexOf('last_id')
const TIME = TRADE_FIELDS.indexOf('time')
const PRICE = TRADE_FIELDS.indexOf('price')
const SIZE = TRADE_FIELDS.indexOf('size')
const SIDE = TRADE_FIELDS.indexOf('side')
const SYMBOL = TRADE_FIELDS.indexOf('symbol')

const UNKNOWN_SIDE = 2

/** Trades that one aggregate may stand for; more would be taken for coverage on one word. */
const AGGREGATE_TRADES_MAX = 1_000_000

/** Sends the event of one line to the sink, or returns why there is none. */
export type ReadRow = (row: Row, sink: EventSink) => Rejection | null

/**
 * Returns a reader of lines that hold one trade each.
 *
 * Without a column of ids the file is a tape of its own, named by its hash, and its lines,
 * counted from 1, are the ids.
 */
export function createTradeReader(): ReadRow {
  const slot = createTradeSlot()
  return (row, sink) => {
    const rejection = fillSlot(row, slot)
    if (rejection === null) sink.trade(slot)
    return rejection
  }
}

function fillSlot(row: Row, slot: TradeSlot): Rejection | null {
  const { ranges, plan } = row
  const symbol = readSymbol(row, SYMBOL)
  if (symbol === null) return refuse(row, SYMBOL, 'bad_symbol', 'is no symbol')
  const wrongId = fillIds(row, slot)
  if (wrongId !== null) return wrongId
  const time = columnWithValue(row, TIME)
  const price = columnWithValue(row, PRICE)
  const size = columnWithValue(row, SIZE)
  if (time < 0) return refuse(row, TIME, 'missing_field', 'is empty')
  if (price < 0) return refuse(row, PRICE, 'missing_field', 'is empty')
  if (size < 0) return refuse(row, SIZE, 'missing_field', 'is empty')
  const spec = plan.specs[TIME]!
  const timeUs = readTapeTimeUs(ranges.bytes, ranges.starts[time]!, ranges.ends[time]!, spec.unit)
  if (timeUs < 0) return refuse(row, TIME, 'bad_time', 'is no time')
  if (timeUs + spec.baseUs > Number.MAX_SAFE_INTEGER) {
    return refuse(row, TIME, 'bad_time', 'lies too far ahead')
  }
  slot.item = row.item
  slot.symbol = symbol
  slot.eventTimeUs = timeUs + spec.baseUs
  slot.side = sideOf(row)
  slot.bytes = ranges.bytes
  slot.priceStart = ranges.starts[price]!
  slot.priceEnd = ranges.ends[price]!
  slot.sizeStart = ranges.starts[size]!
  slot.sizeEnd = ranges.ends[size]!
  return null
}

function fillIds(row: Row, slot: TradeSlot): Rejection | null {
  const { columnOf } = row.plan
  if (columnOf[TRADE_ID]! < 0) {
    const line = (row.record.request?.firstLine ?? 1) + row.item
    slot.tape = row.record.request?.file ?? ''
    slot.tradeId = line
    slot.firstId = line
    slot.lastId = line
    slot.tradeCount = 1
    return null
  }
  const tradeId = readId(row, TRADE_ID)
  if (tradeId < 0) return refuseId(row, TRADE_ID)
  slot.tape = ''
  slot.tradeId = tradeId
  if (columnOf[FIRST_ID]! < 0) {
    slot.firstId = tradeId
    slot.lastId = tradeId
    slot.tradeCount = 1
    return null
  }
  const firstId = readId(row, FIRST_ID)
  const lastId = readId(row, LAST_ID)
  if (firstId < 0) return refuseId(row, FIRST_ID)
  if (lastId < 0) return refuseId(row, LAST_ID)
  if (lastId < firstId) return refuse(row, LAST_ID, 'bad_id', `comes before ${firstId}`)
  if (lastId - firstId >= AGGREGATE_TRADES_MAX) {
    return refuse(row, LAST_ID, 'bad_id', `lies more than a million trades after ${firstId}`)
  }
  // The aggregate's own number counts aggregates; it is held under the trades it stands for.
  slot.tradeId = firstId
  slot.firstId = firstId
  slot.lastId = lastId
  slot.tradeCount = lastId - firstId + 1
  return null
}

function readId(row: Row, field: number): number {
  const column = columnWithValue(row, field)
  if (column < 0) return -1
  return readWhole(row.ranges.bytes, row.ranges.starts[column]!, row.ranges.ends[column]!)
}

function refuseId(row: Row, field: number): Rejection {
  return columnWithValue(row, field) < 0
    ? refuse(row, field, 'missing_field', 'is empty')
    : refuse(row, field, 'bad_id', 'is no id: a whole number below 2^53')
}

function sideOf(row: Row): number {
  const column = columnWithValue(row, SIDE)
  if (column < 0) return UNKNOWN_SIDE
  const { bytes, starts, ends } = row.ranges
  return readSide(bytes, starts[column]!, ends[column]!, row.plan.specs[SIDE]!.maker)
}
