import { MINUTE_US } from '../market/bucket.ts'
import type { Decimal, DecimalSum } from '../market/decimal.ts'
import {
  addDecimalToSum,
  addProductToSum,
  addToSum,
  compareDecimal,
  createSum,
  multiplyDecimal,
  parseDecimal,
} from '../market/decimal.ts'
import type { TradeColumns } from '../market/trade-columns.ts'

const BUY = 0
/** Powers of ten by exponent; decimals of a price are 18 at most. */
const TENS = Float64Array.from({ length: 19 }, (_, exponent) => 10 ** exponent)

/**
 * What a batch adds to one minute of one tape: a commutative aggregate.
 *
 * Prices are remembered by the row that holds them, so nothing is written out per trade.
 */
export interface MinuteFold {
  readonly openTimeUs: number
  readonly endUs: number
  count: number
  /** Trades that did not come from the socket. */
  otherCount: number
  openRow: number
  closeRow: number
  highRow: number
  lowRow: number
  minId: number
  maxId: number
  readonly volume: DecimalSum
  readonly notional: DecimalSum
  readonly takerBuy: DecimalSum
}

/** Opens the fold of the minute that holds row `row`, without counting it. */
export function openFold(columns: TradeColumns, row: number): MinuteFold {
  const timeUs = columns.eventTimeUs[row] as number
  const openTimeUs = timeUs - (timeUs % MINUTE_US)
  return {
    openTimeUs,
    endUs: openTimeUs + MINUTE_US,
    count: 0,
    otherCount: 0,
    openRow: row,
    closeRow: row,
    highRow: row,
    lowRow: row,
    minId: columns.firstId[row] as number,
    maxId: columns.lastId[row] as number,
    volume: createSum(),
    notional: createSum(),
    takerBuy: createSum(),
  }
}

/** Adds a row to its minute. */
export function addToFold(fold: MinuteFold, columns: TradeColumns, row: number): void {
  fold.count += columns.tradeCount[row] as number
  if (columns.origin[row] !== 0) fold.otherCount += columns.tradeCount[row] as number
  if (isBefore(columns, row, fold.openRow)) fold.openRow = row
  if (isBefore(columns, fold.closeRow, row)) fold.closeRow = row
  const mantissa = columns.priceMantissa[row] as number
  const scale = columns.priceScale[row] as number
  if (comparePrice(columns, row, fold.highRow) > 0) fold.highRow = row
  if (comparePrice(columns, row, fold.lowRow) < 0) fold.lowRow = row
  const firstId = columns.firstId[row] as number
  const lastId = columns.lastId[row] as number
  if (firstId < fold.minId) fold.minId = firstId
  if (lastId > fold.maxId) fold.maxId = lastId
  const size = columns.sizeMantissa[row] as number
  const sizeScale = columns.sizeScale[row] as number
  // NaN stands for a decimal too wide for a Number, here and in the product.
  if (Number.isNaN(mantissa * size)) {
    addWide(fold, columns, row)
    return
  }
  addToSum(fold.volume, size, sizeScale)
  addProductToSum(fold.notional, mantissa, scale, size, sizeScale)
  if (columns.side[row] === BUY) addToSum(fold.takerBuy, size, sizeScale)
}

/** Order of trades is (time, id). */
function isBefore(columns: TradeColumns, a: number, b: number): boolean {
  const timeA = columns.eventTimeUs[a] as number
  const timeB = columns.eventTimeUs[b] as number
  if (timeA !== timeB) return timeA < timeB
  return (columns.tradeId[a] as number) < (columns.tradeId[b] as number)
}

function comparePrice(columns: TradeColumns, a: number, b: number): number {
  let left = columns.priceMantissa[a] as number
  let right = columns.priceMantissa[b] as number
  const places = (columns.priceScale[a] as number) - (columns.priceScale[b] as number)
  if (places > 0) right *= TENS[places] as number
  else if (places < 0) left *= TENS[-places] as number
  // A wide price is NaN, which no comparison admits, and goes the slow way with what is unsafe.
  if (left <= Number.MAX_SAFE_INTEGER && right <= Number.MAX_SAFE_INTEGER) return left - right
  return compareDecimal(decimalAt(columns, a, 'price'), decimalAt(columns, b, 'price'))
}

function addWide(fold: MinuteFold, columns: TradeColumns, row: number): void {
  const price = decimalAt(columns, row, 'price')
  const size = decimalAt(columns, row, 'size')
  addDecimalToSum(fold.volume, size)
  addDecimalToSum(fold.notional, multiplyDecimal(price, size))
  if (columns.side[row] === BUY) addDecimalToSum(fold.takerBuy, size)
}

function decimalAt(columns: TradeColumns, row: number, field: 'price' | 'size'): Decimal {
  const start = field === 'price' ? columns.priceStart[row] : columns.priceEnd[row]
  const end = field === 'price' ? columns.priceEnd[row] : columns.sizeEnd[row]
  const text = String.fromCharCode(...columns.text.subarray(start, end))
  return parseDecimal(text) as Decimal
}
