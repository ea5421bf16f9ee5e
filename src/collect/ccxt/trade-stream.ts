import { wholeIdOf } from '../../venues/ccxt/index.ts'
import { type CcxtWriter, tapeName, type Way } from './writer.ts'

/** Trades remembered of a product, so that pages may overlap. */
const KNOWN_MAX = 10_000

/** A page this long that holds nothing known may have begun after the end of the one before. */
const FULL_PAGE = 50

/** What one page of trades came to. */
export interface Taken {
  readonly fresh: number
  /** False where trades may lie between this page and those before it. */
  readonly joined: boolean
}

/** The trades of one product on their way into the log. */
export interface TradeStream {
  /** Learns from a page whether ids can number the trades, unless it is known. */
  learn(page: unknown): void
  /** Writes what is new of a page. */
  take(page: unknown, sinceMs?: number): Taken
  /** The socket was away: what it tells first may have been told before. */
  resume(): void
  /** Greatest time told of a trade, epoch milliseconds, or `null`. */
  readonly newestMs: number | null
  readonly trades: number
}

/** Everything {@link createTradeStream} needs. */
export interface TradeStreamOptions {
  readonly venue: string
  readonly symbol: string
  readonly way: Way
  readonly writer: CcxtWriter
  /** Unique to the run. */
  readonly conn: string
  /** When the run began, epoch milliseconds. */
  readonly startMs: number
}

interface UnifiedTrade {
  readonly id?: unknown
  readonly timestamp?: unknown
  readonly price?: unknown
  readonly amount?: unknown
  readonly side?: unknown
}

/**
 * Opens the stream of a product's trades.
 *
 * Where ids are whole numbers that follow one another, they number the trades, on one tape for
 * each way of collecting: one exchange may number its socket's trades otherwise than those it is
 * asked for. Else the run numbers what it writes, on a tape of its own that begins with the run,
 * and this memory of the last 10,000 trades is what keeps any from being written twice.
 */
export function createTradeStream(options: TradeStreamOptions): TradeStream {
  const { venue, symbol, way, writer, conn, startMs } = options
  const idTape = tapeName(venue, way)
  const lineTape = tapeName(venue, way, conn)
  const method = way === 'ws' ? 'watchTrades' : 'fetchTrades'
  const known = new Set<string>()
  let hasNumbers: boolean | null = null
  let lines = 0
  let floorMs = startMs - 1
  let newestMs: number | null = null
  let trades = 0

  /** Of trades without ids the socket's alike are two, for it repeats none while it lives. */
  function isFresh(trade: UnifiedTrade, key: string): boolean {
    if (!hasNumbers && typeof trade.timestamp === 'number' && trade.timestamp <= floorMs)
      return false
    if (way === 'ws' && trade.id === undefined) return true
    if (known.has(key)) return false
    known.add(key)
    const [oldest] = known
    if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest)
    return true
  }

  function write(fresh: readonly UnifiedTrade[], sinceMs: number | undefined): void {
    const numbered = hasNumbers && fresh.every(({ id }) => wholeIdOf(id) >= 0)
    const about = { method, symbol, value: fresh, ...(sinceMs !== undefined && { sinceMs }) }
    if (numbered) writer.write({ ...about, tape: idTape })
    else {
      writer.write({ ...about, tape: lineTape, firstLine: lines + 1 })
      lines += fresh.length
    }
    trades += fresh.length
    for (const { timestamp } of fresh) {
      if (typeof timestamp === 'number') newestMs = Math.max(newestMs ?? timestamp, timestamp)
    }
  }

  function learn(page: unknown): void {
    const list = listOf(page)
    if (hasNumbers === null && list.length > 0) hasNumbers = numbersTrades(list)
  }

  return {
    learn,
    take(page, sinceMs) {
      learn(page)
      const list = listOf(page)
      const isFirst = newestMs === null
      const fresh = withKeys(list).flatMap(([trade, key]) => (isFresh(trade, key) ? [trade] : []))
      if (fresh.length > 0) write(fresh, sinceMs)
      const isWhole = fresh.length < Math.max(list.length, FULL_PAGE)
      return { fresh: fresh.length, joined: way === 'ws' || isFirst || isWhole }
    },
    resume() {
      floorMs = Math.max(floorMs, newestMs ?? floorMs)
    },
    get newestMs() {
      return newestMs
    },
    get trades() {
      return trades
    },
  }
}

function listOf(page: unknown): readonly UnifiedTrade[] {
  const list: readonly unknown[] = Array.isArray(page) ? page : []
  return list.filter((item): item is UnifiedTrade => typeof item === 'object' && item !== null)
}

/** Trades of a page with what tells each from all others: of several alike, which one it is. */
function withKeys(list: readonly UnifiedTrade[]): (readonly [UnifiedTrade, string])[] {
  const seen = new Map<string, number>()
  return list.map((trade) => {
    const { id, timestamp, price, amount, side } = trade
    const content = JSON.stringify([id, timestamp, price, amount, side])
    const nth = seen.get(content) ?? 0
    seen.set(content, nth + 1)
    return [trade, nth === 0 ? content : `${content} ${nth}`]
  })
}

/**
 * Whether the ids of a page are whole numbers of which nearly all follow their neighbour. Where an
 * exchange counts over all its products, every trade would be a run of its own for the warehouse
 * to remember.
 */
function numbersTrades(list: readonly UnifiedTrade[]): boolean {
  const ids = list.map(({ id }) => wholeIdOf(id)).sort((a, b) => a - b)
  const jumps = ids.filter((id, at) => id < 0 || id !== (ids[at - 1] ?? id - 1) + 1)
  return jumps.length * 10 <= ids.length && !ids.includes(-1)
}
