import type { Kysely } from 'kysely'
import type { Schema, WriteTransaction } from '../warehouse/index.ts'

/** What a measure works with: a warehouse, or a run of the flow that stands before one. */
export interface GoldRun {
  read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T>
  /** Asked between commits, and between long reads. */
  readonly signal?: AbortSignal
}

/** Half-open, in epoch microseconds. */
export interface GoldSpan {
  readonly fromUs: number
  readonly toUs: number
}

/** What a measure is asked for beyond its span. */
export interface GoldOptions {
  /**
   * Restricts it to instruments of a `venue`, of a `symbol`, or both; other names are passed by.
   *
   * @default every instrument
   */
  readonly only?: Readonly<Record<string, string>> | null
  /** Told of each instrument (or venue, or day) that is done, and how many rows it has. */
  readonly onItem?: (item: string, rows: number) => void
}

/** What a measure came to. */
export interface GoldOutcome {
  /** Rows that the span now consists of. */
  readonly rows: number
  /**
   * SHA-256 of the canonical text of those rows, in hexadecimal. It depends on facts alone: not
   * on numbers of instruments, revisions or commits, nor on what was there before.
   */
  readonly version: string
}
