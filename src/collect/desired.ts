import type { FeedContext } from './feed-control.ts'
import { leaveScope } from './feed-control.ts'
import { paceKey } from './feed-options.ts'
import type { Subscriptions } from './subscriptions.ts'
import { carryOver, createSubscriptions, succeed } from './subscriptions.ts'

/** What a feed should carry, over all its connections. */
export interface Desired {
  /** The subscriptions of the connection that stands, or stood last. */
  readonly present: Subscriptions
  /** Whether the present connection carries what is wanted. */
  readonly isMet: boolean
  /** Wants these products, by the venue's own symbols, from now on. */
  want(products: readonly string[]): void
  /** Returns what is wanted, for a connection beside or after the present one. */
  next(): Subscriptions
  /** Takes subscriptions that {@link Desired.next} gave as the present ones. */
  take(subscriptions: Subscriptions): void
  /** Takes what is wanted, where no connection stands. */
  takeNext(): Subscriptions
}

const SUBSCRIPTION_CAUSES = ['refused', 'stale', 'book_broken'] as const

/** Opens the account of a feed's wishes. It outlives every connection. */
export function createDesired(context: FeedContext): Desired {
  const { options, feed } = context
  const { venue, books = false } = options
  const paceOf = (channel: string, symbol: string) =>
    options.paces?.[paceKey(venue.id, channel, symbol)]
  const make = (products: readonly string[]) =>
    createSubscriptions({ feed, products, books }, paceOf)
  let wanted = make(options.products)
  let present = wanted
  let met = wanted
  const goals = new WeakMap<Subscriptions, Subscriptions>()

  function next(): Subscriptions {
    const subscriptions = succeed(present, wanted)
    goals.set(subscriptions, wanted)
    return subscriptions
  }

  function take(subscriptions: Subscriptions): void {
    const left = present.all.filter((sub) => !subscriptions.find(sub.channel, sub.symbol))
    leaveScope(context, left)
    for (const { channel, symbol } of left) {
      for (const cause of SUBSCRIPTION_CAUSES) options.incidents.close({ cause, channel, symbol })
    }
    carryOver(subscriptions, present)
    present = subscriptions
    met = goals.get(subscriptions) ?? wanted
  }

  return {
    get present() {
      return present
    },
    get isMet() {
      return met === wanted
    },
    want(products) {
      wanted = make(products)
    },
    next,
    take,
    takeNext() {
      if (met !== wanted) take(next())
      return present
    },
  }
}
