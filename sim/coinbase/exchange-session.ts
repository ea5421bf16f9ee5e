import type { Random } from '../../src/core/random.ts'
import type { SymbolFaults } from '../faults/symbol-faults.ts'
import { DELISTED_PRODUCT } from '../market/catalogue.ts'
import type { Connection } from '../service/connection.ts'
import { shuffled } from '../service/feed.ts'
import type { Mute } from '../venue-sim.ts'
import { ackFrame, errorFrame } from './exchange-frames.ts'
import type { SubscribeRequest } from './subscribe-request.ts'

/** One client of the Exchange feed. */
export interface ExchangeSession {
  readonly connection: Connection
  /** What it holds: product ids by channel, under the names channels are acknowledged by. */
  readonly channels: Map<string, Set<string>>
  readonly mutes: Map<string, Mute>
  /** Products that acks do not name, though they are served. */
  readonly unacked: Set<string>
  /** Whether it has sent a request yet. */
  greeted: boolean
}

/** A (channel, product) that a request asked for and got; channels without products have ''. */
export type Subscribed = readonly [channel: string, product: string]

const OPEN_CHANNELS = new Set([
  'matches',
  'heartbeat',
  'ticker',
  'ticker_1000',
  'level2_50',
  'status',
])
const CLOSED_CHANNELS = new Set(['level2', 'level3', 'full', 'user', 'balance'])

function channelError(channel: string): string | null {
  if (OPEN_CHANNELS.has(channel)) return null
  return CLOSED_CHANNELS.has(channel)
    ? `${channel} requires authentication`
    : `${channel} is not a valid channel`
}

function productError(product: string, listed: ReadonlySet<string>): string | null {
  if (listed.has(product)) return null
  return product === DELISTED_PRODUCT
    ? `${product} is delisted`
    : `${product} is not a valid product`
}

/** What a subscription is checked against. */
export interface Listing {
  readonly listed: ReadonlySet<string>
  readonly symbolFaults: SymbolFaults
}

/** Returns the products of a request that are served; faults take their part of the others. */
function accepted(
  session: ExchangeSession,
  request: SubscribeRequest,
  { listed, symbolFaults }: Listing,
): ReadonlySet<string> {
  const named = new Set(request.wants.flatMap(({ products }) => products))
  const good = [...named].filter((product) => listed.has(product))
  for (const product of good) {
    if (symbolFaults.take('ack_withheld', product) === null) session.unacked.delete(product)
    else session.unacked.add(product)
  }
  return new Set(good.filter((product) => symbolFaults.take('reject', product) === null))
}

/**
 * Adds what a request asks for and returns what was added.
 *
 * A bad product costs one error per channel and nothing else: the good ones beside it are
 * subscribed all the same.
 */
export function subscribe(
  session: ExchangeSession,
  request: SubscribeRequest,
  listing: Listing,
): readonly Subscribed[] {
  const added: Subscribed[] = []
  const listed = accepted(session, request, listing)
  for (const { channel, products } of request.wants) {
    const whole = channel === 'status'
    const errors = products.map((product) => (whole ? null : productError(product, listed)))
    const error = channelError(channel) ?? errors.find((reason) => reason !== null)
    if (error != null) session.connection.send(errorFrame('Failed to subscribe', error))
    if (!OPEN_CHANNELS.has(channel)) continue
    const good = products.filter((product) => listed.has(product))
    if (good.length === 0 && !whole) continue
    const held = session.channels.get(channel) ?? new Set<string>()
    session.channels.set(channel, held)
    if (whole) added.push([channel, ''])
    for (const product of good) {
      held.add(product)
      // A fresh subscription cures a symbol that fell silent.
      if (channel === 'matches') session.mutes.delete(product)
      added.push([channel, product])
    }
  }
  return added
}

/** Removes what a request names; a channel without products goes entirely. */
export function unsubscribe(session: ExchangeSession, request: SubscribeRequest): void {
  for (const { channel, products } of request.wants) {
    const held = session.channels.get(channel)
    if (products.length === 0) held?.clear()
    for (const product of products) held?.delete(product)
    if (held?.size === 0) session.channels.delete(channel)
  }
}

/** Returns the ack of everything a session holds, its products in no order. */
export function acknowledgement(session: ExchangeSession, random: Random): string {
  const told = (ids: Iterable<string>) => [...ids].filter((id) => !session.unacked.has(id))
  return ackFrame([...session.channels].map(([name, ids]) => [name, shuffled(random, told(ids))]))
}
