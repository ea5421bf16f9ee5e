import { type RawBuilder, sql } from 'kysely'
import { AssayError } from '../core/errors.ts'
import type { FingerprintAt, Outcome } from '../flow/index.ts'
import { type AssayRun, type AssayServices, digestOf } from './services.ts'

/** What a column of a table of one's own holds; decimals are text, and stay exact. */
export type UserColumn = 'integer' | 'real' | 'text'

/** The name of a table of one's own, which is never one of ours. */
export type UserTableName = `user_${string}`

type Reading = FingerprintAt<AssayServices>['db']

/** How a table of one's own is described. */
export interface UserTableOptions<C extends string> {
  readonly name: UserTableName
  readonly columns: Readonly<Record<C, UserColumn>>
  /** Columns that tell one row from another. */
  readonly key: readonly NoInfer<C>[]
}

/** A row, by column. */
export type UserRow<C extends string> = Readonly<Record<C, string | number | null>>

/** A table of one's own in the warehouse, which an asset fills part by part. */
export interface UserTable<C extends string> {
  readonly name: UserTableName
  /**
   * Puts `rows` in the place of those that are as `part` says, in one commit; the table is made
   * where there is none. Returns what the run came to.
   */
  replace(run: AssayRun, part: Partial<UserRow<C>>, rows: readonly UserRow<C>[]): Promise<Outcome>
  /** Counts the rows that are as `part` says: an asset's `count`. */
  count(db: Reading, part: Partial<UserRow<C>>): Promise<number>
}

const NAME = /^user_[a-z0-9_]{1,48}$/
const COLUMN = /^[a-z][a-z0-9_]{0,48}$/
const TYPES: readonly string[] = ['integer', 'real', 'text'] satisfies UserColumn[]

/** Rows of one statement: few enough for the variables that it may have. */
const ROWS_PER_INSERT = 100

/**
 * Returns a table of one's own.
 *
 * @throws ASSAY_CONFIG_INVALID for names and types that cannot be.
 */
export function userTable<C extends string>(options: UserTableOptions<C>): UserTable<C> {
  const { name, key } = options
  const columns = Object.entries<UserColumn>(options.columns)
  check(options)
  const table = sql.table(name)
  const names = columns.map(([column]) => column as C)
  const create = sql`create table if not exists ${table} (
    ${sql.join(columns.map(([column, type]) => sql`${sql.ref(column)} ${sql.raw(type)}`))},
    primary key (${sql.join(key.map((one) => sql.ref(one)))}))`
  return {
    name,
    async replace(run, part, rows) {
      await run.write(async ({ db }) => {
        await create.execute(db)
        await sql`delete from ${table} where ${whereOf(part)}`.execute(db)
        for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) {
          const some = rows.slice(at, at + ROWS_PER_INSERT)
          const values = some.map((row) => sql`(${sql.join(names.map((one) => row[one]))})`)
          const into = sql.join(names.map((one) => sql.ref(one)))
          await sql`insert into ${table} (${into}) values ${sql.join(values)}`.execute(db)
        }
      })
      const lines = rows.map((row) => JSON.stringify(names.map((one) => row[one]))).sort()
      const version = digestOf(lines)
      return { rows: rows.length, version }
    },
    async count(db, part) {
      if (!(await hasTable(db, name))) return 0
      const held = await sql<{ found: number }>`
        select count(*) as found from ${table} where ${whereOf(part)}`.execute(db)
      return held.rows[0]?.found ?? 0
    },
  }
}

/** Whether a table is there: one of one's own is made on first use. */
export async function hasTable(db: Reading, name: string): Promise<boolean> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from sqlite_master where type = 'table' and name = ${name}
  `.execute(db)
  return rows[0]?.found === 1
}

function whereOf(part: Readonly<Record<string, string | number | null | undefined>>) {
  const tests: RawBuilder<unknown>[] = Object.entries(part).map(
    ([column, value]) => sql`${sql.ref(column)} is ${value}`,
  )
  return tests.length === 0 ? sql`1 = 1` : sql.join(tests, sql` and `)
}

function check({ name, columns, key }: UserTableOptions<string>): void {
  const refuse = (what: string) => {
    throw new AssayError('ASSAY_CONFIG_INVALID', `the table ${name}: ${what}`, {
      context: { table: name },
    })
  }
  if (!NAME.test(name)) refuse('its name should be user_ and a word of a–z, 0–9 and _')
  for (const [column, type] of Object.entries(columns)) {
    if (!COLUMN.test(column)) refuse(`${column} should be a word of a–z, 0–9 and _`)
    if (!TYPES.includes(type)) refuse(`${column} should be ${TYPES.join(', ')}`)
  }
  if (key.length === 0) refuse('it should have a key')
  for (const one of key) if (!Object.hasOwn(columns, one)) refuse(`${one} is none of its columns`)
}
