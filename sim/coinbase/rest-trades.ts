import type { ProductMarket } from '../market/product-market.ts'
import { decimalText, microsText } from '../market/text.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import type { PageBend } from '../venue-sim.ts'
import { refusal } from './rest-answer.ts'

const LIMIT_MAX = 1000

function tradeRow(engine: ProductMarket, index: number): string {
  const { product } = engine
  const { tape } = engine.ledger
  const trade = tape.at(index)
  return (
    `{"time":"${microsText(trade.timeUs)}","trade_id":${trade.tradeId},` +
    `"price":"${decimalText(trade.ticks, product.priceDecimals)}",` +
    `"size":"${decimalText(trade.units, product.sizeDecimals)}",` +
    `"side":"${trade.makerBuys ? 'buy' : 'sell'}"}`
  )
}

function readId(text: string | null): number | null {
  if (text === null) return null
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}

/**
 * Answers `/products/{id}/trades`: newest first, `after` exclusive and older, `before` newer.
 *
 * `CB-BEFORE` is the first row's id and `CB-AFTER` the last row's; an empty page has neither.
 */
export function tradesPage(
  engine: ProductMarket,
  query: URLSearchParams,
  bend: PageBend,
): RestAnswer {
  const after = readId(query.get('after'))
  const before = readId(query.get('before'))
  const limit = readId(query.get('limit')) ?? LIMIT_MAX
  if ([after, before, limit].some((value) => Number.isNaN(value)) || limit < 1) {
    return refusal(400, 'Invalid pagination parameter')
  }
  const { tape } = engine.ledger
  const end = after === null ? tape.end : tape.indexOfId(after)
  const floor = before === null ? tape.start : tape.indexOfId(before + 1)
  const rowsMax = Math.min(limit, LIMIT_MAX, bend.rowsMax ?? LIMIT_MAX)
  const rows: string[] = []
  let [newest, oldest] = [0, 0]
  const add = (index: number) => {
    oldest = tape.idAt(index)
    if (rows.length === 0) newest = oldest
    rows.push(tradeRow(engine, index))
  }
  const until = Math.min(tape.end, end + bend.overlap)
  for (let index = until - 1; index >= end; index -= 1) add(index)
  const overlap = rows.length
  for (let index = end - 1; index >= floor && rows.length - overlap < rowsMax; index -= 1) {
    if (!engine.ledger.isHidden(tape.idAt(index))) add(index)
  }
  const headers: Record<string, string> = {}
  if (rows.length > 0) {
    headers['CB-BEFORE'] = String(newest)
    headers['CB-AFTER'] = String(oldest)
  }
  return { status: 200, body: `[${rows.join(',')}]`, headers }
}
