import type { Answer, Heed } from '../venue.ts'
import { isErrorBody, parseJson } from './wire.ts'

/** Weight a minute allows an address, by every listing recorded since 2021. */
const WEIGHT_PER_MINUTE = 1200

/** Weight used at which we leave the rest of the minute to whoever shares our address. */
const WEIGHT_USED_MAX = 0.8 * WEIGHT_PER_MINUTE

const MINUTE_MS = 60_000

/** The firewall tells no end of its block; asking sooner makes it longer. */
const FIREWALL_MS = 5 * MINUTE_MS

/** A ban lasts three days at most; more is a mistake of somebody's clock. */
const BAN_MS_MAX = 3 * 24 * 60 * MINUTE_MS

/** Whoever is told to wait until a moment waits a little longer: clocks differ. */
const SPARE_MS = 1000

/** Error bodies are short. */
const BODY_BYTES_MAX = 4096

const TOO_MANY_REQUESTS = -1003

/** Internal errors, by code: disconnected, unexpected answer, time-out, overload, shutting down. */
const UNAVAILABLE_CODES: readonly number[] = [-1000, -1001, -1006, -1007, -1008, -1016]

/**
 * Reads complaints out of an answer: a pause or a ban (429, 418, or code -1003 whatever the
 * status), the firewall's (403), a fault of the venue (5xx), or a definite no.
 *
 * A plain answer whose header says that the minute's weight is nearly used up asks to go slow
 * until the next minute begins. The weight counts for the address, not for us alone.
 */
export function heed(answer: Answer): Heed | null {
  const { status, headers, body, nowUs } = answer
  const error = errorOf(body)
  const message = (error === null ? `status ${status}` : `${error.msg} (${error.code})`).slice(
    0,
    200,
  )
  const nowMs = nowUs / 1000
  if (status === 418 || status === 429 || error?.code === TOO_MANY_REQUESTS) {
    return { kind: 'limited', afterMs: pauseMs(headers, error?.msg ?? '', nowMs), message }
  }
  if (status === 403) {
    const afterMs = retryAfterMs(headers) ?? FIREWALL_MS
    return { kind: 'limited', afterMs, message: `the venue's firewall: ${message}`.slice(0, 200) }
  }
  if (status >= 500 || status === 408) return { kind: 'unavailable', message }
  if (error !== null) {
    const kind = UNAVAILABLE_CODES.includes(error.code) ? 'unavailable' : 'refused'
    return { kind, message }
  }
  if (status >= 400) return { kind: 'refused', message }
  const used = Number(headers['x-mbx-used-weight-1m'] ?? headers['x-mbx-used-weight'] ?? 0)
  if (!(used >= WEIGHT_USED_MAX)) return null
  return { kind: 'slow_down', afterMs: Math.ceil(MINUTE_MS - (nowMs % MINUTE_MS)) + SPARE_MS }
}

/** Returns the error an answer is, or `null` where it is none. */
function errorOf(body: Uint8Array): { readonly code: number; readonly msg: string } | null {
  // A page of trades begins with a bracket; only what is short may be parsed to see.
  if (body.length > BODY_BYTES_MAX || body[0] === 0x5b) return null
  const value = parseJson(body)
  return isErrorBody(value) ? value : null
}

/** The longer of what the header and the words say; `null` where neither says a time. */
function pauseMs(headers: Answer['headers'], words: string, nowMs: number): number | null {
  const header = retryAfterMs(headers)
  const until = Number(/until ([0-9]{13})(?![0-9])/.exec(words)?.[1] ?? 0)
  const banned = until > nowMs ? Math.min(BAN_MS_MAX, Math.ceil(until - nowMs) + SPARE_MS) : null
  return header === null ? banned : Math.max(header, banned ?? 0)
}

/** Reads `Retry-After`, which Binance gives in seconds. */
function retryAfterMs(headers: Answer['headers']): number | null {
  const text = headers['retry-after']?.trim() ?? ''
  return /^[0-9]{1,9}$/.test(text) ? Math.min(BAN_MS_MAX, Number(text) * 1000) : null
}
