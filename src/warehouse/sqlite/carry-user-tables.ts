import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

/** Rows of one statement. */
const ROWS = 50

/**
 * Carries the tables and indexes that people's own assets made, `user_…`, from the old generation
 * to the new as they are: no record tells of them. A page of rows is in memory at a time.
 */
export function carryUserTables(from: DatabaseSync, to: DatabaseSync): void {
  const made = from
    .prepare(
      `select type, name, sql from sqlite_schema
       where tbl_name like 'user\\_%' escape '\\' and type in ('table', 'index') and sql is not null
       order by type = 'index'`,
    )
    .all() as { type: string; name: string; sql: string }[]
  if (made.length === 0) return
  to.exec('begin')
  for (const { type, name, sql } of made) {
    to.exec(sql)
    if (type === 'table') copyRows(from, to, name)
  }
  to.exec('commit')
}

function copyRows(from: DatabaseSync, to: DatabaseSync, name: string): void {
  const table = `"${name.replaceAll('"', '""')}"`
  const read = from.prepare(`select * from ${table}`)
  read.setReturnArrays(true)
  read.setReadBigInts(true)
  const width = read.columns().length
  const row = `(${new Array(width).fill('?').join(', ')})`
  const insertOf = (rows: number) =>
    to.prepare(`insert into ${table} values ${new Array(rows).fill(row).join(', ')}`)
  const insert = insertOf(ROWS)
  let page: SQLInputValue[] = []
  for (const values of read.iterate()) {
    page.push(...(values as unknown as SQLInputValue[]))
    if (page.length < width * ROWS) continue
    insert.run(...page)
    page = []
  }
  if (page.length > 0) insertOf(page.length / width).run(...page)
}
