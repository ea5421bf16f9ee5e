import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** Statements kept ready on one connection; the least recently used goes first. */
const STATEMENTS_MAX = 256

/** A prepared statement, and whether it answers with rows. */
export interface Prepared {
  readonly statement: StatementSync
  readonly reads: boolean
}

/** The prepared statements of one connection, by their text. */
export class StatementCache {
  readonly #database: DatabaseSync
  readonly #kept = new Map<string, Prepared>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Returns the statement of `sql`: run it to its end before asking for it again. */
  get(sql: string): Prepared {
    const kept = this.#kept.get(sql)
    if (kept !== undefined) {
      // A Map keeps the order of insertion: what was just used goes to its end.
      this.#kept.delete(sql)
      this.#kept.set(sql, kept)
      return kept
    }
    const made = this.prepare(sql)
    this.#kept.set(sql, made)
    if (this.#kept.size > STATEMENTS_MAX) {
      this.#kept.delete(this.#kept.keys().next().value as string)
    }
    return made
  }

  /** Returns a statement of its own, for one who reads it row by row. */
  prepare(sql: string): Prepared {
    const statement = this.#database.prepare(sql)
    return { statement, reads: statement.columns().length > 0 }
  }
}

/** Returns parameters as SQLite takes them: it knows no booleans. */
export function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) =>
    typeof value === 'boolean' ? Number(value) : (value as SQLInputValue),
  )
}
