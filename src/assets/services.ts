import { createHash } from 'node:crypto'
import type { AssayConfig } from '../core/config.ts'
import type { Asset, CheckResult, RunContext } from '../flow/index.ts'
import type { Warehouse } from '../warehouse/index.ts'

/** An asset of the pipeline. */
export type AssayAsset = Asset<AssayServices>

/** A run of one. */
export type AssayRun = RunContext<AssayServices>

/** What the pipeline's assets work with beyond the warehouse; built where commands are. */
export interface AssayServices {
  readonly config: AssayConfig
  readonly dataDir: string
  /** Opened to be read; for what asks of the warehouse as a whole. */
  readonly warehouse: Warehouse
  /**
   * Sees to it that all that is durable in the logs now is refined: here, or by waiting for the
   * process that refines.
   */
  catchUp(signal: AbortSignal): Promise<void>
  /** Whether a process is collecting into this data folder, and so asks for what is missing. */
  isCollecting(): boolean
  /** Asks REST for a span of some products of a venue; returns how many trades came. */
  fetchHistory(wanted: WantedHistory, signal: AbortSignal): Promise<number>
  /** Asks every venue what it lists; returns how many products each does. */
  fetchListings(signal: AbortSignal): Promise<readonly VenueCount[]>
  /** Asks the aggregator for all coins once; returns how many it told of. */
  pollSnapshots(signal: AbortSignal): Promise<number>
  /** Moves hours that are over to the archive, of every log, and compacts the older ones there. */
  archiveLogs(signal: AbortSignal): Promise<ArchivedLogs>
}

/** A span of history that is wanted of a venue. */
export interface WantedHistory {
  readonly venue: string
  readonly symbols: readonly string[]
  readonly fromUs: number
  readonly toUs: number
}

/** How many of something a venue has. */
export interface VenueCount {
  readonly venue: string
  readonly count: number
}

/** What archiving came to. */
export interface ArchivedLogs {
  /** Hours that were moved, what they took in the journal, and what they take now. */
  readonly hours: number
  readonly journalBytes: number
  readonly archivedBytes: number
  /** Older hours that were written anew, and what that saved. */
  readonly compacted: number
  readonly savedBytes: number
}

/** Returns the version of a part: a digest of lines that tell what was found of it. */
export function digestOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

/** Returns a check's result in a line. */
export function checkOf(
  name: string,
  passed: boolean,
  told: { readonly severity: CheckResult['severity']; readonly detail: string },
): CheckResult {
  return { name, passed, ...told }
}
