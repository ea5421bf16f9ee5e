import { assert } from '../../core/assert.ts'
import type {
  BookBreakRow,
  BookSecondRow,
  BookStateRow,
  WriteTransaction,
} from '../../warehouse/index.ts'
import { storedInstrument } from '../state.ts'
import type { BookChain } from './chain.ts'
import type { BookFold, BookGroup, FoundBreak, FoundSecond } from './fold.ts'
import type { HeldMessage } from './message.ts'
import { bookSourceById } from './sources.ts'

/** The numbers of instruments by venue, newline, symbol, so that each is asked for once. */
export type InstrumentIds = Map<string, number>

/** What of a row tells two reports of a second apart, in the order they are compared. */
const COMPARED = [
  'bid',
  'bid_size',
  'ask',
  'ask_size',
  'bid_depth',
  'ask_depth',
  'spread',
  'imbalance',
  'microprice',
] as const satisfies readonly (keyof BookSecondRow)[]

/**
 * Stores rows of seconds and breaks; of two reports of one second the fuller stands.
 *
 * That is the one of more updates, and of as many the one whose columns are greater as text: so
 * two connections at once, a stretch read twice and a second told before it was over all come to
 * the same row, whatever order they come in. Of a break told twice the first stands.
 */
export async function storeRows(
  tx: WriteTransaction,
  ids: InstrumentIds,
  found: { readonly seconds: readonly FoundSecond[]; readonly breaks: readonly FoundBreak[] },
): Promise<void> {
  const bySymbol = Map.groupBy(found.seconds, ({ venue, symbol }) => `${venue}\n${symbol}`)
  for (const [key, seconds] of bySymbol) {
    const instrumentId = await idOf(tx, ids, key)
    await storeSeconds(tx, instrumentId, seconds)
  }
  const breaks = new Map<string, BookBreakRow>()
  for (const { venue, symbol, row } of found.breaks) {
    const instrument_id = await idOf(tx, ids, `${venue}\n${symbol}`)
    const key = `${instrument_id} ${row.conn} ${row.frame}`
    if (!breaks.has(key)) breaks.set(key, { instrument_id, ...row })
  }
  await tx.upsert('silver_book_breaks', [...breaks.values()])
}

async function storeSeconds(
  tx: WriteTransaction,
  instrumentId: number,
  seconds: readonly FoundSecond[],
): Promise<void> {
  const times = seconds.map(({ secondUs }) => secondUs)
  const stored = await tx.db
    .selectFrom('silver_book_seconds')
    .selectAll()
    .where('instrument_id', '=', instrumentId)
    .where('second_us', '>=', Math.min(...times))
    .where('second_us', '<=', Math.max(...times))
    .execute()
  const standing = new Map(stored.map((row) => [row.second_us, row]))
  const changed = new Map<number, BookSecondRow>()
  for (const { secondUs, summary } of seconds) {
    const key = { instrument_id: instrumentId, second_us: secondUs }
    const row = { ...key, ...summary, change_seq: tx.changeSeq }
    const other = standing.get(secondUs)
    if (other !== undefined && !isFuller(row, other)) continue
    standing.set(secondUs, row)
    changed.set(secondUs, row)
  }
  await tx.upsert('silver_book_seconds', [...changed.values()])
}

function isFuller(row: BookSecondRow, other: BookSecondRow): boolean {
  if (row.updates !== other.updates) return row.updates > other.updates
  for (const column of COMPARED) {
    const [one, two] = [row[column] ?? '', other[column] ?? '']
    if (one !== two) return one > two
  }
  return false
}

async function idOf(tx: WriteTransaction, ids: InstrumentIds, key: string): Promise<number> {
  let id = ids.get(key)
  if (id === undefined) {
    const [venue = '', symbol = ''] = key.split('\n')
    id = (await storedInstrument(tx, { venue, symbol })).instrument_id
    ids.set(key, id)
  }
  return id
}

/** What stands in a state's `conn` for the snapshots that came over no connection. */
const APART = 'snapshots of '

/**
 * Stores a log's books as they stand, in place of what was stored of them.
 *
 * @param pos every record below it has been folded
 */
export async function storeBooks(
  tx: WriteTransaction,
  fold: BookFold,
  at: { readonly logId: number; readonly pos: number },
): Promise<void> {
  const rows: BookStateRow[] = []
  for (const { venue, symbol, chains, snapshots } of fold.groups.values()) {
    const row = (conn: string, pos: number, state: unknown) =>
      rows.push({ log_id: at.logId, conn, venue, symbol, pos, state: JSON.stringify(state) })
    for (const chain of chains) row(chain.conn, chain.pos, chain)
    if (snapshots.length > 0) row(APART + venue, at.pos, snapshots)
  }
  await tx.db.deleteFrom('ops_book_states').where('log_id', '=', at.logId).execute()
  await tx.upsert('ops_book_states', rows)
}

/** Fills a new fold with the books as they were stored. */
export function loadBooks(fold: BookFold, rows: readonly BookStateRow[]): void {
  // The chain heard last stands last, as it did.
  for (const row of rows.toSorted((a, b) => a.pos - b.pos)) {
    const group = groupOf(fold, row)
    if (row.conn.startsWith(APART)) {
      group.snapshots.push(...(JSON.parse(row.state) as HeldMessage[]))
    } else group.chains.push(JSON.parse(row.state) as BookChain)
  }
}

function groupOf(fold: BookFold, { venue, symbol }: BookStateRow): BookGroup {
  const key = `${venue}\n${symbol}`
  let group = fold.groups.get(key)
  if (group === undefined) {
    const source = bookSourceById(venue)
    assert(source !== null, 'books are stored of venues that have them')
    group = { venue, symbol, source, chains: [], snapshots: [] }
    fold.groups.set(key, group)
  }
  return group
}
