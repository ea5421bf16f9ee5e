import type { SymbolFaults } from '../faults/symbol-faults.ts'
import type { Pair, Pairs } from './pair.ts'
import type { ChannelRequest } from './request.ts'
import { optionError, topicOf } from './request.ts'
import type { Session } from './session.ts'
import { holds } from './session.ts'

/** What becomes of one symbol of a request. */
export interface Outcome {
  /** What it is refused with; `null` where it is granted. */
  readonly error: string | null
  /** Its pair; `null` where there is none. */
  readonly pair: Pair | null
  /** Whether it is granted without a word. */
  readonly unacked: boolean
}

/** What requests are judged by. */
export interface Judge {
  readonly pairs: Pairs
  readonly symbolFaults: SymbolFaults
}

// A slash between two names; older spellings and wildcards are none.
const SYMBOL = /^[^/*]+\/[^/*]+$/

function errorOf(judge: Judge, session: Session, request: ChannelRequest, symbol: string) {
  if (!SYMBOL.test(symbol)) return `Currency pair not in ISO 4217-A3 format ${symbol}`
  const pair = judge.pairs.ofSymbol(symbol)
  if (pair === null) return `Currency pair not supported ${symbol}`
  const held = holds(session, topicOf(request), pair.product.id)
  if (request.method === 'unsubscribe') return held ? null : 'Subscription Not Found'
  if (held) return 'Already subscribed'
  const strikes = request.channel === 'trade'
  const rejected = strikes && judge.symbolFaults.take('reject', pair.product.id) !== null
  return rejected ? `Currency pair not supported ${symbol}` : null
}

/** Judges every symbol of a request by itself: one that is refused costs the others nothing. */
export function outcomesOf(
  judge: Judge,
  session: Session,
  request: ChannelRequest,
): ReadonlyMap<string, Outcome> {
  const wrong = optionError(request)
  const judged = (symbol: string): Outcome => {
    const error = wrong ?? errorOf(judge, session, request, symbol)
    const pair = judge.pairs.ofSymbol(symbol)
    const asks = error === null && request.channel === 'trade' && request.method === 'subscribe'
    const unacked = asks && judge.symbolFaults.take('ack_withheld', pair!.product.id) !== null
    return { error, pair, unacked }
  }
  return new Map(request.symbols.map((symbol) => [symbol, judged(symbol)]))
}
