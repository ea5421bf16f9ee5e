import type { RestAnswer } from '../service/rest-answer.ts'
import type { PageBend } from '../venue-sim.ts'
import { complaint, written } from './answer.ts'
import type { Coin, CoinFigures } from './coin.ts'
import { figuresAt, updatedUs } from './coin.ts'
import { objectText } from './number-text.ts'

const PAGE_ROWS = 100
const PAGE_ROWS_MAX = 250

/** A coin with its figures of the moment. */
interface Row {
  readonly coin: Coin
  readonly updatedUs: number
  readonly figures: CoinFigures
}

const marketCap = ({ figures }: Row) => Number(figures.market_cap) || 0

/**
 * Answers `/coins/markets`: rows by market capitalisation, those without one last. Ids that are
 * not known are left out without a word.
 */
export function marketsPage(
  coins: readonly Coin[],
  asked: { readonly query: URLSearchParams; readonly timeUs: number },
  bend: PageBend,
): RestAnswer {
  const { query, timeUs } = asked
  if (query.get('vs_currency') === null) return complaint(422, 'Missing parameter vs_currency')
  if (query.get('vs_currency') !== 'usd') return complaint(422, 'invalid vs_currency')
  const perPage = Number(query.get('per_page') ?? PAGE_ROWS)
  const page = Number(query.get('page') ?? 1)
  const isPage = Number.isInteger(perPage) && perPage >= 1 && Number.isInteger(page) && page >= 1
  if (!isPage) return complaint(422, 'invalid page')
  const ids = query.get('ids')?.split(',')
  const ranked = coins
    .map((coin) => rowAt(coin, updatedUs(coin, timeUs)))
    .toSorted((a, b) => marketCap(b) - marketCap(a))
  const wanted = ids === undefined ? ranked : ranked.filter(({ coin }) => ids.includes(coin.id))
  if (query.get('order') === 'market_cap_asc') wanted.reverse()
  const rows = Math.min(perPage, PAGE_ROWS_MAX)
  const from = Math.max(0, (page - 1) * rows - bend.overlap)
  const told = wanted.slice(from, page * rows).slice(0, bend.rowsMax ?? rows)
  const spans = query.get('price_change_percentage')?.split(',') ?? []
  const full = query.get('precision') === 'full'
  const texts = told.map((row) => rowText(row, { rank: ranked.indexOf(row) + 1, spans, full }))
  return written(`[${texts.join(',')}]`)
}

function rowAt(coin: Coin, timeUs: number): Row {
  return { coin, updatedUs: timeUs, figures: figuresAt(coin, timeUs) }
}

function rowText(
  { coin, updatedUs: timeUs, figures }: Row,
  how: { readonly rank: number; readonly spans: readonly string[]; readonly full: boolean },
): string {
  const { id, product } = coin
  const told = Object.entries(figures).filter(([name]) => isTold(name, how.spans))
  const precise = told.map(([name, text]) => [name, how.full ? text : rounded(name, text)])
  return objectText({
    id: JSON.stringify(id),
    symbol: JSON.stringify(product.base.toLowerCase()),
    name: JSON.stringify(nameOf(id)),
    image: JSON.stringify(`https://assets.example/coins/${id}.png`),
    market_cap_rank: coin.isRanked ? String(how.rank) : 'null',
    ...Object.fromEntries(precise),
    roi: 'null',
    last_updated: JSON.stringify(new Date(timeUs / 1000).toISOString()),
  })
}

/** Changes over spans come only where they are asked for. */
function isTold(name: string, spans: readonly string[]): boolean {
  const span = /^price_change_percentage_(\w+)_in_currency$/.exec(name)?.[1]
  return span === undefined || spans.includes(span)
}

function rounded(name: string, text: string): string {
  if (name !== 'current_price' || text === 'null') return text
  return String(Number(Number(text).toPrecision(5)))
}

function nameOf(id: string): string {
  return id.replace(/(^|-)[a-z]/g, (start) => start.replace('-', ' ').toUpperCase())
}

/** Answers `/coins/list`: every id, among them some that share a ticker with a greater coin. */
export function coinsList(coins: readonly Coin[]): RestAnswer {
  const rows = coins.flatMap(({ id, product }) => {
    const symbol = product.base.toLowerCase()
    const copy = { id: `bridged-${id}`, symbol, name: `Bridged ${nameOf(id)}` }
    return [{ id, symbol, name: nameOf(id) }, copy]
  })
  return written(JSON.stringify(rows))
}

/** Answers `/simple/price`: an object by id, times in seconds; unknown ids are left out. */
export function simplePrice(
  coins: readonly Coin[],
  { query, timeUs }: { readonly query: URLSearchParams; readonly timeUs: number },
): RestAnswer {
  if (query.get('ids') === null) return complaint(422, 'Missing parameter ids')
  if (query.get('vs_currencies') === null) return complaint(422, 'Missing parameter vs_currencies')
  const ids = (query.get('ids') ?? '').split(',').map((id) => id.trim())
  const asked = (name: string) => query.get(name) === 'true'
  const told = coins
    .filter(({ id }) => ids.includes(id))
    .map((coin) => {
      const at = updatedUs(coin, timeUs)
      const figures = figuresAt(coin, at)
      const fields = {
        usd: figures.current_price!,
        ...(asked('include_market_cap') && { usd_market_cap: figures.market_cap! }),
        ...(asked('include_24hr_vol') && { usd_24h_vol: figures.total_volume! }),
        ...(asked('include_last_updated_at') && { last_updated_at: String(Math.floor(at / 1e6)) }),
      }
      return [coin.id, objectText(fields)]
    })
  return written(objectText(Object.fromEntries(told)))
}
