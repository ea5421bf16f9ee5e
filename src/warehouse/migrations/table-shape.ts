import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { ColumnKind, SqlDialect } from '../dialect.ts'
import { splitKind } from '../dialect.ts'

/** A table: its columns in order, its primary key, and what else must be unique. */
export interface TableShape {
  readonly columns: Readonly<Record<string, ColumnKind>>
  readonly key: readonly string[]
  readonly unique?: readonly string[]
}

/** Creates one table. */
export async function createTable(
  db: Kysely<unknown>,
  dialect: SqlDialect,
  name: string,
  shape: TableShape,
): Promise<void> {
  let table = db.schema.createTable(name)
  for (const [column, kind] of Object.entries(shape.columns)) {
    const { base, nullable } = splitKind(kind)
    table = table.addColumn(column, sql.raw(dialect.columnType(base)), (definition) =>
      nullable ? definition : definition.notNull(),
    )
  }
  table = table.addPrimaryKeyConstraint(`${name}_key`, shape.key as never)
  if (shape.unique !== undefined) {
    table = table.addUniqueConstraint(`${name}_unique`, shape.unique as never)
  }
  await table.modifyEnd(sql.raw(dialect.tableEnd)).execute()
}
