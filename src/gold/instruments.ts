import type { Kysely } from 'kysely'
import type { InstrumentRow, Schema } from '../warehouse/index.ts'
import type { GoldOptions } from './run.ts'

/** An instrument as measures know it. */
export interface NamedInstrument
  extends Pick<InstrumentRow, 'venue' | 'symbol' | 'kind' | 'quote' | 'listed_from_us'> {
  readonly id: number
  /** `venue:symbol`. */
  readonly name: string
}

/** Returns the instruments of these numbers that are asked for, in the order of their names. */
export async function namedInstruments(
  db: Kysely<Schema>,
  ids: readonly number[] | 'all',
  { only = null }: GoldOptions = {},
): Promise<NamedInstrument[]> {
  let query = db
    .selectFrom('instruments')
    .select(['instrument_id as id', 'venue', 'symbol', 'kind', 'quote', 'listed_from_us'])
  if (only?.venue !== undefined) query = query.where('venue', '=', only.venue)
  if (only?.symbol !== undefined) query = query.where('symbol', '=', only.symbol)
  const wanted = ids === 'all' ? null : new Set(ids)
  const rows = await query.execute()
  return rows
    .filter(({ id }) => wanted === null || wanted.has(id))
    .map((row) => ({ ...row, name: `${row.venue}:${row.symbol}` }))
    .sort((a, b) => byText(a.name, b.name) || a.listed_from_us - b.listed_from_us)
}

/** Orders text by code unit, the same on every machine and in every database. */
export function byText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Rows read or made in one transaction at most, where an instrument has `rows` each. */
const ROWS_PER_TURN = 500

/** Cuts a list of instruments into what one transaction deals with, at least one each. */
export function* instrumentTurns(
  instruments: readonly NamedInstrument[],
  rowsEach: number,
): Generator<readonly NamedInstrument[]> {
  const step = Math.max(1, Math.floor(ROWS_PER_TURN / Math.max(1, rowsEach)))
  for (let at = 0; at < instruments.length; at += step) yield instruments.slice(at, at + step)
}
