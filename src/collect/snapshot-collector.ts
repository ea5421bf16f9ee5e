import type { CollectorOptions } from './collector-options.ts'
import { createConnIds, createDiary } from './diary.ts'
import { createIncidentLog } from './incidents.ts'
import {
  createSnapshotPoller,
  type SnapshotPollOptions,
  type SnapshotPollStatus,
} from './snapshot-poll.ts'
import { openSnapshotClient, type SnapshotClientSettings } from './snapshot-poll-client.ts'

/** Everything collecting from an aggregator needs. */
export interface SnapshotCollectorOptions
  extends SnapshotClientSettings,
    Pick<SnapshotPollOptions, 'coins' | 'everySeconds' | 'retriesMax'>,
    Pick<
      CollectorOptions,
      'venue' | 'journal' | 'clock' | 'random' | 'log' | 'command' | 'version'
    > {
  readonly signal: AbortSignal
}

/** A running collector of an aggregator's snapshots. */
export interface SnapshotCollector {
  status(): SnapshotPollStatus
  /** Resolves when stopped, everything written; rejects when the log can no longer be written. */
  readonly done: Promise<SnapshotPollStatus>
}

/** Starts polling an aggregator into the log, until aborted. */
export function startSnapshotCollector(options: SnapshotCollectorOptions): SnapshotCollector {
  const { venue, journal, clock, command, version } = options
  const nextConn = createConnIds()
  const diary = createDiary({ journal, clock, conn: nextConn() })
  const incidents = createIncidentLog({ venue: venue.id, diary, clock })
  const stopping = new AbortController()
  const signal = AbortSignal.any([options.signal, stopping.signal])
  const about = { conn: nextConn(), userAgent: `assay/${version}` }
  const rest = openSnapshotClient({ ...options, ...about })
  const poller = createSnapshotPoller({ ...options, rest, incidents })
  diary.write({ event: 'start', command, version })

  async function run(): Promise<SnapshotPollStatus> {
    const tasks = [poller.run(signal), diary.keepTicking(signal)]
    try {
      await Promise.race([journal.failed, Promise.all(tasks)])
    } finally {
      stopping.abort('failed')
      await Promise.allSettled(tasks)
      await rest[Symbol.asyncDispose]()
    }
    incidents.closeAll()
    diary.write({ event: 'stop', reason: String(signal.reason) })
    await journal.flush()
    return poller.status()
  }

  const done = run()
  // Whoever does not wait for it must not lose the process to a rejection.
  done.catch(() => {})
  return { status: poller.status, done }
}
