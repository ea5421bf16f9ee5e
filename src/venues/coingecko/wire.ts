/**
 * Payloads exactly as CoinGecko sends them, as far as they are read as whole values. Rows of
 * markets, points of charts and candles are read field by field from their bytes instead, for
 * the sake of their digits.
 */

/** A row of `GET /coins/list`; tickers (`symbol`) are not unique, ids are. */
export interface CoinRow {
  readonly id: string
  readonly symbol: string
  readonly name?: string
}

/** What an answer says that is no answer. */
export interface Complaint {
  /** CoinGecko's own number, 429 among them; `null` where it gives words alone. */
  readonly code: number | null
  readonly message: string
}

/** Longest answer that may be a complaint: pages are not read to learn that they are none. */
const COMPLAINT_BYTES_MAX = 4096

/** Whether a value is an object that may have fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a row of the list names a coin. */
export function isCoinRow(value: unknown): value is CoinRow {
  return isRecord(value) && typeof value.id === 'string' && typeof value.symbol === 'string'
}

/**
 * Reads a complaint, in any of the four shapes it comes in, or answers `null`.
 *
 * `{"status":{"error_code":429,"error_message":"…"}}`, the same inside of `error`,
 * `{"status":500,"error":"…"}`, and `{"error":"coin not found"}`. The first has been seen with
 * HTTP status 200: <https://docs.coingecko.com/docs/errors-and-rate-limits>.
 */
export function readComplaint(body: Uint8Array): Complaint | null {
  if (body.length > COMPLAINT_BYTES_MAX) return null
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(body))
  } catch {
    return null
  }
  if (!isRecord(value)) return null
  const { error } = value
  const status = isRecord(error) && isRecord(error.status) ? error.status : value.status
  if (isRecord(status) && typeof status.error_code === 'number') {
    return { code: status.error_code, message: textOf(status.error_message) }
  }
  if (typeof error !== 'string') return null
  return { code: typeof status === 'number' ? status : null, message: textOf(error) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 200) : 'no words given'
}
