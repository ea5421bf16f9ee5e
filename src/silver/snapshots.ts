import type { OhlcRow, SnapshotRow, WriteTransaction } from '../warehouse/index.ts'
import type { Batch, CandleReport, SnapshotReport } from './batch.ts'
import { type InstrumentState, instrumentOf, type SilverState } from './state.ts'

/** Keys looked up with one query: fewer than any database takes parameters. */
const LOOKUP_KEYS = 500

/**
 * Stores a batch's snapshots and an aggregator's candles within the caller's transaction.
 *
 * Of two reports of one row the later received stands, and of two received together the one of
 * greater text: whatever the order and number of copies, the rows end the same. Rows come to
 * be for every poll, changed or not.
 */
export async function storeSnapshots(
  state: SilverState,
  tx: WriteTransaction,
  { batch, logId }: { readonly batch: Batch; readonly logId: number },
): Promise<void> {
  const snapshots = new Map<string, SnapshotRow>()
  for (const report of batch.snapshots) {
    const { venue, snapshot } = report
    const instrument = await coinOf(state, tx, { venue, symbol: snapshot.symbol })
    const stamp = { logId, changeSeq: tx.changeSeq }
    offer(snapshots, snapshotKey, snapshotRow(report, instrument, stamp))
  }
  const candles = new Map<string, OhlcRow>()
  for (const report of batch.ohlc) {
    const { venue, candle } = report
    const instrument = await coinOf(state, tx, { venue, symbol: candle.symbol })
    offer(candles, candleKey, ohlcRow(report, instrument, tx.changeSeq))
  }
  const newSnapshots = await betterThanStored(snapshots, snapshotKey, (rows) =>
    findSnapshots(tx, rows),
  )
  const newCandles = await betterThanStored(candles, candleKey, (rows) => findCandles(tx, rows))
  await tx.upsert('silver_snapshots', newSnapshots)
  await tx.upsert('silver_ohlc', newCandles)
  if (newSnapshots.length > 0) await tx.count({ snapshots: newSnapshots.length })
}

/** A coin that no listing has told of yet is known to be one all the same. */
async function coinOf(
  state: SilverState,
  tx: WriteTransaction,
  at: { readonly venue: string; readonly symbol: string },
): Promise<InstrumentState> {
  const instrument = await instrumentOf(state, tx, at)
  if (instrument.row.listing_us === 0 && instrument.row.kind !== 'coin') {
    instrument.row = { ...instrument.row, kind: 'coin', quote: 'USD' }
    await tx.upsert('instruments', [instrument.row])
  }
  return instrument
}

type Row = SnapshotRow | OhlcRow

const snapshotKey = (row: SnapshotRow) => `${row.instrument_id} ${row.time_us} ${row.source}`
const candleKey = (row: OhlcRow) => `${row.instrument_id} ${row.interval_us} ${row.open_time_us}`

function offer<R extends Row>(rows: Map<string, R>, keyOf: (row: R) => string, row: R): void {
  const key = keyOf(row)
  const held = rows.get(key)
  if (held === undefined || isBetter(row, held)) rows.set(key, row)
}

function isBetter(a: Row, b: Row): boolean {
  if (a.received_time_us !== b.received_time_us) return a.received_time_us > b.received_time_us
  return factsOf(a) > factsOf(b)
}

/** Where a row stands, which another copy of its record may change. */
const PLACES: readonly string[] = ['log_id', 'pos', 'item', 'change_seq']

function factsOf(row: Row): string {
  const facts = Object.entries(row).filter(([column]) => !PLACES.includes(column))
  return JSON.stringify(facts.sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function betterThanStored<R extends Row>(
  rows: ReadonlyMap<string, R>,
  keyOf: (row: R) => string,
  find: (rows: readonly R[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const offered = [...rows.values()]
  const stored = new Map<string, R>()
  for (let at = 0; at < offered.length; at += LOOKUP_KEYS) {
    for (const row of await find(offered.slice(at, at + LOOKUP_KEYS))) stored.set(keyOf(row), row)
  }
  return offered.filter((row) => {
    const held = stored.get(keyOf(row))
    return held === undefined || isBetter(row, held)
  })
}

/** Columns of two lists find more than the rows asked for; the rest is not looked at. */
function findSnapshots(tx: WriteTransaction, rows: readonly SnapshotRow[]): Promise<SnapshotRow[]> {
  return tx.db
    .selectFrom('silver_snapshots')
    .selectAll()
    .where('instrument_id', 'in', distinct(rows, 'instrument_id'))
    .where('time_us', 'in', distinct(rows, 'time_us'))
    .execute()
}

function findCandles(tx: WriteTransaction, rows: readonly OhlcRow[]): Promise<OhlcRow[]> {
  return tx.db
    .selectFrom('silver_ohlc')
    .selectAll()
    .where('instrument_id', 'in', distinct(rows, 'instrument_id'))
    .where('interval_us', 'in', distinct(rows, 'interval_us'))
    .where('open_time_us', 'in', distinct(rows, 'open_time_us'))
    .execute()
}

function distinct<R, K extends keyof R>(rows: readonly R[], column: K): R[K][] {
  return [...new Set(rows.map((row) => row[column]))]
}

function snapshotRow(
  report: SnapshotReport,
  instrument: InstrumentState,
  stamp: { readonly logId: number; readonly changeSeq: number },
): SnapshotRow {
  const { snapshot, polledUs, receivedTimeUs, pos } = report
  return {
    instrument_id: instrument.row.instrument_id,
    time_us: snapshot.timeUs ?? polledUs,
    source: snapshot.source,
    quote: snapshot.quote,
    last_updated_us: snapshot.lastUpdatedUs,
    price: snapshot.price,
    market_cap: snapshot.marketCap,
    fully_diluted_valuation: snapshot.fullyDilutedValuation,
    volume_24h: snapshot.volume24h,
    high_24h: snapshot.high24h,
    low_24h: snapshot.low24h,
    price_change_24h: snapshot.priceChange24h,
    change_1h_pct: snapshot.change1hPct,
    change_24h_pct: snapshot.change24hPct,
    change_7d_pct: snapshot.change7dPct,
    circulating_supply: snapshot.circulatingSupply,
    total_supply: snapshot.totalSupply,
    max_supply: snapshot.maxSupply,
    market_cap_rank: snapshot.marketCapRank,
    received_time_us: receivedTimeUs,
    log_id: stamp.logId,
    pos,
    item: snapshot.item,
    change_seq: stamp.changeSeq,
  }
}

function ohlcRow(report: CandleReport, instrument: InstrumentState, changeSeq: number): OhlcRow {
  const { candle, receivedTimeUs } = report
  return {
    instrument_id: instrument.row.instrument_id,
    interval_us: candle.intervalUs,
    open_time_us: candle.openTimeUs,
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    received_time_us: receivedTimeUs,
    change_seq: changeSeq,
  }
}
