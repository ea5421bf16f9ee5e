import type { RestFaults } from '../faults/rest-faults.ts'
import type { Market } from '../market/market.ts'
import type { ProductMarket } from '../market/product-market.ts'
import { decimalText, microsText, paddedText } from '../market/text.ts'
import { productRow } from './listing.ts'
import type { RateLimit } from './rate-limit.ts'
import type { RestAnswer } from './rest-answer.ts'
import { json, refusal } from './rest-answer.ts'
import { candlesPage } from './rest-candles.ts'
import type { PageFault } from './rest-trades.ts'
import { tradesPage, WHOLE_PAGE } from './rest-trades.ts'

/** What REST answers are made from. */
export interface RestOptions {
  readonly market: Market
  readonly faults: RestFaults
  readonly limit: RateLimit
  /** Whether a 429 of the rate limit says when to come back; the venue's does not. */
  readonly retryAfter: boolean
}

/** One request, as much of it as the answer depends on. */
export interface RestRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly address: string
  readonly nowUs: number
  readonly nowMs: number
}

/** An answer and how the connection mistreats it. */
export interface ServedAnswer extends RestAnswer {
  /** Bytes after which the connection is cut, `null` for all of them. */
  readonly cutAfter: number | null
  /** Milliseconds over which the body dribbles out. */
  readonly slowMs: number
  readonly limited: boolean
}

const HTML =
  '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>' +
  '<body><center><h1>502 Bad Gateway</h1></center></body></html>'

function tickerAnswer(engine: ProductMarket): RestAnswer {
  const { product, quotes } = engine
  const { lastFill, volumeUnits } = engine.ledger
  if (lastFill === null) return refusal(404, 'NotFound')
  const price = (ticks: number) => decimalText(ticks, product.priceDecimals)
  return json({
    ask: price(quotes.askTicks),
    bid: price(quotes.bidTicks),
    volume: paddedText(volumeUnits, product.sizeDecimals, 8),
    trade_id: lastFill.tradeId,
    price: price(lastFill.ticks),
    size: decimalText(lastFill.units, product.sizeDecimals),
    time: microsText(lastFill.timeUs),
  })
}

function route(options: RestOptions, request: RestRequest, fault: PageFault): RestAnswer {
  const { market } = options
  const parts = request.path.split('/').filter((part) => part !== '')
  if (request.path === '/time') {
    const iso = new Date(request.nowUs / 1000).toISOString()
    return json({ iso, epoch: request.nowUs / 1e6 })
  }
  if (parts[0] !== 'products' || parts.length > 3) return refusal(404, 'NotFound')
  if (parts.length === 1) {
    return json([...market.products.values()].map((engine) => productRow(engine.product)))
  }
  const engine = market.products.get(parts[1]!)
  if (engine === undefined) return refusal(404, 'NotFound')
  if (parts.length === 2) return json(productRow(engine.product))
  if (parts[2] === 'trades') return tradesPage(engine, request.query, fault)
  if (parts[2] === 'ticker') return tickerAnswer(engine)
  if (parts[2] !== 'candles') return refusal(404, 'NotFound')
  return candlesPage(engine.product, market.candles.get(engine.product.id)!, request)
}

function limited(retryAfterSeconds: number | null): RestAnswer {
  const headers = retryAfterSeconds === null ? undefined : { 'Retry-After': `${retryAfterSeconds}` }
  return refusal(429, 'Public rate limit exceeded', headers)
}

/** Answers one request, as the rate limit and the faults under way allow. */
export function answerRest(options: RestOptions, request: RestRequest): ServedAnswer {
  const whole = { cutAfter: null, slowMs: 0, limited: false }
  if (!options.limit.admit(request.address, request.nowMs)) {
    return { ...limited(options.retryAfter ? 1 : null), ...whole, limited: true }
  }
  const fault = options.faults.take(request.path, request.nowUs)?.record.request
  const { rows = 10, ms = 500, retryAfterSeconds = 1 } = fault ?? {}
  const answer = () => route(options, request, WHOLE_PAGE)
  switch (fault?.kind) {
    case 'rest_429':
      return { ...limited(retryAfterSeconds), ...whole }
    case 'rest_status':
      return { ...refusal(fault.status ?? 503, 'Service Unavailable'), ...whole }
    case 'rest_html':
      return { status: 200, body: HTML, headers: { 'Content-Type': 'text/html' }, ...whole }
    case 'rest_empty':
      return { status: 200, body: '[]', ...whole }
    case 'rest_short':
      return { ...route(options, request, { rowsMax: rows, overlap: 0 }), ...whole }
    case 'rest_overlap':
      return { ...route(options, request, { rowsMax: null, overlap: rows }), ...whole }
    case 'rest_slow':
      return { ...answer(), ...whole, slowMs: ms }
    case 'rest_truncate': {
      const full = answer()
      return { ...full, ...whole, body: full.body.slice(0, full.body.length >> 1) }
    }
    case 'rest_cut': {
      const full = answer()
      return { ...full, ...whole, cutAfter: full.body.length >> 1 }
    }
    default:
      return { ...answer(), ...whole }
  }
}
