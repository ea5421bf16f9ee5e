import type { CoinSelection, SnapshotSource } from '../snapshot-source.ts'
import type { PageSummary, RestRequest } from '../venue.ts'
import { QUOTE } from './endpoint.ts'

/** Most rows of a page. */
const PAGE_ROWS_MAX = 250

/** Ids of one request: an address that no proxy finds too long. */
const PAGE_IDS_MAX = 100

/** Spans that `ohlc` takes, in days; others are refused. */
const OHLC_DAYS: readonly number[] = [1, 7, 14, 30, 90, 180, 365]

const PRO_HOST = 'pro-api.coingecko.com'

/** How CoinGecko's snapshots are asked for. */
export const snapshots: SnapshotSource = Object.freeze({
  ratePerMinute: 5,
  keyHeader: (restUrl: string) =>
    URL.parse(restUrl)?.hostname === PRO_HOST ? 'x-cg-pro-api-key' : 'x-cg-demo-api-key',
  page,
  history,
})

function page(coins: CoinSelection, previous: PageSummary | null): RestRequest | null {
  const pages = coins.kind === 'ids' ? pagesOfIds(coins.ids) : pagesOfTop(coins.count)
  if (previous === null) return pages[0] ?? null
  const at = pages.findIndex(({ path }) => path === previous.request.path)
  // Of a ranking an empty page is the end; of ids it says only that none of them is known.
  const isOver = at < 0 || (coins.kind === 'top' && previous.count === 0)
  return isOver ? null : (pages[at + 1] ?? null)
}

/** By id nothing is lost between pages, as ranks move while they are turned. */
function pagesOfIds(ids: readonly string[]): RestRequest[] {
  const wanted = [...new Set(ids)].toSorted()
  const pages: RestRequest[] = []
  for (let at = 0; at < wanted.length; at += PAGE_IDS_MAX) {
    const some = wanted.slice(at, at + PAGE_IDS_MAX).map(encodeURIComponent)
    pages.push(marketsPage(`&ids=${some.join(',')}`, 1, PAGE_ROWS_MAX))
  }
  return pages
}

/** Pages of one size, so that they neither overlap nor go far beyond what was asked for. */
function pagesOfTop(count: number): RestRequest[] {
  const pages = Math.ceil(count / PAGE_ROWS_MAX)
  const rows = Math.ceil(count / pages)
  return Array.from({ length: pages }, (_, at) => marketsPage('', at + 1, rows))
}

function marketsPage(ids: string, number: number, rows: number): RestRequest {
  const path =
    `/coins/markets?vs_currency=${QUOTE}${ids}&order=market_cap_desc&per_page=${rows}` +
    `&page=${number}&price_change_percentage=1h,24h,7d&sparkline=false&precision=full`
  return { channel: 'markets', symbol: null, path }
}

/** Samples over the days asked for, and the candles of the least span that holds them. */
function history(coin: string, days: number): readonly RestRequest[] {
  const base = `/coins/${encodeURIComponent(coin)}`
  const span = OHLC_DAYS.find((one) => one >= days) ?? 'max'
  const asked = `vs_currency=${QUOTE}&precision=full`
  return [
    { channel: 'market_chart', symbol: coin, path: `${base}/market_chart?${asked}&days=${days}` },
    { channel: 'ohlc', symbol: coin, path: `${base}/ohlc?${asked}&days=${span}` },
  ]
}
