import type { CandleFold, MinuteFold } from '../market/candles.ts'
import type { Product } from '../market/product.ts'
import type { CandleHoles } from '../service/candle-holes.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import type { PageBend } from '../venue-sim.ts'
import { paddedBig, priceText } from './frames.ts'
import { isAnswer, readNumbers, refusal } from './rest-answer.ts'

const MINUTE_MS = 60_000
const LIMIT_DEFAULT = 500
const LIMIT_MAX = 1000
const NOTHING = '0.00000000'

/** What pages of candles are made from. */
export interface KlinesSource {
  readonly product: Product
  readonly fold: CandleFold
  readonly holes: CandleHoles
  /** Time up to which everything has been traded. */
  readonly timeUs: number
}

function tradedRow(product: Product, minute: MinuteFold): string {
  const openMs = minute.openTimeUs / 1000
  const price = (ticks: number) => `"${priceText(product, ticks)}"`
  const notional = (units: bigint) =>
    `"${paddedBig(units, product.priceDecimals + product.sizeDecimals)}"`
  const size = (units: bigint) => `"${paddedBig(units, product.sizeDecimals)}"`
  return (
    `[${openMs},${price(minute.openTicks)},${price(minute.highTicks)},` +
    `${price(minute.lowTicks)},${price(minute.closeTicks)},${size(minute.volumeUnits)},` +
    `${openMs + MINUTE_MS - 1},${notional(minute.notional)},${minute.tradeCount},` +
    `${size(minute.takerBuyUnits)},${notional(minute.takerBuyNotional)},"0"]`
  )
}

// A minute without trades repeats the close before it four times.
function flatRow(product: Product, openMs: number, closeTicks: number): string {
  const price = `"${priceText(product, closeTicks)}"`
  const bar = `${price},${price},${price},${price}`
  return (
    `[${openMs},${bar},"${NOTHING}",${openMs + MINUTE_MS - 1},` +
    `"${NOTHING}",0,"${NOTHING}","${NOTHING}","0"]`
  )
}

function rowsBetween(source: KlinesSource, firstMs: number, lastMs: number): readonly string[] {
  const { product, fold, holes } = source
  const minutes = fold.minutes(firstMs * 1000, lastMs * 1000 + 1)
  const rows: string[] = []
  let next = 0
  let closeTicks = fold.newest(firstMs * 1000 - 1)?.closeTicks ?? 0
  for (let openMs = firstMs; openMs <= lastMs; openMs += MINUTE_MS) {
    const minute = minutes[next]
    const traded = minute?.openTimeUs === openMs * 1000 ? minute : null
    if (traded !== null) {
      next += 1
      closeTicks = traded.closeTicks
    }
    if (closeTicks === 0 || holes.has(product.id, openMs * 1000)) continue
    rows.push(traded === null ? flatRow(product, openMs, closeTicks) : tradedRow(product, traded))
  }
  return rows
}

/**
 * Answers `/api/v3/klines` of one minute: oldest first, both times bounds of the open time and
 * included, the minute still open among them, minutes without trades flat.
 */
export function klinesPage(
  source: KlinesSource,
  query: URLSearchParams,
  bend: PageBend,
): RestAnswer {
  if (query.get('interval') !== '1m') {
    return refusal(400, { code: -1120, msg: 'Invalid interval.' })
  }
  const asked = readNumbers(query, ['startTime', 'endTime', 'limit'])
  if (isAnswer(asked)) return asked
  const { startTime, endTime } = asked
  const limit = Math.min(asked.limit ?? LIMIT_DEFAULT, LIMIT_MAX)
  const nowMs = Math.floor((source.timeUs - 1) / 1000)
  const currentMs = nowMs - (nowMs % MINUTE_MS)
  const untilMs = Math.min(
    currentMs,
    endTime === null ? currentMs : endTime - (endTime % MINUTE_MS),
  )
  const opened = (source.fold.minutes(0, Number.POSITIVE_INFINITY)[0]?.openTimeUs ?? 0) / 1000
  const wished = startTime === null ? untilMs - (limit - 1) * MINUTE_MS : startTime
  const fromMs = Math.ceil(Math.max(wished, opened) / MINUTE_MS) * MINUTE_MS
  const lastMs = Math.min(untilMs, fromMs + (limit - 1) * MINUTE_MS)
  const earlierMs = Math.max(opened, fromMs - bend.overlap * MINUTE_MS)
  const rows = rowsBetween(source, fromMs, lastMs).slice(0, bend.rowsMax ?? limit)
  const repeated = rowsBetween(source, earlierMs, fromMs - MINUTE_MS)
  return { status: 200, body: `[${[...repeated, ...rows].join(',')}]` }
}
