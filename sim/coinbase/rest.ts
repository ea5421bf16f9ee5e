import type { ProductMarket } from '../market/product-market.ts'
import { decimalText, microsText, paddedText } from '../market/text.ts'
import { createRateLimit } from '../service/rate-limit.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import { json } from '../service/rest-answer.ts'
import type { PageBend, RestRequest, VenueContext, VenueRest } from '../venue-sim.ts'
import { productRow } from './listing.ts'
import { refusal } from './rest-answer.ts'
import { candlesPage } from './rest-candles.ts'
import { tradesPage } from './rest-trades.ts'

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

function route(options: VenueContext, request: RestRequest, bend: PageBend): RestAnswer {
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
  if (parts[2] === 'trades') return tradesPage(engine, request.query, bend)
  if (parts[2] === 'ticker') return tickerAnswer(engine)
  if (parts[2] !== 'candles') return refusal(404, 'NotFound')
  const fold = market.candles.get(engine.product.id)!
  return candlesPage(engine.product, { fold, holes: options.candleHoles }, request)
}

function limited(retryAfterSeconds: number | null): RestAnswer {
  const headers = retryAfterSeconds === null ? undefined : { 'Retry-After': `${retryAfterSeconds}` }
  return refusal(429, 'Public rate limit exceeded', headers)
}

/** Returns Coinbase Exchange's REST: ten requests a second and address, fifteen at once. */
export function createCoinbaseRest(context: VenueContext): VenueRest {
  const { rateLimit = { perSecond: 10, burst: 15 }, retryAfter } = context
  const limit = createRateLimit(rateLimit)
  return {
    tradesPath: '/trades',
    admit: ({ address, nowMs }) =>
      limit.admit(address, nowMs) ? null : limited(retryAfter ? 1 : null),
    answer: (request, bend) => route(context, request, bend),
    refuse({ reason, status, retryAfterSeconds }) {
      if (reason !== 'failed') return limited(retryAfterSeconds)
      return refusal(status ?? 503, 'Service Unavailable')
    },
  }
}
