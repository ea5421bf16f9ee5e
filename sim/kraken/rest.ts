import { createRateLimit } from '../service/rate-limit.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import type { PageBend, Refusal, RestRequest, VenueContext, VenueRest } from '../venue-sim.ts'
import type { Kraken } from './kraken.ts'
import type { Pair } from './pair.ts'
import { errorAnswer, INVALID, resultAnswer } from './rest-answer.ts'
import { depthRow, pairRow, tickerRow } from './rest-market.ts'
import { ohlcAnswer } from './rest-ohlc.ts'
import { tradesAnswer } from './rest-trades.ts'

const PREFIX = '/0/public/'
// One call a second is safe by the documentation; a few more at once do no harm.
const LIMIT = { perSecond: 1, burst: 10 }
const PAIR_METHODS: ReadonlySet<string> = new Set(['OHLC', 'Trades'])
const UNKNOWN_PAIR = errorAnswer('EQuery:Unknown asset pair')

const methodOf = (path: string) => (path.startsWith(PREFIX) ? path.slice(PREFIX.length) : '')

/** What a pair is answered under: its new name for those who ask for it, else its key. */
function keyOf(pair: Pair, query: URLSearchParams): string {
  return query.get('assetVersion') === '1' ? pair.symbol : pair.key
}

/** The pairs a request names; all of them if it names none, `null` if one is unknown. */
function pairsAsked(kraken: Kraken, query: URLSearchParams): readonly Pair[] | null {
  const names = query.get('pair')?.split(',')
  if (names === undefined) return kraken.pairs.all
  const pairs = names.map((name) => kraken.pairs.ofName(name.trim()))
  return pairs.every((pair) => pair !== null) ? pairs : null
}

function listAnswer(
  kraken: Kraken,
  query: URLSearchParams,
  row: (pair: Pair) => object | null,
): RestAnswer {
  const pairs = pairsAsked(kraken, query)
  if (pairs === null) return UNKNOWN_PAIR
  const rows = pairs.map((pair) => [keyOf(pair, query), row(pair)] as const)
  if (rows.some(([, value]) => value === null)) return INVALID
  return resultAnswer(JSON.stringify(Object.fromEntries(rows)))
}

const secondText = (timeUs: number) => `${new Date(timeUs / 1000).toISOString().slice(0, 19)}Z`

function answer(
  context: VenueContext,
  kraken: Kraken,
  request: RestRequest,
): (bend: PageBend) => RestAnswer {
  const { query, nowUs } = request
  const method = methodOf(request.path)
  const one = (tell: (pair: Pair, key: string) => RestAnswer) => {
    const name = query.get('pair')
    if (name === null) return INVALID
    const pair = kraken.pairs.ofName(name)
    return pair === null ? UNKNOWN_PAIR : tell(pair, keyOf(pair, query))
  }
  return (bend) => {
    switch (method) {
      case 'Time': {
        const unixtime = Math.floor(nowUs / 1_000_000)
        const rfc1123 = new Date(unixtime * 1000).toUTCString().replace('GMT', '+0000')
        return resultAnswer(JSON.stringify({ unixtime, rfc1123 }))
      }
      case 'SystemStatus': {
        const status = { status: kraken.system.state, timestamp: secondText(nowUs) }
        return resultAnswer(JSON.stringify(status))
      }
      case 'AssetPairs': {
        const isNew = query.get('assetVersion') === '1'
        return listAnswer(kraken, query, (pair) => pairRow(pair, isNew, kraken.system.state))
      }
      case 'Ticker':
        return listAnswer(kraken, query, (pair) => tickerRow(kraken, pair))
      case 'Depth':
        return query.has('pair')
          ? listAnswer(kraken, query, (pair) => depthRow(kraken, pair, query, nowUs))
          : INVALID
      case 'OHLC':
        return one((pair, key) => ohlcAnswer(context, pair, { query, key }))
      case 'Trades':
        return one((pair, key) => tradesAnswer(pair, query, { bend, key }))
      default:
        return errorAnswer('EGeneral:Unknown method')
    }
  }
}

/** Returns the venue's words for a refusal: errors come with status 200 unless a fault says so. */
function refuse({ reason, status, untilUs, retryAfterSeconds }: Refusal): RestAnswer {
  const code = status ?? 200
  if (reason === 'failed') {
    // A fault that asks for 200 gets the other of the two errors of that kind.
    return errorAnswer(status === 200 ? 'EService:Busy' : 'EService:Unavailable', code)
  }
  if (reason === 'limited' && retryAfterSeconds === null) {
    return errorAnswer('EAPI:Rate limit exceeded', code)
  }
  return errorAnswer(`EService:Throttled: ${Math.ceil((untilUs ?? 0) / 1_000_000)}`, code)
}

/** Returns the public REST side: one call a second and address, or address and pair. */
export function createKrakenRest(context: VenueContext, kraken: Kraken): VenueRest {
  const { rateLimit = LIMIT } = context
  const limit = createRateLimit(rateLimit)
  return {
    tradesPath: '/Trades',
    admit({ path, query, address, nowMs }) {
      const method = methodOf(path)
      const pair = PAIR_METHODS.has(method) ? kraken.pairs.ofName(query.get('pair') ?? '') : null
      const bucket = pair === null ? address : `${address} ${method} ${pair.symbol}`
      return limit.admit(bucket, nowMs) ? null : errorAnswer('EAPI:Rate limit exceeded')
    },
    answer: (request, bend) => answer(context, kraken, request)(bend),
    refuse,
  }
}
