import type { RawRecord } from './record.ts'
import { ORIGINS } from './record.ts'
import type { TradeSlot } from './trade.ts'

/** What numbers a batch's trades: an instrument of a venue on one tape. */
export interface TapeKey {
  readonly venue: string
  readonly symbol: string
  /** Empty for the venue's own numbering, else a file's hash. */
  readonly tape: string
}

/** A decimal as read for a column: `mantissa / 10^scale`; NaN where it passes 2^53. */
export interface ColumnDecimal {
  mantissa: number
  scale: number
}

/**
 * A bounded batch of trades by columns, the form in which they pass from a decoder's thread
 * to the writer's: typed arrays are handed over, not copied, and no object is made per trade.
 *
 * Canonical decimal text is kept once for the batch in `text`; `priceEnd[i]` closes the price
 * that opens at `priceStart[i]`, and the size follows it up to `sizeEnd[i]`.
 */
export class TradeColumns {
  count = 0
  textLength = 0
  capacity: number
  /** Index into the list of tape keys the decoder keeps. */
  key: Int32Array
  tradeId: Float64Array
  firstId: Float64Array
  lastId: Float64Array
  tradeCount: Int32Array
  eventTimeUs: Float64Array
  priceMantissa: Float64Array
  priceScale: Uint8Array
  sizeMantissa: Float64Array
  sizeScale: Uint8Array
  side: Uint8Array
  origin: Uint8Array
  receivedTimeUs: Float64Array
  pos: Float64Array
  item: Int32Array
  priceStart: Uint32Array
  priceEnd: Uint32Array
  sizeEnd: Uint32Array
  text: Uint8Array

  /** @param capacity trades at most; text grows to 40 bytes each before a batch is full. */
  constructor(capacity: number) {
    this.capacity = capacity
    this.key = new Int32Array(capacity)
    this.tradeId = new Float64Array(capacity)
    this.firstId = new Float64Array(capacity)
    this.lastId = new Float64Array(capacity)
    this.tradeCount = new Int32Array(capacity)
    this.eventTimeUs = new Float64Array(capacity)
    this.priceMantissa = new Float64Array(capacity)
    this.priceScale = new Uint8Array(capacity)
    this.sizeMantissa = new Float64Array(capacity)
    this.sizeScale = new Uint8Array(capacity)
    this.side = new Uint8Array(capacity)
    this.origin = new Uint8Array(capacity)
    this.receivedTimeUs = new Float64Array(capacity)
    this.pos = new Float64Array(capacity)
    this.item = new Int32Array(capacity)
    this.priceStart = new Uint32Array(capacity)
    this.priceEnd = new Uint32Array(capacity)
    this.sizeEnd = new Uint32Array(capacity)
    this.text = new Uint8Array(capacity * 40 + 128)
  }
}

/** Doubles a batch's room, keeping what it holds: for the rare record of very many trades. */
export function growColumns(columns: TradeColumns): void {
  const bigger = new TradeColumns(columns.capacity * 2)
  for (const [name, value] of Object.entries(bigger)) {
    if (!ArrayBuffer.isView(value)) continue
    const room = value as Float64Array
    room.set(columns[name as 'tradeId'])
    columns[name as 'tradeId'] = room
  }
  columns.capacity = bigger.capacity
}

/** Lists the buffers of a batch, to be handed to another thread. */
export function columnBuffers(columns: TradeColumns): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = []
  for (const value of Object.values(columns)) {
    if (ArrayBuffer.isView(value)) buffers.push(value.buffer as ArrayBuffer)
  }
  return buffers
}

/** Writes everything of a trade but its decimals into row `count`; the caller then counts it. */
export function pushTrade(
  columns: TradeColumns,
  slot: Readonly<TradeSlot>,
  from: { readonly key: number; readonly record: RawRecord },
): void {
  const row = columns.count
  columns.key[row] = from.key
  columns.tradeId[row] = slot.tradeId
  columns.firstId[row] = slot.firstId
  columns.lastId[row] = slot.lastId
  columns.tradeCount[row] = slot.tradeCount
  columns.eventTimeUs[row] = slot.eventTimeUs
  columns.side[row] = slot.side
  columns.origin[row] = originCode(from.record)
  columns.receivedTimeUs[row] = from.record.receivedTimeUs
  columns.pos[row] = from.record.pos
  columns.item[row] = slot.item
}

function originCode(record: RawRecord): number {
  return record.origin === 'ws' ? 0 : ORIGINS.indexOf(record.origin)
}
