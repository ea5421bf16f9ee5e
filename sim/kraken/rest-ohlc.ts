import { bigDecimalText, decimalText } from '../market/text.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import type { VenueContext } from '../venue-sim.ts'
import type { Bar } from './bars.ts'
import { barStart, barsOf, INTERVALS } from './bars.ts'
import { vwapTicks } from './frames.ts'
import { fixedText } from './numbers.ts'
import type { Pair } from './pair.ts'
import { INVALID, resultAnswer } from './rest-answer.ts'

// So many committed bars and the current one; older bars cannot be reached at all.
const COMMITTED_MAX = 720
const MINUTE_US = 60_000_000

function barRow({ product }: Pair, bar: Bar): string {
  const { priceDecimals, sizeDecimals } = product
  const price = (ticks: number) => fixedText(decimalText(ticks, priceDecimals), priceDecimals)
  const decimals = Math.max(sizeDecimals, 8)
  const volume = fixedText(bigDecimalText(bar.volumeUnits, sizeDecimals), decimals)
  // A bar without trades has an average price of nothing, with one zero whatever the pair.
  const vwap = bar.tradeCount === 0 ? '0.0' : price(vwapTicks(bar))
  return (
    `[${bar.openTimeUs / 1_000_000},"${price(bar.openTicks)}","${price(bar.highTicks)}",` +
    `"${price(bar.lowTicks)}","${price(bar.closeTicks)}","${vwap}","${volume}",${bar.tradeCount}]`
  )
}

function flatBar(openTimeUs: number, ticks: number): Bar {
  return {
    openTimeUs,
    openTicks: ticks,
    highTicks: ticks,
    lowTicks: ticks,
    closeTicks: ticks,
    volumeUnits: 0n,
    notional: 0n,
    tradeCount: 0,
  }
}

/** Returns a bar for every interval of a span: those without trades repeat the close before. */
function filled(
  traded: readonly Bar[],
  startTicks: number,
  span: { readonly fromUs: number; readonly toUs: number; readonly widthUs: number },
): readonly Bar[] {
  const byOpen = new Map(traded.map((bar) => [bar.openTimeUs, bar]))
  const before = traded.findLast((bar) => bar.openTimeUs < span.fromUs)
  let close = before?.closeTicks ?? traded[0]?.openTicks ?? startTicks
  const bars: Bar[] = []
  for (let openUs = span.fromUs; openUs < span.toUs; openUs += span.widthUs) {
    const bar = byOpen.get(openUs) ?? flatBar(openUs, close)
    close = bar.closeTicks
    bars.push(bar)
  }
  return bars
}

/**
 * Answers `OHLC`: oldest first, bars without trades filled in flat, the last row always the
 * current interval, which is not committed; `last` is where the row before it opens.
 */
export function ohlcAnswer(
  context: VenueContext,
  pair: Pair,
  asked: { readonly query: URLSearchParams; readonly key: string },
): RestAnswer {
  const interval = Number(asked.query.get('interval') ?? 1)
  const since = Number(asked.query.get('since') ?? 0)
  if (!INTERVALS.includes(interval) || !Number.isFinite(since) || since < 0) return INVALID
  const { market, candleHoles } = context
  const { product } = pair
  const widthUs = interval * MINUTE_US
  const currentUs = barStart(market.timeUs, interval)
  const fromUs = currentUs - COMMITTED_MAX * widthUs
  const fold = market.candles.get(product.id)!
  const traded = barsOf(fold, interval, { fromUs: 0, toUs: currentUs + widthUs })
  const bars = filled(traded, product.startTicks, { fromUs, toUs: currentUs + widthUs, widthUs })
  const rows = bars.filter(
    ({ openTimeUs }) =>
      openTimeUs === currentUs ||
      (openTimeUs > since * 1e6 && !candleHoles.has(product.id, openTimeUs)),
  )
  const last = (currentUs - widthUs) / 1_000_000
  const text = rows.map((bar) => barRow(pair, bar)).join(',')
  return resultAnswer(`{"${asked.key}":[${text}],"last":${last}}`)
}
