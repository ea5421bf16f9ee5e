import { createRateLimit } from '../service/rate-limit.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import { json } from '../service/rest-answer.ts'
import type { PageBend, RestRequest, VenueContext, VenueRest } from '../venue-sim.ts'
import { complaint, numberedComplaint } from './answer.ts'
import { coinsOf } from './coin.ts'
import { marketChart, ohlc } from './history.ts'
import { coinsList, marketsPage, simplePrice } from './markets.ts'

const PREFIX = '/api/v3'

/** Thirty requests a minute and address. */
const LIMIT = { perSecond: 0.5, burst: 30 }

type RestContext = Pick<VenueContext, 'market' | 'rateLimit' | 'retryAfter' | 'random'>

/** Returns CoinGecko's REST: all there is of it. */
export function createCoinGeckoRest(context: RestContext): VenueRest {
  const { market, rateLimit = LIMIT, retryAfter, random } = context
  const limit = createRateLimit(rateLimit)
  const coins = coinsOf(market)

  /** "Too many" with either status: clients that look at the status alone are caught out. */
  const limited = (retryAfterSeconds: number | null, status: number | null = null) =>
    numberedComplaint(429, {
      status: status ?? (random.next() < 0.5 ? 200 : 429),
      retryAfterSeconds,
    })

  function answer({ path, query }: RestRequest, bend: PageBend): RestAnswer {
    // Up to where all is traded: figures of a time never change afterwards.
    const asked = { query, timeUs: market.timeUs }
    const [scope, name, what] = path.slice(PREFIX.length).split('/').slice(1)
    if (!path.startsWith(`${PREFIX}/`)) return complaint(404, 'Not Found')
    if (scope === 'ping') return json({ gecko_says: '(V3) To the Moon!' })
    if (scope === 'simple' && name === 'price') return simplePrice(coins, asked)
    if (scope !== 'coins') return complaint(404, 'Not Found')
    if (name === 'list') return coinsList(coins)
    if (name === 'markets') return marketsPage(coins, asked, bend)
    const coin = coins.find(({ id }) => id === decodeURIComponent(name ?? ''))
    if (coin === undefined) return complaint(404, 'coin not found')
    if (what === 'market_chart') return marketChart(coin, asked)
    return what === 'ohlc' ? ohlc(coin, asked) : complaint(404, 'Not Found')
  }

  return {
    tradesPath: '/coins/markets',
    admit: ({ address, nowMs }) =>
      limit.admit(address, nowMs) ? null : limited(retryAfter ? 1 : null),
    answer,
    refuse({ reason, status, retryAfterSeconds }) {
      if (reason !== 'failed') return limited(retryAfterSeconds, status)
      return numberedComplaint(status ?? 503, { status: status ?? 503, retryAfterSeconds: null })
    },
  }
}
