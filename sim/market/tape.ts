import { assert } from '../../src/core/assert.ts'

const CHUNK_BITS = 16
const CHUNK_SIZE = 1 << CHUNK_BITS

/** One trade as it is kept: 25 bytes, so that ten million of them are 250 MB. */
interface Chunk {
  readonly timesUs: Float64Array
  readonly sizes: Float64Array
  readonly ticks: Uint32Array
  readonly ids: Uint32Array
  readonly flags: Uint8Array
}

/** The facts of one trade, as the tape keeps them. */
export interface TapeTrade {
  readonly tradeId: number
  /** Epoch microseconds; never less than the trade before it. */
  readonly timeUs: number
  readonly ticks: number
  readonly units: number
  /** Whether the resting order was a buy, so that the taker sold. */
  readonly makerBuys: boolean
  /** Whether it is the first fill of its taker's order. */
  readonly opensOrder: boolean
}

/**
 * Every trade of one product in order, in columns.
 *
 * Trades are addressed by index, from {@link Tape.start} (the oldest still kept) up to
 * {@link Tape.end}; an index keeps its meaning when older trades are let go.
 */
export interface Tape {
  readonly start: number
  readonly end: number
  append(trade: TapeTrade): void
  at(index: number): TapeTrade
  timeAt(index: number): number
  idAt(index: number): number
  /** The first index whose trade id is at least `id`; `end` if there is none. */
  indexOfId(id: number): number
  /** The first index whose time is at least `timeUs`; `end` if there is none. */
  indexOfTime(timeUs: number): number
  /** Lets the oldest 65,536 trades go; returns how many, 0 while only one block is held. */
  evict(): number
}

function createChunk(): Chunk {
  return {
    timesUs: new Float64Array(CHUNK_SIZE),
    sizes: new Float64Array(CHUNK_SIZE),
    ticks: new Uint32Array(CHUNK_SIZE),
    ids: new Uint32Array(CHUNK_SIZE),
    flags: new Uint8Array(CHUNK_SIZE),
  }
}

/** Returns an empty tape whose ids start at `firstTradeId`. */
export function createTape(firstTradeId: number): Tape {
  const chunks: Chunk[] = []
  let evicted = 0
  let end = 0
  const chunkOf = (index: number) => chunks[(index >>> CHUNK_BITS) - evicted]!
  const slotOf = (index: number) => index & (CHUNK_SIZE - 1)
  const idAt = (index: number) => firstTradeId + chunkOf(index).ids[slotOf(index)]!
  const timeAt = (index: number) => chunkOf(index).timesUs[slotOf(index)]!
  const search = (valueAt: (index: number) => number, wanted: number) => {
    let low = evicted * CHUNK_SIZE
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (valueAt(middle) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    get start() {
      return evicted * CHUNK_SIZE
    },
    get end() {
      return end
    },
    append(trade) {
      assert(trade.ticks > 0 && trade.ticks < 2 ** 32, 'a price fits 32 bits of ticks')
      assert(trade.units > 0 && Number.isSafeInteger(trade.units), 'a size is whole units')
      if (slotOf(end) === 0) chunks.push(createChunk())
      const chunk = chunkOf(end)
      const slot = slotOf(end)
      chunk.timesUs[slot] = trade.timeUs
      chunk.sizes[slot] = trade.units
      chunk.ticks[slot] = trade.ticks
      chunk.ids[slot] = trade.tradeId - firstTradeId
      chunk.flags[slot] = (trade.makerBuys ? 1 : 0) | (trade.opensOrder ? 2 : 0)
      end += 1
    },
    at(index) {
      assert(index >= evicted * CHUNK_SIZE && index < end, 'the trade is still held')
      const chunk = chunkOf(index)
      const slot = slotOf(index)
      return {
        tradeId: firstTradeId + chunk.ids[slot]!,
        timeUs: chunk.timesUs[slot]!,
        ticks: chunk.ticks[slot]!,
        units: chunk.sizes[slot]!,
        makerBuys: (chunk.flags[slot]! & 1) === 1,
        opensOrder: (chunk.flags[slot]! & 2) === 2,
      }
    },
    timeAt,
    idAt,
    indexOfId: (id) => search(idAt, id),
    indexOfTime: (timeUs) => search(timeAt, timeUs),
    evict() {
      if (chunks.length < 2) return 0
      chunks.shift()
      evicted += 1
      return CHUNK_SIZE
    },
  }
}
