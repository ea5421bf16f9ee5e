import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import type { IncidentCause } from '../market/self-record.ts'
import type { CoinSelection } from '../venues/snapshot-source.ts'
import type { Venue } from '../venues/venue.ts'
import type { IncidentLog } from './incidents.ts'
import type { RestClient } from './rest-client.ts'
import { pollMarkets } from './snapshot-poll-client.ts'
import { createCoinNotices } from './snapshot-poll-notices.ts'

const EVERY_SECONDS = 60

/** Everything polling an aggregator needs. */
export interface SnapshotPollOptions {
  readonly venue: Venue
  /** Opened by `openSnapshotClient`; the poller does not dispose of it. */
  readonly rest: RestClient
  readonly clock: Clock
  readonly log: Logger
  readonly coins: CoinSelection
  /** Time between the starts of two polls. @default 60 */
  readonly everySeconds?: number
  /** Further tries of a request that failed. @default 3 */
  readonly retriesMax?: number
  /** Told when polls begin to fail, and when one succeeds again. */
  readonly incidents?: IncidentLog
}

/** How polling goes. */
export interface SnapshotPollStatus {
  /** Polls made, whole or not. */
  readonly polls: number
  readonly snapshots: number
  /** Coins that were asked for and not told of. */
  readonly missing: readonly string[]
  /** When the last poll began and the next is due, epoch microseconds; 0 before the first. */
  readonly lastPollUs: number
  readonly nextPollUs: number
  /** Why the last poll failed, or `null`. */
  readonly failure: string | null
}

/** Polls for as long as it runs. */
export interface SnapshotPoller {
  /** Polls at once and then at the interval, until aborted; rejects only on our own mistakes. */
  run(signal: AbortSignal): Promise<void>
  status(): SnapshotPollStatus
}

/**
 * Prepares polling an aggregator: each poll asks for all coins, in as many pages as it takes,
 * all of which bear the time at which it began.
 *
 * A poll that takes longer than the interval, as one that was told to wait, makes the next begin
 * at once; polls that were missed are not made up for, since nobody can ask for a past state.
 */
export function createSnapshotPoller(options: SnapshotPollOptions): SnapshotPoller {
  const { venue, rest, clock, log, coins, incidents } = options
  const everyMs = (options.everySeconds ?? EVERY_SECONDS) * 1000
  assert(everyMs > 0, 'polls are some time apart')
  const notices = createCoinNotices(options)
  const tally = { polls: 0, snapshots: 0, lastPollUs: 0, nextPollUs: 0 }
  let failing: AssayError | null = null

  async function poll(signal: AbortSignal): Promise<void> {
    const polledUs = clock.nowUs()
    tally.polls += 1
    tally.lastPollUs = polledUs
    const about = { venue, rest, coins, polledUs, priority: 'live' as const, signal }
    const seen = await pollMarkets({
      ...about,
      ...(options.retriesMax !== undefined && { retriesMax: options.retriesMax }),
      onPage: (told) => {
        tally.snapshots += told.length
      },
    })
    if (coins.kind === 'ids') {
      await notices.update(
        coins.ids.filter((coin) => !seen.has(coin)),
        signal,
      )
    }
  }

  function settle(failure: AssayError | null): void {
    const changed = failing?.code !== failure?.code
    if (changed && failing !== null) incidents?.close({ cause: causeOf(failing) })
    if (changed && failure !== null) {
      log.warn({ venue: venue.id, code: failure.code }, `poll failed: ${failure.message}`)
      incidents?.open({ cause: causeOf(failure), detail: failure.message })
    }
    if (changed && failure === null) log.info({ venue: venue.id }, `${venue.name} answers again`)
    failing = failure
  }

  async function run(signal: AbortSignal): Promise<void> {
    for (let dueMs = clock.monotonicMs(); !signal.aborted; ) {
      try {
        await poll(signal)
        settle(null)
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof AssayError)) throw error
        settle(error)
      }
      const nowMs = clock.monotonicMs()
      dueMs = Math.max(dueMs + everyMs, nowMs)
      tally.nextPollUs = clock.nowUs() + Math.round((dueMs - nowMs) * 1000)
      await clock.sleep(dueMs - nowMs, signal)
    }
  }

  const status = () => ({
    ...tally,
    missing: notices.missing,
    failure: failing?.message ?? null,
  })
  return { run, status }
}

function causeOf({ code }: AssayError): IncidentCause {
  if (code === 'ASSAY_RATE_LIMITED') return 'rate_limited'
  return code === 'ASSAY_VENUE_REFUSED' ? 'refused' : 'disconnected'
}
