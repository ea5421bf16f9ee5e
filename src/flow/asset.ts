import type { Kysely } from 'kysely'
import type { Clock } from '../core/clock.ts'
import type { Schema, WriteTransaction } from '../warehouse/index.ts'
import type { Partition, Partitioning } from './partition.ts'

/**
 * Something that is made, kept and made again: what it is, as data, beside the one idempotent
 * call that makes a part of it.
 *
 * `S` is what the call is given to work with; the flow passes it on and looks at nothing in it.
 */
export interface Asset<S> {
  /** `layer.name`, in lower case. */
  readonly key: string
  /** What it is, in a sentence. */
  readonly about: string
  readonly partitions: Partitioning
  /** Assets it is made from. A part needs all their parts that share time with it. */
  readonly dependencies: readonly string[]
  /** When it is made by itself; none where only others ask for it. */
  readonly schedules: readonly Schedule[]
  /** What becomes of occurrences that were missed while nothing ran. */
  readonly catchUp: 'all' | 'latest' | 'none'
  /** Seconds after a part's end (a whole's last making) by which it should be made; or null. */
  readonly freshnessSeconds: number | null
  readonly retry: RetryPolicy
  /** An attempt is stopped after so long, and counts as failed. */
  readonly timeoutSeconds: number
  readonly pool: PoolName
  /** Raised when the code would make something else of the same inputs. */
  readonly codeVersion: string
  /** Datasets it writes, by the names of the catalogue. */
  readonly datasets: readonly string[]
  /** Names of the checks that its runs report. */
  readonly checks: readonly string[]
  /**
   * Returns a short text that changes whenever what the part is made of changes. A part whose
   * text and code are those of its last success is `unchanged`, and skipped; without this it is
   * always made.
   */
  readonly fingerprint?: (at: FingerprintAt<S>) => Promise<string>
  /**
   * Counts the rows of the part that are there now. A part that has lost some since is made
   * again, though its fingerprint says `unchanged`.
   */
  readonly count?: (at: FingerprintAt<S>) => Promise<number>
  /**
   * Says why a part cannot be made again, where what it is made of was let go on purpose: then it
   * stays as it is, whoever asks. Null otherwise.
   */
  readonly expired?: (at: FingerprintAt<S>) => Promise<string | null>
  /** Returns the spans of it whose facts changed by commits after `sinceSeq`. */
  readonly changed?: (db: Kysely<Schema>, sinceSeq: number) => Promise<ChangedSpans>
  /** Makes one part. What it throws fails the attempt. */
  readonly materialize: (run: RunContext<S>) => Promise<Outcome>
}

/** When an asset is made. */
export interface Schedule {
  /** Five fields, or six with seconds first; in UTC. */
  readonly cron: string
  /** The last part that is over at the time, or the one that lasts. */
  readonly part: 'closed' | 'current'
}

/** Which of two things goes first, and how many at once: `live` before `gap` before `backfill`. */
export type PoolName = 'live' | 'gap' | 'backfill'

/** How failed attempts are tried again; failures that say `retry: 'never'` are not. */
export interface RetryPolicy {
  readonly attemptsMax: number
  /** Longest pause before the first retry, doubled for each further one, and its bound. */
  readonly baseSeconds: number
  readonly capSeconds: number
}

/** What a fingerprint is taken of. */
export interface FingerprintAt<S> {
  readonly db: Kysely<Schema>
  readonly partition: Partition
  readonly services: S
}

/** Spans of time whose facts changed, and up to which commit that was looked at. */
export interface ChangedSpans {
  readonly spans: readonly { readonly fromUs: number; readonly toUs: number }[]
  readonly upTo: number
}

/** What a run works with. */
export interface RunContext<S> {
  readonly runId: string
  readonly asset: string
  readonly partition: Partition
  /** From 1. */
  readonly attempt: number
  /** Restricts the run to some items, such as `{ venue: 'kraken' }`; null for all. */
  readonly only: Readonly<Record<string, string>> | null
  readonly services: S
  readonly clock: Clock
  /** Aborts when cancelled, timed out, or when another has taken the run over. */
  readonly signal: AbortSignal
  read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  /**
   * Commits `work` if this run still is the one to do it; keep each short.
   *
   * @throws ASSAY_LEASE_LOST when another has taken it over: then nothing is written.
   */
  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T>
  /** Kept with the run, and shown by `assay runs show`. */
  log(level: 'info' | 'warn' | 'error', message: string): void
  /** How the run fares with one of its items, such as an instrument. */
  item(item: string, state: ItemState): void
  progress(done: number, total: number): void
}

/** How one item fared. */
export interface ItemState {
  readonly state: 'done' | 'waiting' | 'missing' | 'failed'
  readonly rows?: number
  readonly detail?: string
}

/** What a run came to. */
export interface Outcome {
  /** Rows, or what else the part is counted in, that it now consists of. */
  readonly rows: number
  /** A digest of what it now consists of: equal where nothing differs. */
  readonly version: string
  /** Set where there was nothing to do, with the reason: the run counts as skipped. */
  readonly skipped?: string
  /** Further figures for people and for lineage. */
  readonly metadata?: Readonly<Record<string, string | number | boolean | null>>
  readonly checks?: readonly CheckResult[]
  /** Written in the very commit that marks the run as succeeded: exactly once. */
  readonly commit?: (tx: WriteTransaction) => Promise<void>
}

/** What a check found. A failed check of severity `error` fails the run. */
export interface CheckResult {
  readonly name: string
  readonly passed: boolean
  readonly severity: 'warn' | 'error'
  readonly detail: string
}
