import type { Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import { TABLE_KEYS, type Table } from './keys.ts'
import type { Schema } from './schema.ts'

/** Which rows of a table are read, and how many at a time. */
export interface PageQuery<T extends Table> {
  readonly table: T
  /** Only rows for which this holds. @default all */
  readonly where?: RawBuilder<unknown>
  /** @default 5000 */
  readonly rowsMax?: number
  /** Only rows whose key follows that of this one. */
  readonly after?: Schema[T]
}

/**
 * Reads a table in the order of its key, a page at a time: each costs as much as the first, and
 * no more than one is in memory.
 */
export async function* pagesOf<T extends Table>(
  db: Kysely<Schema>,
  query: PageQuery<T>,
): AsyncGenerator<Schema[T][]> {
  const { table, where = sql`1 = 1`, rowsMax = 5000 } = query
  const key = TABLE_KEYS[table] as readonly string[] as readonly (keyof Schema[T] & string)[]
  const order = sql.join(key.map((column) => sql.ref(column)))
  let last = query.after
  for (;;) {
    const from = last === undefined ? sql`1 = 1` : sql`(${order}) > (${keyOf(key, last)})`
    const { rows } = await sql<Schema[T]>`
      select * from ${sql.table(table)} where ${where} and ${from}
      order by ${order} limit ${sql.lit(rowsMax)}`.execute(db)
    if (rows.length > 0) yield rows
    if (rows.length < rowsMax) return
    last = rows.at(-1)
  }
}

function keyOf<R>(key: readonly (keyof R)[], row: R): RawBuilder<unknown> {
  return sql.join(key.map((column) => row[column]))
}

/** Reads the rows whose keys lie from one row's to another's, both included. */
export async function readRange<T extends Table>(
  db: Kysely<Schema>,
  table: T,
  ends: { readonly first: Schema[T]; readonly last: Schema[T] },
): Promise<Schema[T][]> {
  const key = TABLE_KEYS[table] as readonly string[] as readonly (keyof Schema[T] & string)[]
  const order = sql.join(key.map((column) => sql.ref(column)))
  const { rows } = await sql<Schema[T]>`
    select * from ${sql.table(table)}
    where (${order}) >= (${keyOf(key, ends.first)}) and (${order}) <= (${keyOf(key, ends.last)})
    order by ${order}`.execute(db)
  return rows
}
