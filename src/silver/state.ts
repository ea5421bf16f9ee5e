import type { Kysely } from 'kysely'
import {
  type Cutoffs,
  EXPIRING,
  type InstrumentRow,
  NO_CUTOFFS,
  type OutageRow,
  readCutoffs,
  type Schema,
  type ScopeRow,
  type Warehouse,
  type WriteTransaction,
} from '../warehouse/index.ts'
import { Activity } from './activity.ts'
import { Coverage } from './coverage.ts'
import type { Range } from './ranges.ts'

/** A half-open span of time, epoch microseconds. */
export interface Span {
  readonly fromUs: number
  readonly toUs: number
}

/** One numbering of one instrument's trades, as held. */
export interface TapeState {
  readonly instrument: InstrumentState
  readonly tapeId: number
  readonly hash: string
  readonly coverage: Coverage
  /** Ranges displaced by longer ones that do not hold them: none, but where a venue is wrong. */
  readonly rivals: Range[]
  /** The greatest id whose trade was deleted on purpose; 0 where none was. */
  expiredId: number
}

/** What silver remembers of an instrument between commits. */
export interface InstrumentState {
  row: InstrumentRow
  readonly tapes: Map<number, TapeState>
  readonly scopes: ScopeRow[]
  /** Latest time by id at which the venue called that id its newest. */
  readonly witnesses: Map<number, number>
  /** Whether any venue candle is stored, so that the rest need not look. */
  hasVenueCandles: boolean
  /** Span whose minutes must be judged again before the commit; empty when from >= to. */
  dirtyFromUs: number
  dirtyToUs: number
}

/**
 * Everything silver keeps in memory: one entry per instrument, tape, scope and hole.
 *
 * It mirrors what is stored. After a failed commit it is loaded again, never mended.
 */
export interface SilverState {
  readonly instruments: Map<number, InstrumentState>
  /** By `venue`, newline, symbol. */
  readonly bySymbol: Map<string, InstrumentState>
  readonly tapeHashes: Map<number, string>
  readonly tapeIds: Map<string, number>
  readonly outages: OutageRow[]
  readonly activity: Activity
  /** Spans over which trades have come to be missing, or are no more, since minutes were judged. */
  readonly suspects: Span[]
  readonly logs: Map<string, { logId: number; timeUs: number; checkpoint: number }>
  /** What was deleted on purpose, up to which time. */
  cutoffs: Cutoffs
  nextTapeId: number
  nextLogId: number
}

/** Names silver's checkpoints among the readers of the log. */
export const SILVER_READER = 'silver'

/** Loads the state that the warehouse's last commit left. */
export function loadState(warehouse: Warehouse): Promise<SilverState> {
  return warehouse.read(async (db) => {
    const state = emptyState()
    for (const row of await db.selectFrom('instruments').selectAll().execute()) {
      addInstrument(state, row)
    }
    for (const row of await db.selectFrom('silver_tapes').selectAll().execute()) {
      addTape(state, row.tape_id, row.file_hash)
    }
    const coverage = db.selectFrom('silver_coverage').selectAll().orderBy('first_id')
    for (const row of await coverage.execute()) {
      const instrument = state.instruments.get(row.instrument_id)
      if (instrument === undefined) continue
      tapeOf(state, instrument, row.tape_id).coverage.intervals.push({
        firstId: row.first_id,
        lastId: row.last_id,
        firstTimeUs: row.first_time_us ?? Number.NaN,
        lastTimeUs: row.last_time_us ?? Number.NaN,
      })
    }
    for (const row of await db.selectFrom('silver_rivals').selectAll().execute()) {
      const instrument = state.instruments.get(row.instrument_id)
      if (instrument === undefined) continue
      const range = { firstId: row.first_id, lastId: row.last_id }
      tapeOf(state, instrument, row.tape_id).rivals.push(range)
    }
    for (const row of await db.selectFrom('silver_scopes').selectAll().execute()) {
      state.instruments.get(row.instrument_id)?.scopes.push(row)
    }
    for (const row of await db.selectFrom('silver_witnesses').selectAll().execute()) {
      state.instruments.get(row.instrument_id)?.witnesses.set(row.last_id, row.time_us)
    }
    const witnessed = db.selectFrom('silver_venue_candles').select('instrument_id').distinct()
    for (const row of await witnessed.execute()) {
      const instrument = state.instruments.get(row.instrument_id)
      if (instrument !== undefined) instrument.hasVenueCandles = true
    }
    await loadExpired(state, db)
    state.outages.push(...(await db.selectFrom('silver_outages').selectAll().execute()))
    const positions = await db
      .selectFrom('ops_checkpoints')
      .selectAll()
      .where('reader', '=', SILVER_READER)
      .execute()
    for (const row of await db.selectFrom('ops_logs').selectAll().execute()) {
      const checkpoint = positions.find((one) => one.log_id === row.log_id)?.pos ?? 0
      state.logs.set(row.name, { logId: row.log_id, timeUs: row.time_us, checkpoint })
      state.nextLogId = Math.max(state.nextLogId, row.log_id + 1)
    }
    return state
  })
}

