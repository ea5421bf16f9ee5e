import { parseTimeUs } from './bucket.ts'
import type { Decimal } from './decimal.ts'
import { compareDecimal, decimalText, divideDecimal, parseDecimal } from './decimal.ts'

/** Why a minute has no prices, or that it has them. */
export type CandleStatus = 'traded' | 'no_trades' | 'venue_down' | 'unknown'

/** Candle statuses by stored code: the code of a status is its index here. */
export const CANDLE_STATUSES: readonly CandleStatus[] = [
  'traded',
  'no_trades',
  'venue_down',
  'unknown',
]

/**
 * One candle as people and programs are given it. Names are those of the JSON output.
 *
 * Prices and sizes are canonical decimal text. Prices and `vwap` are `null` unless it traded.
 */
export interface Candle {
  /** Start of its bucket, RFC 3339. */
  readonly open_time: string
  readonly open: string | null
  readonly high: string | null
  readonly low: string | null
  readonly close: string | null
  /** Sum of the sizes, in base units. */
  readonly volume: string
  /** Sum of price times size, in quote units; `null` where a venue's own candle lacks it. */
  readonly notional: string | null
  /** `notional / volume`, rounded half-even to 18 decimals. */
  readonly vwap: string | null
  /** `null` where a venue's own candle lacks it. */
  readonly trade_count: number | null
  /** Sum of the sizes whose taker bought, in base units; `null` where unknown. */
  readonly taker_buy_volume: string | null
  readonly status: CandleStatus
  /** Whether every trade of the bucket is proven held. */
  readonly complete: boolean
  /** How often the row changed after it was first closed. */
  readonly revision: number
}

/** Decimals of a volume-weighted average price. */
export const VWAP_SCALE = 18

/** Returns `notional / volume` rounded half-even to 18 decimals, or `null` without volume. */
export function vwapText(notional: string | null, volume: string): string | null {
  const above = notional === null ? null : parseDecimal(notional)
  const below = parseDecimal(volume)
  if (above === null || below === null || below.mantissa === 0n) return null
  return decimalText(divideDecimal(above, below, VWAP_SCALE))
}

/** Returns every way in which a candle contradicts itself, in plain words; empty if sound. */
export function checkCandle(candle: Candle): readonly string[] {
  const breaches: string[] = []
  const claim: Claim = (holds, breach) => {
    if (!holds) breaches.push(breach)
  }
  const { trade_count: count } = candle
  claim(parseTimeUs(candle.open_time) !== null, 'open_time is not RFC 3339')
  claim(count === null || isCount(count), 'trade_count is not a whole number')
  claim(isCount(candle.revision), 'revision is not a whole number')
  const volume = amount(candle.volume, 'volume', claim)
  const takerBuy = amount(candle.taker_buy_volume, 'taker_buy_volume', claim)
  const notional = amount(candle.notional, 'notional', claim)
  if (volume !== null && takerBuy !== null) {
    claim(compareDecimal(takerBuy, volume) <= 0, 'taker_buy_volume exceeds volume')
  }
  if (candle.status === 'traded') checkTraded(candle, claim)
  else {
    claim(
      [candle.open, candle.high, candle.low, candle.close, candle.vwap].every((x) => x === null),
      'a candle without trades has prices',
    )
    claim(count === null || count === 0, 'a candle without trades counts some')
    claim(volume === null || volume.mantissa === 0n, 'a candle without trades has volume')
    claim(notional === null || notional.mantissa === 0n, 'a candle without trades has notional')
  }
  return breaches
}

type Claim = (holds: boolean, breach: string) => void

function checkTraded(candle: Candle, claim: Claim): void {
  const open = price(candle.open, 'open', claim)
  const high = price(candle.high, 'high', claim)
  const low = price(candle.low, 'low', claim)
  const close = price(candle.close, 'close', claim)
  claim(candle.trade_count !== 0, 'a traded candle counts no trade')
  const volume = parseDecimal(candle.volume)
  claim(volume !== null && volume.mantissa > 0n, 'a traded candle has no volume')
  if (open === null || high === null || low === null || close === null) return
  claim(compareDecimal(low, high) <= 0, 'low exceeds high')
  claim(compareDecimal(open, high) <= 0 && compareDecimal(open, low) >= 0, 'open is outside')
  claim(compareDecimal(close, high) <= 0 && compareDecimal(close, low) >= 0, 'close is outside')
  claim(candle.vwap === vwapText(candle.notional, candle.volume), 'vwap is not notional / volume')
  const vwap = candle.vwap === null ? null : parseDecimal(candle.vwap)
  if (vwap === null) return
  // Rounding keeps order, and prices have no more decimals than the average.
  claim(compareDecimal(vwap, high) <= 0 && compareDecimal(vwap, low) >= 0, 'vwap is outside')
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function amount(text: string | null, name: string, claim: Claim): Decimal | null {
  if (text === null) return null
  const decimal = parseDecimal(text)
  claim(decimal !== null && decimal.mantissa >= 0n, `${name} is not a decimal of at least 0`)
  claim(decimal === null || decimalText(decimal) === text, `${name} is not canonical`)
  return decimal
}

function price(text: string | null, name: string, claim: Claim): Decimal | null {
  const decimal = text === null ? null : parseDecimal(text)
  claim(decimal !== null && decimal.mantissa > 0n, `${name} is not a decimal above 0`)
  claim(decimal === null || decimalText(decimal) === text, `${name} is not canonical`)
  return decimal
}
