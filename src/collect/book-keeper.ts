import { AssayError } from '../core/errors.ts'
import type { BrokenBook } from '../market/book.ts'
import type { Feed, RestRequest } from '../venues/venue.ts'
import { request } from './feed-control.ts'
import type { FeedOptions } from './feed-options.ts'
import type { Session } from './feed-session.ts'
import type { SubscriptionState } from './subscriptions.ts'
import { isFlowing, noteAsked } from './subscriptions.ts'

/** Gets each book what it begins from, and begins it anew where its chain broke. */
export interface BookKeeper {
  /** Looks once a second until the feed ends; without books it has nothing to do. */
  run(current: () => Session | null): Promise<void>
}

const LOOK_MS = 1000
const DRIVE_MS_MIN = 5000
/** A book begun anew of which nothing has been heard for so long is begun once more. */
const UNHEARD_MS_MAX = 30_000
const SNAPSHOT_TRIES = 2

/** When a book was last begun, and from which frame of which connection on. */
interface Beginning {
  readonly conn: string
  readonly frame: number
  readonly atMs: number
}

/** What is known of a feed's books. */
interface Care {
  readonly options: FeedOptions
  readonly begun: Map<string, Beginning>
}

/** Prepares the care of a feed's books. */
export function createBookKeeper(options: FeedOptions, feed: Feed): BookKeeper {
  const care: Care = { options, begun: new Map() }
  const { clock, signal } = options
  const isWanted = options.books === true && feed.bookChannel !== null
  return {
    async run(current) {
      while (isWanted && !signal.aborted) {
        const session = current()
        if (session?.talk) {
          await beginAll(care, session)
          await mendAll(care, session)
        }
        await clock.sleep(LOOK_MS, signal)
      }
    },
  }
}

/** Begins the books of a connection that flow and have not been begun on it. */
async function beginAll(care: Care, session: Session): Promise<void> {
  for (const sub of booksOf(care, session)) {
    if (!sub.acked && !isFlowing(sub)) continue
    const last = lastOf(care, session, sub)
    if (last !== undefined && (last.frame >= 0 || sinceMs(care, last) < DRIVE_MS_MIN)) continue
    await begin(care, session, { sub, isAnew: false })
  }
}

/** Begins anew the books whose chain broke on this connection since they were begun. */
async function mendAll(care: Care, session: Session): Promise<void> {
  const { incidents } = care.options
  const broken = await askBroken(care.options)
  if (broken === null) return
  const newest = new Map<string, number>()
  for (const { symbol, conn, frame } of broken) {
    if (conn === session.conn) newest.set(symbol, Math.max(frame, newest.get(symbol) ?? -1))
  }
  for (const sub of booksOf(care, session)) {
    const { channel, symbol } = sub
    const frame = newest.get(symbol)
    if (frame === undefined) {
      incidents.close({ cause: 'book_broken', channel, symbol })
      continue
    }
    const detail = `the chain broke at frame ${frame} of ${session.conn}`
    incidents.open({ cause: 'book_broken', channel, symbol, detail })
    const last = lastOf(care, session, sub)
    // Told of a frame before it was begun anew, nobody has read yet what came of that.
    const isUnheard = last !== undefined && frame < last.frame
    const restMs = isUnheard ? UNHEARD_MS_MAX : DRIVE_MS_MIN
    if (last === undefined || sinceMs(care, last) >= restMs) {
      await begin(care, session, { sub, isAnew: true })
    }
  }
}

async function begin(
  { options, begun }: Care,
  session: Session,
  about: { readonly sub: SubscriptionState; readonly isAnew: boolean },
): Promise<void> {
  const { sub, isAnew } = about
  const { clock, venue } = options
  const snapshot = venue.books?.snapshot(sub.symbol) ?? null
  if (isAnew && snapshot === null && session.talk !== null) {
    noteAsked(sub, clock.monotonicMs())
    request(session.talk, 'unsubscribe', [sub])
    request(session.talk, 'subscribe', [sub])
  }
  const { conn, frames } = session
  const isBegun = snapshot === null || (await fetchSnapshot(options, snapshot))
  // Without its snapshot the book is as broken as before.
  const frame = isBegun ? frames : -1
  begun.set(sub.symbol, { conn, frame, atMs: clock.monotonicMs() })
}

/** Fetches a snapshot into the log; whether it came. */
async function fetchSnapshot(options: FeedOptions, wanted: RestRequest): Promise<boolean> {
  const { rest, signal, log } = options
  try {
    const get = { priority: 'live' as const, signal, triesMax: SNAPSHOT_TRIES }
    return (await rest.get(wanted, get)).refused === null
  } catch (error) {
    if (signal.aborted) return false
    if (!(error instanceof AssayError)) throw error
    log.debug({ code: error.code, symbol: wanted.symbol }, `no snapshot of a book`)
    return false
  }
}

function booksOf({ options }: Care, session: Session): readonly SubscriptionState[] {
  return options.signal.aborted ? [] : session.subscriptions.all.filter((sub) => sub.book)
}

function lastOf(care: Care, session: Session, sub: SubscriptionState): Beginning | undefined {
  const last = care.begun.get(sub.symbol)
  return last?.conn === session.conn ? last : undefined
}

function sinceMs({ options }: Care, last: Beginning): number {
  return options.clock.monotonicMs() - last.atMs
}

/** Asks whoever folds the books; `null` while nobody can be asked. */
async function askBroken(options: FeedOptions): Promise<readonly BrokenBook[] | null> {
  if (options.brokenBooks === undefined) return null
  try {
    return await options.brokenBooks()
  } catch (error) {
    options.log.debug({ err: error }, 'broken books are unknown')
    return null
  }
}
