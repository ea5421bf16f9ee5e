import type { MinuteFold } from '../market/candles.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import { complaint, written } from './answer.ts'
import type { Coin } from './coin.ts'
import { priceAt, volumeAt } from './coin.ts'
import { numberText } from './number-text.ts'

const MINUTE_US = 60_000_000
const HOUR_US = 60 * MINUTE_US
const DAY_US = 24 * HOUR_US

const OHLC_DAYS = ['1', '7', '14', '30', '90', '180', '365', 'max']

/** What history is asked of, and until when there is some. */
export interface HistoryAsked {
  readonly query: URLSearchParams
  readonly timeUs: number
}

function daysOf(query: URLSearchParams): number {
  return query.get('days') === 'max' ? 3650 : Number(query.get('days') ?? 1)
}

/**
 * Answers `/coins/{id}/market_chart`: samples near a grid of five minutes, hours or days, by the
 * span, at times a little off; the last one is now, off every grid.
 */
export function marketChart(coin: Coin, { query, timeUs }: HistoryAsked): RestAnswer {
  if (query.get('vs_currency') !== 'usd') return complaint(422, 'Missing parameter vs_currency')
  const days = daysOf(query)
  if (!(days > 0)) return complaint(422, 'invalid days')
  const stepUs = days <= 1 ? 5 * MINUTE_US : days <= 90 ? HOUR_US : DAY_US
  const times: number[] = []
  const firstUs = Math.max(timeUs - days * DAY_US, coin.fold.minutes(0, timeUs)[0]?.openTimeUs ?? 0)
  for (let at = firstUs - (firstUs % stepUs) + stepUs; at < timeUs; at += stepUs) {
    // Daily points are stamped with midnight; the others come up to two minutes late.
    times.push(at + (stepUs === DAY_US ? 0 : (at / 1000) % 97_003) * 1000)
  }
  const points = [...times.filter((at) => at < timeUs), timeUs - (timeUs % 1000)]
  const list = (value: (at: number) => number | null) =>
    points.map((at) => `[${at / 1000},${textOf(coin, value(at))}]`).join(',')
  const prices = list((at) => priceAt(coin, at))
  const caps = list((at) => {
    const price = priceAt(coin, at)
    return coin.isRanked && price !== null ? price * coin.supply : null
  })
  const volumes = list((at) => volumeAt(coin, at))
  return written(`{"prices":[${prices}],"market_caps":[${caps}],"total_volumes":[${volumes}]}`)
}

function textOf({ style }: Coin, value: number | null): string {
  return value === null ? 'null' : numberText(value, style)
}

/**
 * Answers `/coins/{id}/ohlc`: candles of half an hour, four hours or four days, by the span,
 * each stamped with its end; the last one is still forming.
 */
export function ohlc(coin: Coin, { query, timeUs }: HistoryAsked): RestAnswer {
  if (query.get('vs_currency') !== 'usd') return complaint(422, 'Missing parameter vs_currency')
  if (!OHLC_DAYS.includes(query.get('days') ?? '')) return complaint(422, 'invalid days')
  const days = daysOf(query)
  const widthUs = days <= 2 ? HOUR_US / 2 : days <= 30 ? 4 * HOUR_US : 4 * DAY_US
  const minutes = coin.fold.minutes(timeUs - days * DAY_US, timeUs)
  const buckets = Map.groupBy(minutes, ({ openTimeUs }) => openTimeUs - (openTimeUs % widthUs))
  const rows = [...buckets].map(([openUs, bucket]) => candleText(coin, openUs + widthUs, bucket))
  return written(`[${rows.join(',')}]`)
}

function candleText(coin: Coin, closeUs: number, minutes: readonly MinuteFold[]): string {
  const price = (ticks: number) => numberText(ticks / 10 ** coin.product.priceDecimals, coin.style)
  const high = Math.max(...minutes.map(({ highTicks }) => highTicks))
  const low = Math.min(...minutes.map(({ lowTicks }) => lowTicks))
  const prices = [minutes[0]!.openTicks, high, low, minutes.at(-1)!.closeTicks].map(price)
  return `[${[closeUs / 1000, ...prices].join(',')}]`
}
