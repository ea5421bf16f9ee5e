import type { Answer, Heed, History } from '../venue.ts'
import { REST_DIALECT } from './endpoint.ts'
import { readComplaint } from './wire.ts'

/** Pause after "rate limited" without a word on how long: the allowance is one of a minute. */
const LIMITED_PAUSE_MS = 60_000
const PAUSE_MS_MAX = 3_600_000

const TOO_MANY = 429

/** Complaints that asking again may help against. */
const PASSING: readonly number[] = [408, 500, 502, 503, 504]

/** CoinGecko has no trades to page through; what it has is asked for by its `snapshots`. */
export const history: History = Object.freeze({
  restUrl: 'https://api.coingecko.com/api/v3',
  dialect: REST_DIALECT,
  ratePerSecond: 5 / 60,
  burst: 1,
  headersKept: Object.freeze(['retry-after', 'age', 'cf-cache-status']),
  listing: Object.freeze({ channel: 'list', symbol: null, path: '/coins/list' }),
  witness: () => null,
  heed,
  next: () => DONE,
  nextCandles: () => DONE,
})

const DONE = Object.freeze({ done: true })

/** The complaint's own number goes before the HTTP status, which may be 200 all the same. */
function heed({ status, headers, body, nowUs }: Answer): Heed | null {
  const complaint = readComplaint(body)
  const code = complaint?.code ?? status
  const message = complaint?.message ?? `status ${status}`
  if (code === TOO_MANY || status === TOO_MANY) {
    return { kind: 'limited', afterMs: pauseMs(headers['retry-after'], nowUs), message }
  }
  if (complaint === null) return null
  if (PASSING.includes(code) || PASSING.includes(status)) return { kind: 'unavailable', message }
  return { kind: 'refused', message }
}

/** Seconds or an HTTP date; not documented, honoured where it is there. */
function pauseMs(retryAfter: string | undefined, nowUs: number): number {
  const text = retryAfter?.trim() ?? ''
  const ms = /^[0-9]+(\.[0-9]+)?$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - nowUs / 1000
  return Number.isFinite(ms) ? Math.min(PAUSE_MS_MAX, Math.max(0, ms)) : LIMITED_PAUSE_MS
}
