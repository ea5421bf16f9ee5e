// Breaks nothing: tables for what was deleted of facts on purpose.
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SqlDialect } from '../dialect.ts'
import { createTable, type TableShape } from './table-shape.ts'

const TABLES: Readonly<Record<string, TableShape>> = {
  ops_cutoffs: {
    columns: { dataset: 'name', before_us: 'integer', applied_us: 'integer' },
    key: ['dataset'],
  },
  silver_expired: {
    columns: {
      instrument_id: 'integer',
      tape_id: 'integer',
      last_id: 'integer',
      last_time_us: 'integer',
    },
    key: ['instrument_id', 'tape_id'],
  },
}

/** Returns the migration that creates what retention remembers. */
export function createRetentionTables(dialect: SqlDialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const [name, shape] of Object.entries(TABLES)) {
        await createTable(db, dialect, name, shape)
      }
    },
  }
}
