import type { ProductMarket } from '../market/product-market.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import { json } from '../service/rest-answer.ts'
import type { PageBend, Refusal, RestRequest, VenueContext, VenueRest } from '../venue-sim.ts'
import { dayTicker } from './day-ticker.ts'
import { exchangeInfo, WEIGHT_PER_MINUTE } from './listing.ts'
import { isAnswer, readNumbers, refusal } from './rest-answer.ts'
import { klinesPage } from './rest-klines.ts'
import { aggTradesPage, tradesPage } from './rest-trades.ts'
import type { State } from './state.ts'
import { createWeights } from './weights.ts'

const API = '/api/v3'
const MINUTE_SECONDS = 60
const DEPTH_DEFAULT = 100
const DEPTH_MAX = 5000

const MISSING = {
  code: -1102,
  msg: "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
}

/** The products a request names by `symbol` or `symbols`, or all; or why not. */
function readProducts(
  { market }: VenueContext,
  query: URLSearchParams,
): readonly ProductMarket[] | RestAnswer {
  const [one, list] = [query.get('symbol'), query.get('symbols')]
  if (one === null && list === null) return [...market.products.values()]
  const names = one === null ? readList(list!) : [one]
  if (names === null) {
    const msg = "Illegal characters found in parameter 'symbols'; legal range is '^\\[.*\\]$'."
    return refusal(400, { code: -1100, msg })
  }
  const found = names.map((name) => market.products.get(name))
  const known = found.filter((engine) => engine !== undefined)
  return known.length === found.length
    ? known
    : refusal(400, { code: -1121, msg: 'Invalid symbol.' })
}

function readList(text: string): readonly string[] | null {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.map(String) : null
  } catch {
    return null
  }
}

function depthAnswer(state: State, { product }: ProductMarket, query: URLSearchParams) {
  const asked = readNumbers(query, ['limit'])
  if (isAnswer(asked)) return asked
  const book = state.books.of(product.id)
  const { bids, asks } = book.levels(Math.min(asked.limit ?? DEPTH_DEFAULT, DEPTH_MAX))
  const body = `{"lastUpdateId":${book.lastUpdateId},"bids":${bids},"asks":${asks}}`
  return { status: 200, body }
}

/** Answers what concerns one product. */
function answerSymbol(
  { context, state }: { readonly context: VenueContext; readonly state: State },
  request: RestRequest,
  bend: PageBend,
): RestAnswer {
  const { market, candleHoles } = context
  const { path, query } = request
  if (!query.has('symbol')) return refusal(400, MISSING)
  const products = readProducts(context, query)
  if (isAnswer(products)) return products
  const engine = products[0]!
  const { product } = engine
  switch (path) {
    case `${API}/aggTrades`:
      return aggTradesPage({ engine, state }, query, bend)
    case `${API}/trades`:
      return tradesPage({ engine, state }, query)
    case `${API}/depth`:
      return depthAnswer(state, engine, query)
    default: {
      const { timeUs } = market
      const fold = market.candles.get(product.id)!
      return klinesPage({ product, fold, holes: candleHoles, timeUs }, query, bend)
    }
  }
}

function route(
  parts: { readonly context: VenueContext; readonly state: State },
  request: RestRequest,
  bend: PageBend,
): RestAnswer {
  const { context } = parts
  const { path, query, nowUs } = request
  switch (path) {
    case `${API}/ping`:
      return json({})
    case `${API}/time`:
      return json({ serverTime: Math.floor(nowUs / 1000) })
    case `${API}/exchangeInfo`: {
      const products = readProducts(context, query)
      if (isAnswer(products)) return products
      const all = !query.has('symbol') && !query.has('symbols')
      const listed = products.map(({ product }) => product)
      return json(exchangeInfo(listed, all, Math.floor(nowUs / 1000)))
    }
    case `${API}/ticker/24hr`: {
      const products = readProducts(context, query)
      if (isAnswer(products)) return products
      const rows = products.map((engine) => dayTicker(context.market, engine))
      return json(query.has('symbol') ? rows[0] : rows)
    }
    case `${API}/historicalTrades`:
      return refusal(401, { code: -2014, msg: 'API-key format invalid.' })
    case `${API}/aggTrades`:
    case `${API}/trades`:
    case `${API}/depth`:
    case `${API}/klines`:
      return answerSymbol(parts, request, bend)
    default:
      return refusal(404, { code: -1000, msg: 'Not Found' })
  }
}

const TOO_MUCH = 'request weight used; '
const ADVICE = 'Please use the websocket for live updates'

function refuse({ reason, status, retryAfterSeconds, untilUs }: Refusal): RestAnswer {
  if (reason === 'failed') {
    const msg = 'Internal error; unable to process your request. Please try again.'
    return refusal(status ?? 503, { code: -1001, msg })
  }
  const headers: Readonly<Record<string, string>> =
    retryAfterSeconds === null ? {} : { 'Retry-After': `${retryAfterSeconds}` }
  if (reason === 'banned') {
    const untilMs = Math.floor((untilUs ?? 0) / 1000)
    const msg = `Way too much ${TOO_MUCH}IP banned until ${untilMs}. ${ADVICE} to avoid bans.`
    return refusal(status ?? 418, { code: -1003, msg }, headers)
  }
  const limit = `current limit is ${WEIGHT_PER_MINUTE} request weight per 1 MINUTE. `
  const msg = `Too much ${TOO_MUCH}${limit}${ADVICE} to avoid polling the API.`
  return refusal(status ?? 429, { code: -1003, msg }, headers)
}

/**
 * Returns Binance.US's REST: 1200 of weight a minute and address. Beyond that it says 429 until
 * the minute is over, and whoever asks on is banned with 418, each time for longer.
 */
export function createBinanceRest(context: VenueContext, state: State): VenueRest {
  const { rateLimit, bans, nowUs } = context
  const weights = createWeights()
  const allowed = rateLimit == null ? WEIGHT_PER_MINUTE : rateLimit.perSecond * MINUTE_SECONDS
  // One answer is made at a time: the address of the last request is the one answered.
  let address = ''

  function weighed(answer: RestAnswer): RestAnswer {
    const used = `${weights.used(address, nowUs())}`
    return { ...answer, headers: { ...answer.headers, 'X-MBX-USED-WEIGHT-1M': used } }
  }

  return {
    tradesPath: '/aggTrades',
    admit(request) {
      address = request.address
      const used = weights.add(request)
      if (rateLimit === null || used <= allowed) return null
      const retryAfterSeconds = MINUTE_SECONDS - (Math.floor(request.nowUs / 1e6) % MINUTE_SECONDS)
      bans.start(request.address, retryAfterSeconds, request.nowUs)
      const untilUs = request.nowUs + retryAfterSeconds * 1e6
      return weighed(refuse({ reason: 'limited', status: null, retryAfterSeconds, untilUs }))
    },
    answer: (request, bend) => weighed(route({ context, state }, request, bend)),
    refuse: (refusal) => weighed(refuse(refusal)),
  }
}
