import type { RestRequest } from '../venue-sim.ts'

/** Request weight used by each address in the minute of the wall clock. */
export interface Weights {
  /** Adds the weight of a request, and returns what is used now. */
  add(request: RestRequest): number
  used(address: string, nowUs: number): number
}

const MINUTE_US = 60_000_000
const ADDRESSES_MAX = 1000
const ALL_TICKERS = 40
const FEW_TICKERS_MAX = 20

// Depth costs by how much of it is asked for.
function depthWeight(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? 100)
  if (limit <= 100) return 1
  if (limit <= 500) return 5
  return limit <= 1000 ? 10 : 50
}

function tickerWeight(query: URLSearchParams): number {
  if (query.has('symbol')) return 1
  const count = query.get('symbols')?.split(',').length ?? Number.POSITIVE_INFINITY
  return count <= FEW_TICKERS_MAX ? 2 : ALL_TICKERS
}

/** Returns what a request costs. */
export function weightOf({ path, query }: RestRequest): number {
  if (path.endsWith('/exchangeInfo')) return 10
  if (path.endsWith('/historicalTrades')) return 5
  if (path.endsWith('/depth')) return depthWeight(query)
  return path.endsWith('/ticker/24hr') ? tickerWeight(query) : 1
}

/** Returns weights of which nothing is used. */
export function createWeights(): Weights {
  const addresses = new Map<string, { minute: number; used: number }>()
  function current(address: string, nowUs: number) {
    const minute = Math.floor(nowUs / MINUTE_US)
    if (addresses.size >= ADDRESSES_MAX) addresses.clear()
    const held = addresses.get(address)
    if (held?.minute === minute) return held
    const fresh = { minute, used: 0 }
    addresses.set(address, fresh)
    return fresh
  }
  return {
    add(request) {
      const entry = current(request.address, request.nowUs)
      entry.used += weightOf(request)
      return entry.used
    },
    used: (address, nowUs) => current(address, nowUs).used,
  }
}
