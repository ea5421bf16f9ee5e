import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'

/** Statements kept ready on one connection; the least recently used goes first. */
const STATEMENTS_MAX = 256

/** A prepared statement, and the columns of the rows it answers with; none if it has no rows. */
export interface Prepared {
  readonly statement: StatementSync
  readonly columns: readonly string[]
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
    const columns = statement.columns().map(({ name }) => name)
    if (columns.length > 0) statement.setReturnArrays(true)
    return { statement, columns }
  }
}

/** Runs a statement to its end and returns its rows. */
export function allRows<R>(
  { statement, columns }: Prepared,
  values: readonly SQLInputValue[],
): R[] {
  const rows = statement.all(...values) as unknown as SQLOutputValue[][]
  return rows.map((row) => rowOf<R>(columns, row))
}

/**
 * Returns a row as an object with its columns in order.
 *
 * The runtime can make objects itself, but each with a table of its own names: ten times the
 * memory of these, which share one shape a statement, and slower to make and to read.
 */
export function rowOf<R>(columns: readonly string[], values: readonly SQLOutputValue[]): R {
  const row: Record<string, SQLOutputValue> = {}
  for (let index = 0; index < columns.length; index += 1) {
    row[columns[index] as string] = values[index] as SQLOutputValue
  }
  return row as R
}

/** Returns parameters as SQLite takes them: it knows no booleans. */
export function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) =>
    typeof value === 'boolean' ? Number(value) : (value as SQLInputValue),
  )
}
