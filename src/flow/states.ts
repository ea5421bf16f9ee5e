import type { Kysely } from 'kysely'
import type { Schema, WriteTransaction } from '../warehouse/index.ts'
import { type Partition, type Partitioning, partitionAt, partitionWidthUs } from './partition.ts'

/**
 * What can be said of a part. `provisional`: made before its end; `stale`: what it was made of,
 * or the code, has changed since; `blocked`: what it needs failed; `empty`: nothing to make.
 */
export type PartState =
  | 'missing'
  | 'made'
  | 'provisional'
  | 'stale'
  | 'failed'
  | 'blocked'
  | 'empty'

const LETTERS: Readonly<Record<PartState, string>> = {
  missing: '.',
  made: 'm',
  provisional: 'p',
  stale: 's',
  failed: 'f',
  blocked: 'b',
  empty: 'e',
}

const STATES = new Map(
  Object.entries(LETTERS).map(([state, letter]) => [letter, state as PartState]),
)

/** Parts told by one row; five years of hours are 43 rows. */
const CHUNK = 1024

const ordinalOf = (partitioning: Partitioning, partition: Partition) =>
  partitioning === 'none' ? 0 : partition.fromUs / partitionWidthUs(partitioning)

const partOf = (partitioning: Partitioning, ordinal: number) =>
  partitionAt(partitioning, partitioning === 'none' ? 0 : ordinal * partitionWidthUs(partitioning))

/** Which parts of which asset are looked at. */
export interface PartRange {
  readonly asset: string
  readonly partitions: Partitioning
  readonly fromUs: number
  readonly toUs: number
}

/** Returns the state of one part. */
export async function readState(
  db: Kysely<Schema>,
  asset: { readonly key: string; readonly partitions: Partitioning },
  partition: Partition,
): Promise<PartState> {
  const ordinal = ordinalOf(asset.partitions, partition)
  const row = await db
    .selectFrom('ops_partition_maps')
    .select('states')
    .where('asset', '=', asset.key)
    .where('chunk', '=', Math.floor(ordinal / CHUNK))
    .executeTakeFirst()
  return stateAt(row?.states, ordinal % CHUNK)
}

/** Keeps the state of parts of one asset; few at a time, each in the row of its chunk. */
export async function writeStates(
  tx: WriteTransaction,
  asset: { readonly key: string; readonly partitions: Partitioning },
  changes: readonly { readonly partition: Partition; readonly state: PartState }[],
): Promise<void> {
  const chunks = Map.groupBy(changes, ({ partition }) =>
    Math.floor(ordinalOf(asset.partitions, partition) / CHUNK),
  )
  for (const [chunk, list] of chunks) {
    const row = await tx.db
      .selectFrom('ops_partition_maps')
      .select('states')
      .where('asset', '=', asset.key)
      .where('chunk', '=', chunk)
      .executeTakeFirst()
    const letters = [...(row?.states ?? '')]
    for (const { partition, state } of list) {
      const at = ordinalOf(asset.partitions, partition) % CHUNK
      while (letters.length <= at) letters.push(LETTERS.missing)
      letters[at] = LETTERS[state]
    }
    await tx.upsert('ops_partition_maps', [{ asset: asset.key, chunk, states: letters.join('') }])
  }
}

/** How many parts of a range are in each state. */
export type StateCounts = Readonly<Record<PartState, number>>

/** Returns the state of every part that begins in the range, in order. */
export async function readStates(
  db: Kysely<Schema>,
  range: PartRange,
): Promise<{ readonly partition: Partition; readonly state: PartState }[]> {
  const { letters, first } = await readLetters(db, range)
  return [...letters].map((_, at) => ({
    partition: partOf(range.partitions, first + at),
    state: stateAt(letters, at),
  }))
}

/** Counts the parts that begin in the range by their states, without listing them. */
export async function countStates(db: Kysely<Schema>, range: PartRange): Promise<StateCounts> {
  const { letters } = await readLetters(db, range)
  const byCode = new Uint32Array(128)
  for (let at = 0; at < letters.length; at += 1) byCode[letters.charCodeAt(at)]! += 1
  return Object.fromEntries(
    [...STATES].map(([letter, state]) => [state, byCode[letter.charCodeAt(0)]]),
  ) as Record<PartState, number>
}

