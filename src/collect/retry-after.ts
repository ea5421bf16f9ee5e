const PAUSE_MS_MAX = 3 * 24 * 3_600_000

/**
 * Reads a `Retry-After` header, seconds or an HTTP date, as milliseconds from `nowUs`.
 *
 * Returns `null` where there is none or it cannot be read; never more than three days, the
 * longest ban a venue speaks of, so that one absurd answer does not stop a collector for good.
 */
export function retryAfterMs(header: string | undefined, nowUs: number): number | null {
  if (header === undefined) return null
  const text = header.trim()
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowUs / 1000
  return Number.isFinite(ms) ? Math.min(PAUSE_MS_MAX, Math.max(0, ms)) : null
}
