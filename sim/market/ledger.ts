import type { Random } from '../../src/core/random.ts'
import type { Ranges } from '../service/ranges.ts'
import { createRanges } from '../service/ranges.ts'
import type { Product } from './product.ts'
import type { Tape, TapeTrade } from './tape.ts'
import { createTape } from './tape.ts'

/** One execution as it happens: the tape's facts and what only the live feed tells. */
export interface Fill extends TapeTrade {
  readonly product: Product
  /** The engine's sequence number: grows by more than one between trades. */
  readonly sequence: number
  /** Ordinals of the two orders; see `orderId`. */
  readonly makerOrder: number
  readonly takerOrder: number
  readonly closesOrder: boolean
}

/** What a fill is made of before it is numbered. */
export interface Execution {
  readonly timeUs: number
  readonly ticks: number
  readonly units: number
  readonly makerBuys: boolean
  readonly opensOrder: boolean
  readonly closesOrder: boolean
}

/** Numbers executions, orders and engine events, and writes them to the tape. */
export interface Ledger {
  readonly tape: Tape
  readonly sequence: number
  readonly lastFill: Fill | null
  readonly openTicks: number
  readonly highTicks: number
  readonly lowTicks: number
  readonly volumeUnits: number
  write(execution: Execution): Fill
  /** Skips `count` trade ids for good: they will never have existed. */
  skipIds(count: number): readonly [firstId: number, lastId: number]
  /** Ids that were skipped. */
  readonly skipped: Ranges
  /** Takes trades out of REST for good, though they were made. */
  hide(firstId: number, lastId: number): void
  /** Whether REST lacks this trade. */
  isHidden(tradeId: number): boolean
}

// One maker in five is large enough to meet the next taker too, and keeps its order id.
const SAME_MAKER_PART = 0.2

/** Returns an empty ledger that counts from the product's first numbers. */
export function createLedger(random: Random, product: Product): Ledger {
  const tape = createTape(product.firstTradeId)
  const skipped = createRanges()
  const hidden = createRanges()
  let nextId = product.firstTradeId
  let sequence = product.firstSequence
  let orders = 0
  let makerOrder = 0
  let takerOrder = 0
  let lastFill: Fill | null = null
  let [openTicks, highTicks, lowTicks, volumeUnits] = [0, 0, 0, 0]

  function numberOrders(execution: Execution): void {
    if (execution.opensOrder) {
      orders += 1
      takerOrder = orders
    }
    const { opensOrder, makerBuys } = execution
    const sameSide = lastFill?.makerBuys === makerBuys
    if (opensOrder && sameSide && random.next() < SAME_MAKER_PART) return
    orders += 1
    makerOrder = orders
  }

  return {
    tape,
    get sequence() {
      return sequence
    },
    get lastFill() {
      return lastFill
    },
    get openTicks() {
      return openTicks
    },
    get highTicks() {
      return highTicks
    },
    get lowTicks() {
      return lowTicks
    },
    get volumeUnits() {
      return volumeUnits
    },
    write(execution) {
      numberOrders(execution)
      const { ticks, units, opensOrder } = execution
      sequence += opensOrder ? random.int(2, 1500) : random.int(2, 4)
      if (openTicks === 0) openTicks = lowTicks = highTicks = ticks
      highTicks = Math.max(highTicks, ticks)
      lowTicks = Math.min(lowTicks, ticks)
      volumeUnits += units
      const fill = { ...execution, tradeId: nextId, product, sequence, makerOrder, takerOrder }
      nextId += 1
      tape.append(fill)
      lastFill = fill
      return fill
    },
    skipIds(count) {
      nextId += count
      skipped.add(nextId - count, nextId - 1)
      return [nextId - count, nextId - 1]
    },
    skipped,
    hide: hidden.add,
    isHidden: (tradeId) => hidden.list.length > 0 && hidden.has(tradeId),
  }
}