/** The letters of a range, and the ordinal of the first. */
async function readLetters(
  db: Kysely<Schema>,
  { asset, partitions, fromUs, toUs }: PartRange,
): Promise<{ readonly letters: string; readonly first: number }> {
  const widthUs = partitionWidthUs(partitions)
  const first = partitions === 'none' ? 0 : Math.ceil(fromUs / widthUs)
  const end = partitions === 'none' ? 1 : Math.max(first, Math.ceil(toUs / widthUs))
  const rows = await db
    .selectFrom('ops_partition_maps')
    .select(['chunk', 'states'])
    .where('asset', '=', asset)
    .where('chunk', '>=', Math.floor(first / CHUNK))
    .where('chunk', '<=', Math.floor(end / CHUNK))
    .execute()
  const chunks = new Map(rows.map(({ chunk, states }) => [chunk, states]))
  let letters = ''
  for (let at = first; at < end; ) {
    const chunk = Math.floor(at / CHUNK)
    const from = at % CHUNK
    const length = Math.min(CHUNK - from, end - at)
    const some = (chunks.get(chunk) ?? '').slice(from, from + length)
    letters += some.padEnd(length, LETTERS.missing)
    at += length
  }
  return { letters, first }
}

/** A chunk that tells of a part in some state. */
export interface MarkedParts {
  readonly asset: string
  readonly chunk: number
  readonly states: string
}

/** Finds the chunks in which any part is in the state; one look at a small table. */
export function findMarked(db: Kysely<Schema>, state: PartState): Promise<MarkedParts[]> {
  return db
    .selectFrom('ops_partition_maps')
    .selectAll()
    .where('states', 'like', `%${LETTERS[state]}%`)
    .orderBy('asset')
    .orderBy('chunk', 'desc')
    .execute()
}

/** Yields the parts of a chunk that are in the state, the newest first. */
export function* markedParts(
  { chunk, states }: MarkedParts,
  partitioning: Partitioning,
  state: PartState,
): Generator<Partition> {
  for (let at = states.length - 1; at >= 0; at -= 1) {
    if (states[at] === LETTERS[state]) yield partOf(partitioning, chunk * CHUNK + at)
  }
}

/** States of a part that was looked at, and is again when what it is made of has changed. */
export const SETTLED: ReadonlySet<PartState> = new Set(['made', 'empty', 'failed'])

const AGAIN = new RegExp(`[${[...SETTLED].map((state) => LETTERS[state]).join('')}]`, 'g')

/**
 * Marks as stale whatever was made of an asset, all of it at once: its code has changed. What
 * was found to be nothing, or failed, may now come to something, so it is looked at again too;
 * and so is what the former code is making right now.
 */
export async function markAllStale(tx: WriteTransaction, asset: string): Promise<void> {
  const rows = await tx.db
    .selectFrom('ops_partition_maps')
    .selectAll()
    .where('asset', '=', asset)
    .execute()
  await tx.upsert(
    'ops_partition_maps',
    rows.map((row) => ({ ...row, states: row.states.replaceAll(AGAIN, LETTERS.stale) })),
  )
  await tx.db
    .updateTable('ops_runs')
    .set({ asked_again: 1 })
    .where('state', '=', 'running')
    .where('asset', '=', asset)
    .execute()
}

/**
 * Marks as stale what was made of an asset in the parts that share time with a span; of a whole,
 * that is always. Returns how many parts there were.
 */
export async function markStale(
  tx: WriteTransaction,
  { key, partitions }: { readonly key: string; readonly partitions: Partitioning },
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
): Promise<number> {
  const widthUs = partitionWidthUs(partitions)
  const first = partitions === 'none' ? 0 : Math.floor(fromUs / widthUs)
  const end = partitions === 'none' ? 1 : Math.ceil(toUs / widthUs)
  const rows = await tx.db
    .selectFrom('ops_partition_maps')
    .selectAll()
    .where('asset', '=', key)
    .where('chunk', '>=', Math.floor(first / CHUNK))
    .where('chunk', '<=', Math.floor((end - 1) / CHUNK))
    .execute()
  let marked = 0
  for (const row of rows) {
    const from = Math.max(0, first - row.chunk * CHUNK)
    const to = Math.max(from, end - row.chunk * CHUNK)
    const some = row.states.slice(from, to).replaceAll(AGAIN, () => {
      marked += 1
      return LETTERS.stale
    })
    const states = row.states.slice(0, from) + some + row.states.slice(to)
    if (states !== row.states) await tx.upsert('ops_partition_maps', [{ ...row, states }])
  }
  return marked
}

function stateAt(letters: string | undefined, at: number): PartState {
  return STATES.get(letters?.[at] ?? LETTERS.missing) ?? 'missing'
}
