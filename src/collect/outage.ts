import type { Blame } from '../market/self-record.ts'
import { joinBlame } from './blame.ts'
import type { FeedOptions } from './feed-options.ts'
import type { Outage, SessionEnd } from './feed-session.ts'

/** What is known of a feed being down, from one connection to the next. */
export interface OutageLog {
  /** The outage so far, for the diary. */
  readonly outage: Outage
  /** Why there is no connection, or why the last one ended; `null` if none ever did. */
  readonly lastFailure: string | null
  /** A connection stands. */
  opened(): void
  /** A connection ended, or could not be made. */
  ended(end: SessionEnd): void
}

const CAUSES = ['disconnected', 'silent', 'planned_cut'] as const

function detailOf(end: SessionEnd, words: string): string {
  const whose = end.blame === 'unknown' ? '' : `; the fault is the ${end.blame}'s`
  return end.opened ? words : `no connection: ${words}${whose}`
}

/** Opens an account of a feed's outages that also tells the log of them. */
export function createOutageLog(options: FeedOptions, url: string): OutageLog {
  const { venue, clock, log, incidents } = options
  let failures = 0
  let lastFailure: string | null = null
  let downSinceUs: number | null = null
  let blame: Blame | null = null
  return {
    get outage() {
      return { failures, downSinceUs, blame: blame ?? 'unknown' }
    },
    get lastFailure() {
      return lastFailure
    },
    opened() {
      failures = 0
      downSinceUs = null
      blame = null
      for (const cause of CAUSES) incidents.close({ cause })
      log.info({ venue: venue.id, url }, `connected to ${venue.name}`)
    },
    ended(end) {
      downSinceUs ??= clock.nowUs()
      lastFailure = end.reason === '' ? `closed with code ${end.code}` : end.reason
      // What begins as a silence or a planned cut is one incident until there is a connection.
      const fromUs = end.cause === 'silent' && end.heardUs > 0 ? end.heardUs : downSinceUs
      const isNew = !incidents.current.some(({ cause }) => CAUSES.some((one) => one === cause))
      if (isNew) incidents.open({ cause: end.cause, fromUs, detail: detailOf(end, lastFailure) })
      if (end.opened) {
        log.warn({ venue: venue.id, code: end.code }, `${venue.name} is gone: ${lastFailure}`)
        return
      }
      failures += 1
      blame = joinBlame(blame, end.blame)
      // Said at 1, 2, 4, 8 … failures: a long outage is not a long log.
      if ((failures & (failures - 1)) !== 0) return
      const facts = { venue: venue.id, url, failures, blame }
      log.warn(facts, `${venue.name} cannot be reached (${lastFailure}); trying again`)
    },
  }
}
