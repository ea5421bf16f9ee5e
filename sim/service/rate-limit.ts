/** A lazily filled token bucket per client address. */
export interface RateLimit {
  /** Whether a request of `address` may pass now; takes its token if so. */
  admit(address: string, nowMs: number): boolean
}

/** How many requests pass: `perSecond` steadily, `burst` at once. */
export interface RateLimitOptions {
  readonly perSecond: number
  readonly burst: number
}

const ADDRESSES_MAX = 1000

/** Returns full buckets; `null` admits everything. */
export function createRateLimit(options: RateLimitOptions | null): RateLimit {
  const buckets = new Map<string, { tokens: number; filledMs: number }>()
  return {
    admit(address, nowMs) {
      if (options === null) return true
      if (buckets.size >= ADDRESSES_MAX) buckets.clear()
      const bucket = buckets.get(address) ?? { tokens: options.burst, filledMs: nowMs }
      buckets.set(address, bucket)
      const filled = ((nowMs - bucket.filledMs) / 1000) * options.perSecond
      bucket.tokens = Math.min(options.burst, bucket.tokens + filled)
      bucket.filledMs = nowMs
      if (bucket.tokens < 1) return false
      bucket.tokens -= 1
      return true
    },
  }
}
