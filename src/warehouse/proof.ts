import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { ProvenTable } from './proof-tables.ts'
import { INSTRUMENT_TABLES } from './proof-tables.ts'
import type { Schema } from './schema.ts'
import type { Warehouse } from './warehouse.ts'

/** The digest of one table's lines. */
export interface TableProof {
  readonly rows: number
  readonly sha256: string
}

/** What two warehouses that hold the same facts have in common. */
export interface WarehouseProof {
  readonly rows: number
  readonly sha256: string
  readonly tables: Readonly<Record<string, TableProof>>
}

/** Rows read at a time: what the proof keeps in memory. */
const PAGE_ROWS = 1000

/** What the lines of a proof are written from. */
interface Naming {
  /** Instruments as `venue:symbol@listed_from`, in the order of that text. */
  readonly instruments: readonly { readonly id: number; readonly name: string }[]
  /** Tapes' hashes, in their order; that of tape 0 is empty and so the first. */
  readonly tapes: readonly { readonly id: number; readonly hash: string }[]
  readonly hashes: ReadonlyMap<number, string>
}

/**
 * Digests the facts, so that two warehouses filled from the same records, in whatever order
 * and however often, have the same digest.
 *
 * Each table is JSON Lines: one object a row, without spaces, its key first; decimals are
 * canonical text, an instrument is `venue:symbol@listed_from` and a tape its file's hash. Rows
 * are in the order of instrument, then of tape (both by code unit), then of the key's numbers.
 * A table's digest is the SHA-256 of its lines, each ended by a newline; the proof's is that
 * of the lines `{"table":…,"rows":…,"sha256":…}`, tables by name. Reads one consistent state,
 * a page of rows at a time.
 */
export function proveWarehouse(warehouse: Warehouse): Promise<WarehouseProof> {
  return warehouse.read(async (db) => {
    const naming = await readNaming(db)
    const proofs: (readonly [string, TableProof])[] = []
    for (const table of INSTRUMENT_TABLES) {
      proofs.push([table.table, await proveTable(db, table, naming)])
    }
    proofs.push(['silver_outages', await proveOutages(db)])
    proofs.push(['silver_scopes', await proveScopes(db, naming)])
    proofs.sort(([a], [b]) => byText(a, b))
    const all = createHash('sha256')
    let rows = 0
    for (const [table, proof] of proofs) {
      rows += proof.rows
      all.update(`${JSON.stringify({ table, ...proof })}\n`)
    }
    return { rows, sha256: all.digest('hex'), tables: Object.fromEntries(proofs) }
  })
}

async function readNaming(db: Kysely<Schema>): Promise<Naming> {
  const instruments = await db.selectFrom('instruments').selectAll().execute()
  const tapes = await db.selectFrom('silver_tapes').selectAll().execute()
  return {
    instruments: instruments
      .map((row) => ({
        id: row.instrument_id,
        name: `${row.venue}:${row.symbol}@${row.listed_from_us}`,
      }))
      .sort((a, b) => byText(a.name, b.name)),
    tapes: tapes
      .map((row) => ({ id: row.tape_id, hash: row.file_hash }))
      .sort((a, b) => byText(a.hash, b.hash)),
    hashes: new Map(tapes.map((row) => [row.tape_id, row.file_hash])),
  }
}

async function proveTable(
  db: Kysely<Schema>,
  table: ProvenTable,
  naming: Naming,
): Promise<TableProof> {
  const digest = startDigest()
  for (const { id, name } of naming.instruments) {
    const instrument = `{"instrument":${JSON.stringify(name)}`
    if (!table.byTape) {
      await digestRows(digest, db, { table, naming, begin: instrument, of: { instrument_id: id } })
      continue
    }
    const held = await tapesOf(db, table, id)
    for (const { id: tapeId, hash } of naming.tapes) {
      if (!held.has(tapeId)) continue
      const begin = `${instrument},"tape":${JSON.stringify(hash)}`
      const of = { instrument_id: id, tape_id: tapeId }
      await digestRows(digest, db, { table, naming, begin, of })
    }
  }
  return endDigest(digest)
}

/** Rows of one instrument, and of one tape where the table has them. */
interface RowsWanted {
  readonly table: ProvenTable
  readonly naming: Naming
  /** The opening of each line. */
  readonly begin: string
  readonly of: Readonly<Record<string, number>>
}

