import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely'
import { CompiledQuery, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { warehouseError } from './errors.ts'
import type { StatementCache } from './statements.ts'
import { allRows, bindable, rowOf } from './statements.ts'

/** An open SQLite file and how transactions on it end. */
export interface SqliteDialectOptions {
  /** Owned by the dialect from here on: destroying Kysely closes it. */
  readonly database: DatabaseSync
  readonly statements: StatementCache
  readonly path: string
  /** Whether a failed transaction can be undone; not so without a rollback journal. */
  readonly canRollBack: boolean
}

/** Returns a Kysely dialect over the runtime's own SQLite, one connection wide. */
export function createSqliteDialect(options: SqliteDialectOptions): Dialect {
  return {
    createDriver: () => createDriver(options),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalDdlAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/** SQLite undoes `create table` too; Kysely's own adapter does not count on it. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

function createDriver(options: SqliteDialectOptions): Driver {
  const { database, canRollBack } = options
  const connection = new SqliteConnection(options)
  const run = (sql: string) => connection.executeQuery(CompiledQuery.raw(sql))
  const savepoint = (verb: string) => async (_: DatabaseConnection, name: string) => {
    await run(`${verb} "${name}"`)
  }
  return {
    init: async () => undefined,
    acquireConnection: async () => connection,
    async beginTransaction(_, { accessMode }: TransactionSettings) {
      // A writer takes its lock at once: taking it later may fail with work already done.
      await run(accessMode === 'read only' ? 'begin' : 'begin immediate')
    },
    async commitTransaction() {
      await run('commit')
    },
    async rollbackTransaction() {
      // A full disk makes SQLite roll back by itself.
      if (canRollBack && database.isTransaction) await run('rollback')
    },
    savepoint: savepoint('savepoint'),
    rollbackToSavepoint: savepoint('rollback to'),
    releaseSavepoint: savepoint('release'),
    releaseConnection: async () => undefined,
    async destroy() {
      if (database.isOpen) database.close()
    },
  }
}

/**
 * Runs Kysely's queries. An integer beyond 2^53 is an error, never a rounded number. A number
 * is bound as a float, which a column of integers turns back.
 */
class SqliteConnection implements DatabaseConnection {
  readonly #statements: StatementCache
  readonly #path: string

  constructor({ statements, path }: SqliteDialectOptions) {
    this.#statements = statements
    this.#path = path
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const prepared = this.#statements.get(sql)
      const values = bindable(parameters)
      if (prepared.columns.length > 0) return { rows: allRows<R>(prepared, values) }
      const { changes, lastInsertRowid } = prepared.statement.run(...values)
      return {
        rows: [],
        numAffectedRows: BigInt(changes),
        insertId: BigInt(lastInsertRowid),
      }
    } catch (error) {
      throw warehouseError(error, this.#path)
    }
  }

  async *streamQuery<R>(
    { sql, parameters }: CompiledQuery,
    chunkSize: number,
  ): AsyncIterableIterator<QueryResult<R>> {
    let rows: R[] = []
    try {
      const { statement, columns } = this.#statements.prepare(sql)
      for (const row of statement.iterate(...bindable(parameters))) {
        rows.push(rowOf<R>(columns, row as unknown as SQLOutputValue[]))
        if (rows.length < chunkSize) continue
        yield { rows }
        rows = []
      }
    } catch (error) {
      throw warehouseError(error, this.#path)
    }
    if (rows.length > 0) yield { rows }
  }
}
