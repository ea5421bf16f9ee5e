import type { CandleFold, MinuteFold } from '../market/candles.ts'
import type { Product } from '../market/product.ts'
import type { CandleHoles } from '../service/candle-holes.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import { json } from '../service/rest-answer.ts'
import { refusal } from './rest-answer.ts'

const GRANULARITIES = [60, 300, 900, 3600, 21_600, 86_400]
const ROWS_MAX = 300
const ROWS_DEFAULT = 350

interface Bucket {
  readonly start: number
  readonly openTicks: number
  highTicks: number
  lowTicks: number
  closeTicks: number
  volumeUnits: bigint
}

function readTime(text: string | null): number | null {
  if (text === null) return null
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Date.parse(text) / 1000
  return Number.isFinite(seconds) ? seconds : Number.NaN
}

function gather(minutes: readonly MinuteFold[], granularity: number): readonly Bucket[] {
  const buckets: Bucket[] = []
  for (const minute of minutes) {
    const seconds = minute.openTimeUs / 1e6
    const start = seconds - (seconds % granularity)
    const bucket = buckets.at(-1)
    if (bucket?.start !== start) {
      const { openTicks, highTicks, lowTicks, closeTicks, volumeUnits } = minute
      buckets.push({ start, openTicks, highTicks, lowTicks, closeTicks, volumeUnits })
      continue
    }
    bucket.highTicks = Math.max(bucket.highTicks, minute.highTicks)
    bucket.lowTicks = Math.min(bucket.lowTicks, minute.lowTicks)
    bucket.closeTicks = minute.closeTicks
    bucket.volumeUnits += minute.volumeUnits
  }
  return buckets
}

/**
 * Answers `/products/{id}/candles`: rows `[time, low, high, open, close, volume]` of numbers,
 * newest first, the bucket still forming included, buckets without trades left out.
 *
 * Without both `start` and `end` the last 350 buckets are given; with them, at most 300 from
 * one to the other, both included.
 */
export function candlesPage(
  product: Product,
  candles: { readonly fold: CandleFold; readonly holes: CandleHoles },
  request: { readonly query: URLSearchParams; readonly nowUs: number },
): RestAnswer {
  const { query, nowUs } = request
  const granularity = Number(query.get('granularity') ?? 60)
  if (!GRANULARITIES.includes(granularity)) return refusal(400, 'Unsupported granularity')
  const start = readTime(query.get('start'))
  const end = readTime(query.get('end'))
  if (Number.isNaN(start) || Number.isNaN(end)) return refusal(400, 'Invalid start or end')
  const current = Math.floor(nowUs / 1e6 / granularity) * granularity
  const asked = start !== null && end !== null
  const last = asked ? Math.floor(end / granularity) * granularity : current
  const first = asked
    ? Math.ceil(start / granularity) * granularity
    : current - (ROWS_DEFAULT - 1) * granularity
  if (asked && (end - start) / granularity > ROWS_MAX) {
    return refusal(
      400,
      'granularity too small for the requested time range. ' +
        `Count of aggregations requested exceeds ${ROWS_MAX}`,
    )
  }
  const minutes = candles.fold
    .minutes(first * 1e6, (last + granularity) * 1e6)
    .filter((minute) => !candles.holes.has(product.id, minute.openTimeUs))
  const price = (ticks: number) => ticks / 10 ** product.priceDecimals
  const rows = gather(minutes, granularity).map((bucket) => [
    bucket.start,
    price(bucket.lowTicks),
    price(bucket.highTicks),
    price(bucket.openTicks),
    price(bucket.closeTicks),
    Number(bucket.volumeUnits) / 10 ** product.sizeDecimals,
  ])
  return json(rows.toReversed())
}
