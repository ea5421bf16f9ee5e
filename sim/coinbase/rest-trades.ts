import type { ProductMarket } from '../market/product-market.ts'
import { decimalText, microsText } from '../market/text.ts'
import type { RestAnswer } from './rest-answer.ts'
import { refusal } from './rest-answer.ts'

const LIMIT_MAX = 1000

/** How a fault bends a page: rows cut from its end, or newer rows repeated before its start. */
export interface PageFault {
  readonly rowsMax: number | null
  readonly overlap: number
}

/** A page as the venue means it. */
export const WHOLE_PAGE: PageFault = { rowsMax: null, overlap: 0 }

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
  fault: PageFault,
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
  let from = Math.max(floor, end - Math.min(limit, LIMIT_MAX))
  if (fault.rowsMax !== null) from = Math.max(from, end - fault.rowsMax)
  const until = Math.min(tape.end, end + fault.overlap)
  const rows: string[] = []
  for (let index = until - 1; index >= from; index -= 1) rows.push(tradeRow(engine, index))
  const headers: Record<string, string> = {}
  if (rows.length > 0) {
    headers['CB-BEFORE'] = String(tape.idAt(until - 1))
    headers['CB-AFTER'] = String(tape.idAt(from))
  }
  return { status: 200, body: `[${rows.join(',')}]`, headers }
}
