import { backoffMs } from '../core/retry.ts'
import type { FeedContext } from './feed-control.ts'
import type { Session } from './feed-session.ts'
import { openSession } from './feed-session.ts'
import type { Subscriptions } from './subscriptions.ts'

/** Both connections carry everything for so long: what is under way on the old one comes. */
const OVERLAP_MS = 1000
const RETRY = { baseMs: 1000, capMs: 30_000 }
const NO_OUTAGE = { failures: 0, downSinceUs: null, blame: 'unknown' } as const

/** How a connection is relieved. */
export interface Relief {
  readonly why: string
  /** Subscriptions for the new connection, which know what is known. */
  readonly subscriptions: () => Subscriptions
  readonly onOpen: () => void
}

/**
 * Opens a connection beside one whose end is near, waits until it carries everything, and then
 * takes leave of the old one. Trades of the overlap come twice; none is lost.
 *
 * Returns the new connection, or `null` where none could be had before the old one ended.
 */
export async function relieve(
  context: FeedContext,
  old: Session,
  about: Relief,
): Promise<Session | null> {
  const { options } = context
  const { clock, log, venue, incidents, random } = options
  const gone = new AbortController()
  void old.ended.then(() => gone.abort())
  const over = AbortSignal.any([gone.signal, options.signal])
  if (old.isEnding) incidents.open({ cause: 'planned_cut', detail: about.why })
  log.info({ venue: venue.id, why: about.why }, `a second connection to ${venue.name} is opened`)
  for (let attempt = 0; !over.aborted; attempt += 1) {
    await options.connects.take('live', over).catch(() => undefined)
    if (over.aborted) break
    const next = await tryOnce(context, old, { ...about, over })
    if (next !== null) {
      incidents.close({ cause: 'planned_cut' })
      return next
    }
    await clock.sleep(backoffMs(attempt, { ...RETRY, random }), over)
  }
  incidents.close({ cause: 'planned_cut' })
  return null
}

async function tryOnce(
  context: FeedContext,
  old: Session,
  about: Relief & { readonly over: AbortSignal },
): Promise<Session | null> {
  const { over, onOpen } = about
  const subscriptions = about.subscriptions()
  const next = openSession(context, { subscriptions, outage: NO_OUTAGE, onOpen })
  const isReady = await next.ready
  // Where the old one is gone meanwhile, one that stands is better than none.
  if (!isReady && !(over.aborted && next.talk !== null)) {
    next.leave('a second connection that carries nothing')
    await next.ended
    return null
  }
  await context.options.clock.sleep(OVERLAP_MS, over)
  old.leave('relieved by another connection')
  await old.ended
  return next
}
