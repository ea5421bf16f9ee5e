import { createHash } from 'node:crypto'

/** A minute as any of the contestants found it; decimals as text, padded or not. */
export interface DigestedCandle {
  readonly symbol: string
  readonly openTimeUs: number
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  readonly notional: string
  readonly takerBuy: string
  readonly trades: number
}

/** What says that two contestants did the same job. */
export interface CandleDigest {
  readonly minutes: number
  readonly sha256: string
}

/** Returns a digest of candles that does not depend on their order or on padding zeros. */
export function digestCandles(candles: readonly DigestedCandle[]): CandleDigest {
  const lines = candles.map((candle) =>
    [
      candle.symbol,
      candle.openTimeUs,
      ...[candle.open, candle.high, candle.low, candle.close].map(unpadded),
      ...[candle.volume, candle.notional, candle.takerBuy].map(unpadded),
      candle.trades,
    ].join(' '),
  )
  const sha256 = createHash('sha256').update(lines.sort().join('\n')).digest('hex')
  return { minutes: candles.length, sha256 }
}

/** Decimal text without zeros after its last digit behind the point. */
function unpadded(text: string): string {
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text
}