/** Pages through rows by their key, so that no page costs more than the first. */
async function digestRows(digest: Digest, db: Kysely<Schema>, wanted: RowsWanted): Promise<void> {
  const { table, of } = wanted
  const columns = [...table.order, ...table.columns]
  const selected = sql.join(columns.map((column) => sql.ref(column)))
  const order = sql.join(table.order.map((column) => sql.ref(column)))
  const same = Object.entries(of).map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
  let last: readonly unknown[] = table.order.map(() => Number.MIN_SAFE_INTEGER)
  for (;;) {
    const { rows } = await sql<Record<string, unknown>>`
      select ${selected} from ${sql.table(table.table)}
      where ${sql.join(same, sql` and `)} and (${order}) > (${sql.join([...last])})
      order by ${order} limit ${sql.lit(PAGE_ROWS)}`.execute(db)
    let lines = ''
    for (const row of rows) lines += lineOf(row, columns, wanted)
    digest.hash.update(lines)
    digest.rows += rows.length
    const end = rows.at(-1)
    if (end === undefined || rows.length < PAGE_ROWS) return
    last = table.order.map((column) => end[column])
  }
}

/** The texts of these tables are decimals and words of ours: nothing in them needs escaping. */
function lineOf(
  row: Readonly<Record<string, unknown>>,
  columns: readonly string[],
  { begin, naming }: RowsWanted,
): string {
  let line = begin
  for (const column of columns) {
    const value = row[column]
    if (column === 'tape_id') line += `,"tape":"${naming.hashes.get(value as number)}"`
    else if (typeof value === 'string') line += `,"${column}":"${value}"`
    else line += `,"${column}":${value}`
  }
  return `${line}}\n`
}

/** Returns the tapes of an instrument that have rows, by one step of the key for each. */
async function tapesOf(
  db: Kysely<Schema>,
  { table }: ProvenTable,
  instrumentId: number,
): Promise<ReadonlySet<number>> {
  const tapes = new Set<number>()
  for (let after = -1; ; ) {
    const { rows } = await sql<{ tape_id: number | null }>`
      select min(tape_id) as tape_id from ${sql.table(table)}
      where instrument_id = ${instrumentId} and tape_id > ${after}`.execute(db)
    const next = rows[0]?.tape_id ?? null
    if (next === null) return tapes
    tapes.add(next)
    after = next
  }
}

async function proveOutages(db: Kysely<Schema>): Promise<TableProof> {
  const rows = await db.selectFrom('silver_outages').selectAll().execute()
  const digest = startDigest()
  for (const { venue, from_us, to_us, ground } of rows.sort(
    (a, b) => byText(a.venue, b.venue) || a.from_us - b.from_us || byText(a.ground, b.ground),
  )) {
    digest.hash.update(`${JSON.stringify({ venue, from_us, to_us, ground })}\n`)
    digest.rows += 1
  }
  return endDigest(digest)
}

/** Scopes count by what they span: which log or request gave them is not a fact. */
async function proveScopes(db: Kysely<Schema>, naming: Naming): Promise<TableProof> {
  const digest = startDigest()
  for (const { id, name } of naming.instruments) {
    const scopes = await db
      .selectFrom('silver_scopes')
      .select(['tape_id', 'cause', 'from_us', 'to_us'])
      .where('instrument_id', '=', id)
      .execute()
    const spans = scopes.map(({ tape_id, cause, from_us, to_us }) => ({
      instrument: name,
      tape: naming.hashes.get(tape_id) ?? '',
      cause,
      from_us,
      to_us,
    }))
    spans.sort(
      (a, b) =>
        byText(a.tape, b.tape) ||
        byText(a.cause, b.cause) ||
        a.from_us - b.from_us ||
        a.to_us - b.to_us,
    )
    for (const span of spans) digest.hash.update(`${JSON.stringify(span)}\n`)
    digest.rows += spans.length
  }
  return endDigest(digest)
}

interface Digest {
  readonly hash: Hash
  rows: number
}

function startDigest(): Digest {
  return { hash: createHash('sha256'), rows: 0 }
}

function endDigest({ hash, rows }: Digest): TableProof {
  return { rows, sha256: hash.digest('hex') }
}

/** Orders text by code unit, the same on every machine and in every database. */
function byText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