/** Takes over what retention deleted; it may have run beside since the last commit. */
export async function refreshExpired(state: SilverState, db: Kysely<Schema>): Promise<void> {
  const now = await readCutoffs(db)
  const isSame = EXPIRING.every((dataset) => now[dataset] === state.cutoffs[dataset])
  if (!isSame) await loadExpired(state, db)
}

async function loadExpired(state: SilverState, db: Kysely<Schema>): Promise<void> {
  state.cutoffs = await readCutoffs(db)
  for (const row of await db.selectFrom('silver_expired').selectAll().execute()) {
    const instrument = state.instruments.get(row.instrument_id)
    if (instrument !== undefined) tapeOf(state, instrument, row.tape_id).expiredId = row.last_id
  }
}

function emptyState(): SilverState {
  return {
    instruments: new Map(),
    bySymbol: new Map(),
    tapeHashes: new Map(),
    tapeIds: new Map(),
    outages: [],
    activity: new Activity(),
    suspects: [],
    logs: new Map(),
    cutoffs: NO_CUTOFFS,
    nextTapeId: 1,
    nextLogId: 1,
  }
}

function addInstrument(state: SilverState, row: InstrumentRow): InstrumentState {
  const instrument: InstrumentState = {
    row,
    tapes: new Map(),
    scopes: [],
    witnesses: new Map(),
    hasVenueCandles: false,
    dirtyFromUs: Number.POSITIVE_INFINITY,
    dirtyToUs: Number.NEGATIVE_INFINITY,
  }
  state.instruments.set(row.instrument_id, instrument)
  state.bySymbol.set(`${row.venue}\n${row.symbol}`, instrument)
  return instrument
}

function addTape(state: SilverState, tapeId: number, hash: string): void {
  state.tapeHashes.set(tapeId, hash)
  state.tapeIds.set(hash, tapeId)
  state.nextTapeId = Math.max(state.nextTapeId, tapeId + 1)
}

/** Returns the tape of an instrument, opening it where nothing is held of it yet. */
export function tapeOf(state: SilverState, instrument: InstrumentState, tapeId: number): TapeState {
  let tape = instrument.tapes.get(tapeId)
  if (tape === undefined) {
    const hash = state.tapeHashes.get(tapeId) ?? ''
    tape = { instrument, tapeId, hash, coverage: new Coverage(), rivals: [], expiredId: 0 }
    instrument.tapes.set(tapeId, tape)
  }
  return tape
}

/** Returns the instrument of a venue's symbol, storing a new one where it is first met. */
export async function instrumentOf(
  state: SilverState,
  tx: WriteTransaction,
  at: { readonly venue: string; readonly symbol: string },
): Promise<InstrumentState> {
  const known = state.bySymbol.get(`${at.venue}\n${at.symbol}`)
  if (known !== undefined) return known
  return addInstrument(state, await storedInstrument(tx, at))
}

/**
 * Returns the instrument of a venue's symbol as stored, storing a new one where it is first met.
 * Asked of the tables, since trades and books each bring in what the other may not know.
 */
export async function storedInstrument(
  tx: WriteTransaction,
  at: { readonly venue: string; readonly symbol: string },
): Promise<InstrumentRow> {
  const stored = await tx.db
    .selectFrom('instruments')
    .selectAll()
    .where('venue', '=', at.venue)
    .where('symbol', '=', at.symbol)
    .orderBy('listed_from_us', 'desc')
    .executeTakeFirst()
  if (stored !== undefined) return stored
  const newest = await tx.db
    .selectFrom('instruments')
    .select((eb) => eb.fn.max('instrument_id').as('id'))
    .executeTakeFirst()
  const row: InstrumentRow = {
    instrument_id: (newest?.id ?? 0) + 1,
    venue: at.venue,
    symbol: at.symbol,
    listed_from_us: 0,
    delisted_us: null,
    kind: 'spot',
    base: null,
    quote: null,
    multiplier: 1,
    price_step: null,
    size_step: null,
    listing_us: 0,
  }
  await tx.upsert('instruments', [row])
  return row
}

/** Returns the stored number of a file's tape; the empty hash is tape 0. */
export async function tapeIdOf(
  state: SilverState,
  tx: WriteTransaction,
  hash: string,
): Promise<number> {
  if (hash === '') return 0
  const known = state.tapeIds.get(hash)
  if (known !== undefined) return known
  const tapeId = state.nextTapeId
  await tx.upsert('silver_tapes', [{ tape_id: tapeId, file_hash: hash }])
  addTape(state, tapeId, hash)
  return tapeId
}

/** Marks a span of an instrument to be judged before the commit. */
export function touch(instrument: InstrumentState, fromUs: number, toUs: number): void {
  if (fromUs < instrument.dirtyFromUs) instrument.dirtyFromUs = fromUs
  if (toUs > instrument.dirtyToUs) instrument.dirtyToUs = toUs
}
