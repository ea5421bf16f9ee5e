import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { listLogs, readLogHorizon } from '../../bronze/index.ts'
import { AssayError } from '../../core/errors.ts'
import {
  type Cutoffs,
  type Generation,
  pagesOf,
  readCutoffs,
  type Schema,
  type Table,
} from '../../warehouse/index.ts'
import { SILVER_READER } from '../state.ts'
import { carryCoverage } from './carry-coverage.ts'
import { carryMinutes } from './carry-minutes.ts'
import { type Edges, findEdges } from './edges.ts'
import { type PrunedLog, restsOnGone } from './pruned.ts'

/** What a rebuild took over from the old generation, since no record tells it any more. */
export interface Carried {
  /** Logs that do not begin at their beginning, and where they do. */
  readonly logs: readonly { readonly name: string; readonly pos: number; readonly timeUs: number }[]
  readonly trades: number
}

/** What carrying over works with. */
export interface Carriage {
  readonly old: Kysely<Schema>
  readonly generation: Generation
  readonly pruned: readonly PrunedLog[]
  readonly cutoffs: Cutoffs
  /** By tape, the first id that may be made anew of the records that are left. */
  readonly edges: Edges
}

/**
 * Takes over from the generation in force what rests on raw records that are gone, into a new one
 * that is still empty; null where every log is whole.
 *
 * Taken is, of each tape, every id up to the last that a record now gone gave. What is left of the
 * logs is then refined on top: it repeats some of what is here, which changes nothing, as merging
 * what was merged before never does. Numbers of instruments, tapes and logs stay what they were.
 *
 * @throws ASSAY_WAREHOUSE_UNAVAILABLE where the facts in force cannot be read: swapping in others
 * would lose for good what only they tell.
 */
export async function carryFacts(options: {
  readonly dataDir: string
  readonly generation: Generation
}): Promise<Carried | null> {
  const { dataDir, generation } = options
  const horizons = listLogs(dataDir)
    .map((name) => ({ name, horizon: readLogHorizon(dataDir, name) }))
    .filter(({ horizon }) => horizon.pos > 0)
  if (horizons.length === 0) return null
  const logs = horizons.map(({ name, horizon: { pos, timeUs } }) => ({ name, pos, timeUs }))
  if (generation.previous === 'unreadable') throw unreadable(logs)
  const trades = await generation.readPrevious(async (old) => {
    const rows = await old.selectFrom('ops_logs').selectAll().execute()
    const pruned = horizons.flatMap(({ name, horizon }) => {
      const row = rows.find((one) => one.name === name)
      return row === undefined ? [] : [{ name, logId: row.log_id, horizon }]
    })
    const cutoffs = await readCutoffs(old)
    const edges = await findEdges(old, pruned, cutoffs)
    return carryAll({ old, generation, pruned, cutoffs, edges })
  })
  return { logs, trades: trades ?? 0 }
}

function unreadable(logs: Carried['logs']): AssayError {
  const names = logs.map(({ name, pos }) => `${name} below ${pos}`).join(', ')
  return new AssayError(
    'ASSAY_WAREHOUSE_UNAVAILABLE',
    `raw records were deleted (${names}), and the facts made of them cannot be read; restore ` +
      'the warehouse, or delete it to rebuild what is left',
    { context: { logs } },
  )
}

/** Tables of which every row stands: what is left of the logs cannot contradict it. */
const WHOLE: readonly Table[] = [
  'instruments',
  'silver_tapes',
  'silver_expired',
  'ops_cutoffs',
  'silver_rivals',
  'silver_scopes',
  'silver_witnesses',
  'silver_outages',
  'silver_book_seconds',
  'silver_book_breaks',
  'ops_gap_work',
  'ops_incidents',
]

async function carryAll(at: Carriage): Promise<number> {
  for (const table of WHOLE) await copy(at, { table })
  await carryLogs(at)
  const trades = await carryTrades(at)
  await carryCoverage(at)
  await carryMinutes(at)
  // A record that is left was received later, in its log, than all that are gone from it.
  const goneUs = Math.max(...at.pruned.map(({ horizon }) => horizon.timeUs), 0)
  const where = sql`received_time_us <= ${goneUs}`
  await copy(at, { table: 'silver_venue_candles', where })
  await copy(at, { table: 'silver_ohlc', where })
  await copy(at, { table: 'silver_snapshots', where })
  await copy(at, { table: 'silver_quarantine', where: restsOnGone(at.pruned) })
  // Folded of minutes that are gone too.
  await copy(at, { table: 'gold_candles', where: sql`open_time_us < ${at.cutoffs.candles}` })
  return trades
}

/** Copies rows as they are; they are new to whoever follows commits. */
async function copy(
  { old, generation }: Carriage,
  query: { readonly table: Table; readonly where?: ReturnType<typeof sql> },
): Promise<number> {
  let count = 0
  for await (const rows of pagesOf(old, query)) {
    count += rows.length
    await generation.write((tx) => {
      const fresh = rows.map((row) =>
        'change_seq' in row ? { ...row, change_seq: tx.changeSeq } : row,
      )
      return tx.upsert(query.table, fresh)
    })
  }
  return count
}

/** Silver goes on where each log begins now; books go on where they had come to. */
async function carryLogs({ old, generation, pruned }: Carriage): Promise<void> {
  const logs = await old.selectFrom('ops_logs').selectAll().execute()
  const timeOf = (id: number) => pruned.find(({ logId }) => logId === id)?.horizon.timeUs ?? 0
  const ids = pruned.map(({ logId }) => logId)
  const places = await old
    .selectFrom('ops_checkpoints')
    .selectAll()
    .where('log_id', 'in', [...ids, -1])
    .execute()
  const states = await old
    .selectFrom('ops_book_states')
    .selectAll()
    .where('log_id', 'in', [...ids, -1])
    .execute()
  await generation.write(async (tx) => {
    await tx.upsert(
      'ops_logs',
      logs.map((row) => ({ ...row, time_us: timeOf(row.log_id) })),
    )
    await tx.upsert(
      'ops_checkpoints',
      places.filter(({ reader }) => reader !== SILVER_READER),
    )
    await tx.upsert(
      'ops_checkpoints',
      pruned.map(({ logId, horizon }) => {
        return { reader: SILVER_READER, log_id: logId, pos: horizon.pos }
      }),
    )
    await tx.upsert('ops_book_states', states)
  })
}

async function carryTrades(at: Carriage): Promise<number> {
  let count = 0
  for (const { instrumentId, tapeId, endId } of at.edges) {
    const where = sql`instrument_id = ${instrumentId} and tape_id = ${tapeId}
      and trade_id < ${endId}`
    count += await copy(at, { table: 'silver_trades', where })
  }
  return count
}
