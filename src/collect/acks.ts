import type { Ack, Ask, Route, Subscription } from '../venues/venue.ts'
import type { SubscriptionState, Subscriptions } from './subscriptions.ts'

/** What was asked for on one connection, by the id each request bore. */
export interface RequestLog {
  /** The id the next request may bear. */
  readonly nextId: number
  /** Notes requests that are about to be sent; gives them back. */
  note(kind: Request['kind'], asks: readonly Ask[]): readonly Ask[]
  /** Takes out the request of this id, if it was one of the newest 1,000. */
  answered(id: number): Request | undefined
  /** Puts back what of a request is not answered yet. */
  keep(id: number, request: Request): void
}

/** One request. */
export interface Request {
  readonly kind: 'subscribe' | 'unsubscribe'
  readonly subscriptions: readonly Subscription[]
}

const REQUESTS_KEPT = 1000

/** Opens the requests of one connection, whose ids begin at 1. */
export function createRequestLog(): RequestLog {
  const requests = new Map<number, Request>()
  let nextId = 1
  const keep = (id: number, request: Request) => {
    requests.set(id, request)
    const oldest = requests.keys().next().value
    if (requests.size > REQUESTS_KEPT && oldest !== undefined) requests.delete(oldest)
  }
  return {
    keep,
    get nextId() {
      return nextId
    },
    note(kind, asks) {
      for (const { id, subscriptions } of asks) {
        keep(id, { kind, subscriptions })
        nextId = Math.max(nextId, id + 1)
      }
      return asks
    },
    answered(id) {
      const request = requests.get(id)
      requests.delete(id)
      return request
    },
  }
}

/**
 * Takes the venue's word on what this connection carries. One that answers a request and names a
 * symbol confirms that part of it.
 */
export function applyAck(
  subscriptions: Subscriptions,
  { ack, symbol }: { readonly ack: Ack; readonly symbol?: string | null },
  requests: RequestLog,
): void {
  switch (ack.kind) {
    case 'whole':
      applyWhole(subscriptions, ack.subscriptions)
      return
    case 'request': {
      const request = requests.answered(ack.id)
      if (request === undefined) return
      const part = request.subscriptions.filter((one) => !symbol || one.symbol === symbol)
      if (part.length < request.subscriptions.length) requests.keep(ack.id, request)
      mark(subscriptions, part, request.kind === 'subscribe')
      return
    }
    default:
      mark(subscriptions, ack.subscriptions, ack.kind === 'added')
  }
}

function applyWhole(subscriptions: Subscriptions, acked: readonly Subscription[]): void {
  const held = new Set(acked.map(({ channel, symbol }) => `${channel} ${symbol}`))
  const channels = new Set(acked.map(({ channel }) => channel))
  for (const sub of subscriptions.all) {
    const { channel, symbol } = sub
    sub.acked = symbol === '' ? channels.has(channel) : held.has(`${channel} ${symbol}`)
    if (sub.acked) sub.refused = null
  }
}

function mark(subscriptions: Subscriptions, named: readonly Subscription[], acked: boolean): void {
  for (const { channel, symbol } of named) {
    const sub = subscriptions.find(channel, symbol)
    if (sub === undefined) continue
    sub.acked = acked
    if (acked) sub.refused = null
  }
}

/** What a complaint of the venue comes to. */
export interface Complaint {
  /** Subscriptions it refuses, that were not refused before. */
  readonly refused: readonly SubscriptionState[]
  /** Subscriptions of a request that was refused as a whole: one of them is to blame. */
  readonly suspects: readonly SubscriptionState[]
}

/**
 * Finds what a complaint is about and marks that as refused.
 *
 * One that answers a request concerns that request alone: if it was for one subscription, or the
 * complaint names a symbol of it, that is refused; else each is to be asked for by itself.
 * Without a request, it concerns the unacknowledged subscriptions of the symbol it names.
 */
export function applyRefusal(
  subscriptions: Subscriptions,
  route: Route,
  requests: RequestLog,
): Complaint {
  const words = route.message ?? ''
  if (route.requestId === undefined) {
    const concerned = subscriptions.all.filter((sub) => concerns(route, sub))
    return { refused: refuse(concerned, words), suspects: [] }
  }
  const request = requests.answered(route.requestId)
  if (request === undefined || request.kind === 'unsubscribe') return NOTHING
  const open = request.subscriptions
    .map(({ channel, symbol }) => subscriptions.find(channel, symbol))
    .filter((sub) => sub !== undefined)
    .filter((sub) => !sub.acked)
  const named = open.filter((sub) => concerns(route, sub))
  if (named.length === 0 && request.subscriptions.length > 1) {
    return { refused: [], suspects: open }
  }
  // Kraken answers a request once for each symbol: other answers to this one may still come.
  if (request.subscriptions.length > 1) requests.keep(route.requestId, request)
  return { refused: refuse(named.length > 0 ? named : open, words), suspects: [] }
}

const NOTHING: Complaint = { refused: [], suspects: [] }

/** Whether a complaint names this subscription's symbol and the venue has not acknowledged it. */
function concerns(route: Route, sub: SubscriptionState): boolean {
  if (sub.symbol === '' || sub.acked) return false
  if (route.symbol !== null) return route.symbol === sub.symbol
  return names(route.message ?? '', sub.symbol)
}

function refuse(subs: readonly SubscriptionState[], words: string): SubscriptionState[] {
  const fresh = subs.filter((sub) => sub.refused === null)
  for (const sub of subs) sub.refused = words === '' ? 'refused' : words
  return fresh
}

/** Whether `words` name the symbol by itself: `BTC-USDC` does not name `BTC-USD`. */
function names(words: string, symbol: string): boolean {
  for (let at = words.indexOf(symbol); at >= 0; at = words.indexOf(symbol, at + 1)) {
    const around = (words[at - 1] ?? ' ') + (words[at + symbol.length] ?? ' ')
    if (!/[\w/-]/.test(around)) return true
  }
  return false
}
