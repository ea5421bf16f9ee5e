import type { BackfillScheduler } from './backfill-scheduler.ts'
import { createBackfillScheduler } from './backfill-scheduler.ts'
import type { RunContext } from './collector-options.ts'
import type { FeedHandle } from './connection.ts'
import { collectFeed } from './connection.ts'
import type { Poller } from './rest-poll.ts'
import { createPoller } from './rest-poll.ts'
import type { RestWitness } from './witness.ts'
import { createRestWitness } from './witness.ts'

/** The running parts of a collector; `null` where the mode has none. */
export interface CollectorParts {
  /** What is collected, in the venue's own spelling. */
  readonly products: readonly string[]
  /** Collects these products from now on. */
  readonly adopt: (products: readonly string[]) => void
  readonly feed: FeedHandle | null
  readonly poller: Poller | null
  readonly backfill: BackfillScheduler | null
  /** `null` where the venue's heartbeats tell, or nothing streams. */
  readonly witness: RestWitness | null
  /** Each resolves on abort, or rejects when the run is over. */
  readonly tasks: readonly Promise<unknown>[]
}

/** Starts what the mode asks for. */
export function startParts(run: RunContext, products: readonly string[]): CollectorParts {
  const { options, diary, rest, stopping, memory } = run
  const { signal } = stopping
  const { venue, mode, clock, log } = options
  let collected = products
  const witness = mode === 'rest' ? null : createRestWitness({ venue, rest, log, signal })
  const feed = mode === 'rest' ? null : startFeed(run, { products, witness })
  const tasks: Promise<unknown>[] = feed === null ? [] : [feed.done]
  tasks.push(memory.keep(() => feed?.paces() ?? {}, signal))
  let poller: Poller | null = null
  if (mode !== 'ws') {
    const lastHeld = options.lastHeld ?? (async () => null)
    const everySeconds = options.pollSeconds
    const wanted = () => collected
    poller = createPoller({
      ...{ venue, rest, diary, clock, log, everySeconds, lastHeld },
      products: wanted,
    })
    tasks.push(poller.run(signal))
  }
  let backfill: BackfillScheduler | null = null
  if (options.holes ?? options.candleGaps) {
    const { holes, candleGaps, verdictAttempts } = options
    const asks = { holes, candleGaps, verdictAttempts }
    backfill = createBackfillScheduler({ venue, rest, diary, clock, log, ...asks })
    tasks.push(backfill.run(signal))
  }
  return {
    ...{ feed, poller, backfill, witness, tasks },
    get products() {
      return collected
    },
    adopt(corrected) {
      collected = corrected
      feed?.adopt(corrected)
    },
  }
}

function startFeed(
  run: RunContext,
  about: { readonly products: readonly string[]; readonly witness: RestWitness | null },
): FeedHandle {
  const { options, diary, incidents, connects, nextConn, userAgent, rest } = run
  const { venue, clock, log, journal, random, feedName } = options
  const { witnessSeconds, lifeMsMax, books, brokenBooks } = options
  return collectFeed({
    ...{ venue, feedName, url: options.wsUrl, ...about },
    ...{ journal, diary, incidents, clock, random, log, connects, nextConn, userAgent, rest },
    ...{ witnessSeconds, lifeMsMax, books, brokenBooks },
    paces: run.memory.start.paces,
    signal: run.stopping.signal,
  })
}
