// Breaks nothing: tables for runs, partitions, schedules and lineage.
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SqlDialect } from '../dialect.ts'
import { createTable, type TableShape } from './table-shape.ts'

const TABLES: Readonly<Record<string, TableShape>> = {
  ops_runs: {
    columns: {
      run_id: 'name',
      asset: 'name',
      partition_key: 'name',
      partition_us: 'integer',
      state: 'name',
      active: 'name?',
      trigger: 'name',
      run_key: 'name?',
      backfill_id: 'name?',
      only_text: 'text?',
      forced: 'flag',
      attempt: 'integer',
      lost: 'integer',
      pool: 'name',
      priority: 'integer',
      code_version: 'name',
      queued_us: 'integer',
      due_us: 'integer',
      started_us: 'integer?',
      holder: 'text?',
      token: 'integer?',
      ended_us: 'integer?',
      cancel_asked: 'flag',
      asked_again: 'flag',
      input_version: 'name?',
      output_version: 'name?',
      rows: 'integer?',
      outcome: 'text',
      error_code: 'name?',
      reason: 'text?',
    },
    key: ['run_id'],
  },
  ops_run_logs: {
    columns: {
      run_id: 'name',
      seq: 'integer',
      time_us: 'integer',
      attempt: 'integer',
      level: 'name',
      message: 'text',
    },
    key: ['run_id', 'seq'],
  },
  ops_run_items: {
    columns: { run_id: 'name', item: 'name', state: 'name', rows: 'integer?', detail: 'text' },
    key: ['run_id', 'item'],
  },
  ops_partitions: {
    columns: {
      asset: 'name',
      partition_us: 'integer',
      run_id: 'name',
      code_version: 'name',
      input_version: 'name',
      output_version: 'name',
      rows: 'integer',
      materialized_us: 'integer',
    },
    key: ['asset', 'partition_us'],
  },
  ops_partition_maps: {
    columns: { asset: 'name', chunk: 'integer', states: 'text' },
    key: ['asset', 'chunk'],
  },
  ops_flow_assets: {
    columns: { asset: 'name', code_version: 'name', known_us: 'integer', change_seq: 'integer' },
    key: ['asset'],
  },
  ops_schedules: { columns: { name: 'name', cursor_us: 'integer' }, key: ['name'] },
  ops_backfills: {
    columns: {
      backfill_id: 'name',
      asset: 'name',
      from_us: 'integer',
      to_us: 'integer',
      cursor_us: 'integer',
      newest_first: 'flag',
      reprocess: 'name',
      max_active: 'integer',
      only_text: 'text?',
      state: 'name',
      created_us: 'integer',
    },
    key: ['backfill_id'],
  },
  ops_lineage_events: {
    columns: { seq: 'integer', run_id: 'name', time_us: 'integer', event: 'text' },
    key: ['seq'],
  },
}

/** Returns the migration that creates what the flow keeps. */
export function createFlowTables(dialect: SqlDialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const [name, shape] of Object.entries(TABLES)) {
        await createTable(db, dialect, name, shape)
      }
      const { schema } = db
      // A null is equal to nothing, so these bind active runs, and named ones, alone.
      await schema.createIndex('ops_runs_active').on('ops_runs').column('active').unique().execute()
      await schema.createIndex('ops_runs_key').on('ops_runs').column('run_key').unique().execute()
      const lists = {
        ops_runs_by_state: ['state', 'priority', 'queued_us'],
        ops_runs_by_asset: ['asset', 'partition_us', 'queued_us'],
        ops_runs_by_age: ['asset', 'queued_us'],
        ops_runs_by_time: ['queued_us'],
      }
      for (const [name, columns] of Object.entries(lists)) {
        await schema.createIndex(name).on('ops_runs').columns(columns).execute()
      }
    },
  }
}
