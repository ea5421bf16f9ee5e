import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { AssayError } from '../../core/errors.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import type { Schema, Table, Views } from '../../warehouse/index.ts'

/** Which rows are sought: those of a table at a time, whose other columns have these values. */
export interface Sought {
  readonly from: Table | keyof Views
  readonly where: Readonly<Record<string, string | number>>
  /** The column of the time, which is among the key's. */
  readonly time: string
  readonly timeUs: number
  /** What one such row is called. */
  readonly what: string
}

/**
 * Returns the rows that are sought, at least one.
 *
 * @throws ASSAY_NO_SUCH_ROW, with the times of the nearest before and after.
 */
export async function findRows<Row>(
  db: Kysely<Schema>,
  sought: Sought,
): Promise<[Row, ...(readonly Row[])]> {
  const { timeUs, what } = sought
  const { rows } = await sql<Row>`
    select * from ${sql.table(sought.from)}
    where ${conditions(sought)} and ${sql.ref(sought.time)} = ${timeUs}`.execute(db)
  const [first, ...others] = rows
  if (first !== undefined) return [first, ...others]
  const near = [await nearest(db, sought, 'before'), await nearest(db, sought, 'after')]
  const times = near.filter((at) => at !== null).map((at) => formatTimeUs(at))
  const hint = times.length === 0 ? 'there is none at all' : `the nearest: ${times.join(', ')}`
  throw new AssayError('ASSAY_NO_SUCH_ROW', `no ${what} at ${formatTimeUs(timeUs)}; ${hint}`, {
    context: { nearest: times },
  })
}

function conditions({ where }: Sought) {
  const each = Object.entries(where).map(([name, value]) => sql`${sql.ref(name)} = ${value}`)
  return sql.join(each, sql` and `)
}

async function nearest(
  db: Kysely<Schema>,
  sought: Sought,
  side: 'before' | 'after',
): Promise<number | null> {
  const time = sql.ref(sought.time)
  const beyond = side === 'before' ? sql`<` : sql`>`
  const direction = side === 'before' ? sql`desc` : sql`asc`
  const { rows } = await sql<{ at: number }>`
    select ${time} as at from ${sql.table(sought.from)}
    where ${conditions(sought)} and ${time} ${beyond} ${sought.timeUs}
    order by ${time} ${direction} limit 1`.execute(db)
  return rows[0]?.at ?? null
}
