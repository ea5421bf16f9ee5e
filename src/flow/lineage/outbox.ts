import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { AssayError } from '../../core/errors.ts'
import {
  type LineageEventRow,
  readCheckpoint,
  type Schema,
  type Warehouse,
  type WriteTransaction,
  writeCheckpoint,
} from '../../warehouse/index.ts'
import type { RunEvent } from './event.ts'
import type { LineageSink, OutgoingEvent } from './sink.ts'

/** Readers of the outbox are named for what they tell: `lineage:http`. */
const READERS = 'lineage:'
/** Events in one batch: half a megabyte or so. */
const BATCH = 100
/** Events kept after everybody was told, for whoever looks. */
const KEPT = 1000
/** Events kept for a sink that is down: some weeks of them. */
const PENDING_MAX = 20_000
/** Rows deleted in one transaction. */
const PRUNED_AT_ONCE = 2000

/** Returns the name under which a sink's place in the outbox is kept. */
export function lineageReader(sink: Pick<LineageSink, 'kind'>): string {
  return `${READERS}${sink.kind}`
}

/**
 * Puts an event into the outbox, within the transaction of what it tells of: it is there if and
 * only if that happened. Returns its number.
 */
export async function appendLineage(tx: WriteTransaction, event: RunEvent): Promise<number> {
  const seq = (await lastSeq(tx.db)) + 1
  const timeUs = Date.parse(event.eventTime) * 1000
  const text = JSON.stringify(event)
  await tx.upsert('ops_lineage_events', [
    { seq, run_id: event.run.runId, time_us: timeUs, event: text },
  ])
  return seq
}

/** Events may be gone and their readers' places remain: a number is never given twice. */
async function lastSeq(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ seq: number | null }>`
    select max(x.seq) as seq from (
      select max(seq) as seq from ops_lineage_events
      union all
      select max(pos) from ops_checkpoints where reader like ${`${READERS}%`}
    ) x`.execute(db)
  return rows[0]?.seq ?? 0
}

/** How one pass of a delivery went. */
export interface Delivered {
  readonly sent: number
  readonly refused: readonly { readonly seq: number; readonly why: string }[]
  /** Events that were given up before this sink could be told: it was down for too long. */
  readonly dropped: number
  /** What stopped the pass; the rest is tried again. */
  readonly failure: AssayError | null
}

/** How a pass is made. */
export interface DeliverOptions {
  /** Under which name its place is kept. @default lineageReader(sink) */
  readonly reader?: string
  readonly signal?: AbortSignal
  /** Events handed over at once. @default 100 */
  readonly batch?: number
}

/**
 * Tells a sink of every event it has not been told of, in order, and keeps its place after each
 * batch. At least once: who is stopped between telling and keeping tells again.
 */
export async function deliverLineage(
  warehouse: Warehouse,
  sink: LineageSink,
  options: DeliverOptions = {},
): Promise<Delivered> {
  const { reader = lineageReader(sink), signal = new AbortController().signal } = options
  const refused: { readonly seq: number; readonly why: string }[] = []
  let sent = 0
  let dropped = 0
  while (!signal.aborted) {
    const { rows, at } = await warehouse.read((db) => pending(db, reader, options.batch ?? BATCH))
    const [first] = rows
    if (first === undefined) break
    // Numbers follow each other, so a step is what was given up; who is new was promised nothing.
    if (at > 0) dropped += first.seq - at - 1
    const handed = await sink.send(rows.map(outgoing), signal)
    const last = rows[handed.done - 1]
    if (last !== undefined) {
      await warehouse.write((tx) => writeCheckpoint(tx, reader, { pos: last.seq }))
    }
    sent += handed.done - handed.refused.length
    refused.push(...handed.refused)
    if (handed.failure !== null) return { sent, refused, dropped, failure: handed.failure }
  }
  return { sent, refused, dropped, failure: null }
}

async function pending(db: Kysely<Schema>, reader: string, limit: number) {
  const at = await readCheckpoint(db, reader)
  const rows = await db
    .selectFrom('ops_lineage_events')
    .selectAll()
    .where('seq', '>', at)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return { rows, at }
}

function outgoing({ seq, event }: LineageEventRow): OutgoingEvent {
  const { job } = JSON.parse(event) as RunEvent
  return { seq, job: `${job.namespace}/${job.name}`, event }
}

/** How much the outbox keeps. */
export interface PruneOptions {
  /** Who must have been told of an event before it goes. */
  readonly readers: readonly string[]
  /** @default 1,000 */
  readonly kept?: number
  /** Beyond so many, events go though a reader was not told. @default 20,000 */
  readonly pendingMax?: number
}

/** Takes events out of the outbox that everybody was told of, and returns how many. */
export async function pruneLineage(warehouse: Warehouse, options: PruneOptions): Promise<number> {
  const { readers, kept = KEPT, pendingMax = PENDING_MAX } = options
  const bounds = await warehouse.read(async (db) => {
    const last = await lastSeq(db)
    const places: number[] = []
    for (const reader of readers) places.push(await readCheckpoint(db, reader))
    const least = await db
      .selectFrom('ops_lineage_events')
      .select('seq')
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst()
    const told = Math.min(last - kept, ...places)
    return { from: least?.seq ?? last + 1, to: Math.max(told, last - pendingMax) }
  })
  for (let from = bounds.from; from <= bounds.to; from += PRUNED_AT_ONCE) {
    const to = Math.min(bounds.to, from + PRUNED_AT_ONCE - 1)
    await warehouse.write((tx) =>
      tx.db.deleteFrom('ops_lineage_events').where('seq', '<=', to).execute(),
    )
  }
  return Math.max(0, bounds.to - bounds.from + 1)
}
