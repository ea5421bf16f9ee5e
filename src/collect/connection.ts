import { assert } from '../core/assert.ts'
import { redact } from '../core/redact.ts'
import { backoffMs } from '../core/retry.ts'
import { baseUrl } from './base-url.ts'
import { createBookKeeper } from './book-keeper.ts'
import type { Desired } from './desired.ts'
import { createDesired } from './desired.ts'
import type { FeedContext } from './feed-control.ts'
import type { FeedOptions, FeedState, FeedStatus } from './feed-options.ts'
import { paceKey } from './feed-options.ts'
import type { Session, SessionEnd } from './feed-session.ts'
import { openSession } from './feed-session.ts'
import { subscriptionStatus } from './feed-status.ts'
import { relieve } from './handover.ts'
import type { OutageLog } from './outage.ts'
import { createOutageLog } from './outage.ts'
import type { Pace } from './pace.ts'

const RETRY = { baseMs: 500, capMs: 30_000 }
const STABLE_MS = 30_000
/** A venue that ends connections by plan is come back to at once, unless it does nothing else. */
const STABLE_CUT_MS = 5000
const ADOPTED = 'other products are wanted'

/** One running feed. */
export interface FeedHandle {
  status(): FeedStatus
  /** Collects these products, by the venue's own symbols, from now on. */
  adopt(products: readonly string[]): void
  /** What was learned of each subscription's pace. */
  paces(): Record<string, Pace>
  /** Resolves when the signal has ended the feed; rejects when the log cannot be written. */
  readonly done: Promise<void>
}

/** A feed as its own parts see it. */
interface Run {
  readonly context: FeedContext
  readonly desired: Desired
  readonly outages: OutageLog
  session: Session | null
  state: FeedState
  connects: number
  handovers: number
  readonly turn: (to: FeedState) => void
}

/**
 * Keeps one feed of a venue connected until aborted: whatever ends a connection, another is
 * made after a jittered pause of at most 30 s, which shrinks only once a connection has carried
 * data for 30 s. Before the venue cuts a connection of its own, another stands beside it.
 *
 * @throws ASSAY_USAGE when the URL is none.
 */
export function collectFeed(options: FeedOptions): FeedHandle {
  const { venue } = options
  const name = options.feedName ?? Object.keys(venue.feeds)[0]!
  const feed = venue.feeds[name]
  assert(feed, 'the feed is one of the venue')
  const url = baseUrl(options.url ?? feed.url, ['ws:', 'wss:'])
  const counts = { frames: 0, bytes: 0, paused: false }
  // What is told of the address, and to whom, is not ours to know: it goes without its secrets.
  const shownUrl = redact(url)
  const heard = { complaint: '' }
  const context: FeedContext = { options, feed, url, shownUrl, counts, heard }
  const turn = (to: FeedState) => {
    run.state = to
    options.onStatus?.(feedStatus(name, run))
  }
  const run: Run = {
    ...{ context, desired: createDesired(context), outages: createOutageLog(options, shownUrl) },
    ...{ session: null, state: 'connecting', connects: 0, handovers: 0, turn },
  }
  const keeper = createBookKeeper(options, feed)
  const tasks = [keepConnected(run), keeper.run(() => run.session)]
  return {
    status: () => feedStatus(name, run),
    adopt(products) {
      run.desired.want(products)
      run.session?.askRelief(ADOPTED)
    },
    paces: () => pacesOf(run),
    done: Promise.all(tasks).then(() => undefined),
  }
}

async function keepConnected(run: Run): Promise<void> {
  const { options } = run.context
  const { clock, signal, random } = options
  let attempt = 0
  while (!signal.aborted) {
    await options.connects.take('live', signal).catch(() => undefined)
    if (signal.aborted) break
    run.turn('connecting')
    const end = await runSessions(run)
    if (end.fatal !== null) throw end.fatal
    if (signal.aborted) break
    run.outages.ended(end)
    run.turn('waiting')
    const stableMs = end.cause === 'planned_cut' ? STABLE_CUT_MS : STABLE_MS
    attempt = end.livedMs >= stableMs ? 0 : attempt + 1
    const pauseMs = backoffMs(Math.max(0, attempt - 1), { ...RETRY, random })
    await clock.sleep(Math.max(pauseMs, end.retryAfterMs), signal)
  }
  run.turn('stopped')
}

/** Runs one connection and those that relieve it, until one ends without relief. */
async function runSessions(run: Run): Promise<SessionEnd> {
  const { context, desired, outages } = run
  const onOpen = () => {
    run.connects += 1
    outages.opened()
    run.turn('open')
  }
  const subscriptions = desired.takeNext()
  let session = openSession(context, { subscriptions, outage: outages.outage, onOpen })
  run.session = session
  for (;;) {
    const due = await Promise.race([session.relief, session.ended])
    if (typeof due !== 'string') return due
    const next = await relieve(context, session, {
      why: due,
      subscriptions: desired.next,
      onOpen() {
        run.connects += 1
      },
    })
    if (next === null) return session.ended
    run.handovers += 1
    session = next
    run.session = next
    desired.take(next.subscriptions)
    if (!desired.isMet) next.askRelief(ADOPTED)
  }
}

function feedStatus(name: string, run: Run): FeedStatus {
  const { context, outages, state, connects, handovers } = run
  const { frames, bytes, paused } = context.counts
  const { failures, downSinceUs } = outages.outage
  const about = { venue: context.options.venue.id, feed: name, url: context.shownUrl }
  return {
    ...{ ...about, state, connects, handovers, failures },
    ...{ downSinceUs, lastFailure: outages.lastFailure, frames, bytes, paused },
    subscriptions: run.desired.present.all.map((sub) => subscriptionStatus(sub, state)),
  }
}

function pacesOf({ context, desired }: Run): Record<string, Pace> {
  const { venue } = context.options
  const learned = desired.present.all.filter((sub) => sub.pace.samples > 0)
  return Object.fromEntries(
    learned.map((sub) => [paceKey(venue.id, sub.channel, sub.symbol), { ...sub.pace }]),
  )
}
