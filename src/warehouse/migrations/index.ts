import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { Migrator } from 'kysely/migration'
import { AssayError } from '../../core/errors.ts'
import type { SqlDialect } from '../dialect.ts'
import { createTables } from './0001-tables.ts'
import { createViews } from './0002-views.ts'
import { createVenueTables } from './0003-venues.ts'
import { createFlowTables } from './0004-flow.ts'
import { createGoldTables } from './0005-gold.ts'
import { createRetentionTables } from './0006-retention.ts'

const MIGRATIONS_TABLE = 'ops_migrations'

/** Returns every change of the tables there ever was, by name; names sort in order of time. */
export function listMigrations(dialect: SqlDialect): Record<string, Migration> {
  return {
    '0001-tables': createTables(dialect),
    '0002-views': createViews(dialect),
    '0003-venues': createVenueTables(dialect),
    '0004-flow': createFlowTables(dialect),
    '0005-gold': createGoldTables(dialect),
    '0006-retention': createRetentionTables(dialect),
  }
}

/**
 * Brings the tables to the state this code knows; all of it or, on failure, nothing.
 * Tells whether they were made from nothing.
 *
 * @throws ASSAY_WAREHOUSE_VERSION when newer code has been there; then nothing is touched.
 */
export async function migrate(db: Kysely<never>, dialect: SqlDialect): Promise<boolean> {
  const migrations = listMigrations(dialect)
  const pending = await pendingMigrations(db, migrations)
  if (pending.length === 0) return false
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: MIGRATIONS_TABLE,
    migrationLockTableName: 'ops_migration_lock',
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return pending.length === Object.keys(migrations).length
}

/**
 * Makes sure that a reader finds the tables as this code knows them.
 *
 * @throws ASSAY_WAREHOUSE_VERSION when they are older or newer.
 */
export async function checkVersion(db: Kysely<never>, dialect: SqlDialect): Promise<void> {
  const pending = await pendingMigrations(db, listMigrations(dialect))
  if (pending.length === 0) return
  throw new AssayError(
    'ASSAY_WAREHOUSE_VERSION',
    'the warehouse is older than this version of assay; any writing command brings it up to date',
    { context: { pending } },
  )
}

async function pendingMigrations(
  db: Kysely<never>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<string[]> {
  const done = await doneMigrations(db)
  const unknown = done.filter((name) => migrations[name] === undefined)
  if (unknown.length > 0) {
    throw new AssayError(
      'ASSAY_WAREHOUSE_VERSION',
      `the warehouse was written by a newer version of assay (${unknown.join(', ')})`,
      { context: { unknown } },
    )
  }
  return Object.keys(migrations).filter((name) => !done.includes(name))
}

async function doneMigrations(db: Kysely<never>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === MIGRATIONS_TABLE)) return []
  const ledger = db.withTables<{ ops_migrations: { name: string } }>()
  const rows = await ledger.selectFrom(MIGRATIONS_TABLE).select('name').execute()
  return rows.map(({ name }) => name)
}
