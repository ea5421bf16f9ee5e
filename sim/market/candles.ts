import type { Product } from './product.ts'
import type { Tape } from './tape.ts'
import { bigDecimalText, decimalText } from './text.ts'

/** One minute of truth in whole units: ticks for prices, increments for sizes. */
export interface MinuteFold {
  readonly openTimeUs: number
  readonly openTicks: number
  highTicks: number
  lowTicks: number
  closeTicks: number
  volumeUnits: bigint
  /** Ticks times units, so its decimals are those of price and size together. */
  notional: bigint
  takerBuyUnits: bigint
  takerBuyNotional: bigint
  tradeCount: number
  readonly firstId: number
  lastId: number
}

/** One minute of truth in canonical decimal text; `open_time` is RFC 3339. */
export interface TruthCandle {
  readonly product: string
  readonly open_time: string
  readonly open_time_us: number
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  readonly notional: string
  readonly taker_buy_volume: string
  readonly trade_count: number
}

/** The exact one-minute fold of one tape: the oracle that a pipeline's candles are held to. */
export interface CandleFold {
  /**
   * Minutes with trades whose start is in `[fromUs, toUs)`, oldest first; folds what is new.
   * A minute outlives its trades when the tape lets them go.
   */
  minutes(fromUs: number, toUs: number): readonly MinuteFold[]
  /** The newest minute with trades that opened at `openTimeUs` or before. */
  newest(openTimeUs: number): MinuteFold | null
}

const MINUTE_US = 60_000_000

/** Returns a fold that follows `tape`; it must be read before the tape evicts what is unread. */
export function createCandleFold(tape: Tape): CandleFold {
  const minutes: MinuteFold[] = []
  let cursor = 0

  // The tape is in order of (time, id): the first of a minute opens it and the last closes it.
  function add(index: number): void {
    const trade = tape.at(index)
    const openTimeUs = trade.timeUs - (trade.timeUs % MINUTE_US)
    const units = BigInt(trade.units)
    let minute = minutes.at(-1)
    if (minute === undefined || minute.openTimeUs !== openTimeUs) {
      minute = {
        openTimeUs,
        openTicks: trade.ticks,
        highTicks: trade.ticks,
        lowTicks: trade.ticks,
        closeTicks: trade.ticks,
        volumeUnits: 0n,
        notional: 0n,
        takerBuyUnits: 0n,
        takerBuyNotional: 0n,
        tradeCount: 0,
        firstId: trade.tradeId,
        lastId: trade.tradeId,
      }
      minutes.push(minute)
    }
    if (trade.ticks > minute.highTicks) minute.highTicks = trade.ticks
    if (trade.ticks < minute.lowTicks) minute.lowTicks = trade.ticks
    minute.closeTicks = trade.ticks
    minute.volumeUnits += units
    const notional = BigInt(trade.ticks) * units
    minute.notional += notional
    minute.lastId = trade.tradeId
    minute.tradeCount += 1
    if (trade.makerBuys) return
    minute.takerBuyUnits += units
    minute.takerBuyNotional += notional
  }

  function catchUp(): void {
    for (; cursor < tape.end; cursor += 1) add(cursor)
  }

  // The first minute that opens at `openTimeUs` or after it.
  function find(openTimeUs: number): number {
    let low = 0
    let high = minutes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (minutes[middle]!.openTimeUs < openTimeUs) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    minutes(fromUs, toUs) {
      catchUp()
      return minutes.slice(find(fromUs), find(toUs))
    },
    newest(openTimeUs) {
      catchUp()
      return minutes[find(openTimeUs + 1) - 1] ?? null
    },
  }
}

/** Returns a minute as text that can be compared digit by digit. */
export function toTruthCandle(product: Product, minute: MinuteFold): TruthCandle {
  const price = (ticks: number) => decimalText(ticks, product.priceDecimals)
  const size = (units: bigint) => bigDecimalText(units, product.sizeDecimals)
  return {
    product: product.id,
    open_time: new Date(minute.openTimeUs / 1000).toISOString().replace('.000Z', 'Z'),
    open_time_us: minute.openTimeUs,
    open: price(minute.openTicks),
    high: price(minute.highTicks),
    low: price(minute.lowTicks),
    close: price(minute.closeTicks),
    volume: size(minute.volumeUnits),
    notional: bigDecimalText(minute.notional, product.priceDecimals + product.sizeDecimals),
    taker_buy_volume: size(minute.takerBuyUnits),
    trade_count: minute.tradeCount,
  }
}
