import { MINUTE_US } from '../market/bucket.ts'
import { ORIGINS } from '../market/record.ts'
import type {
  InstrumentRow,
  QuarantineRow,
  VenueCandleRow,
  WriteTransaction,
} from '../warehouse/index.ts'
import { baseOf } from './activity.ts'
import { advanceScopes, applySelfEvent, widenScope } from './apply-self-event.ts'
import type { Batch, CandleReport } from './batch.ts'
import { mergeTrades } from './merge-trades.ts'
import { storeMinutes } from './minutes.ts'
import { settleRepeats } from './repeats.ts'
import { storeSnapshots } from './snapshots.ts'
import {
  type InstrumentState,
  instrumentOf,
  refreshExpired,
  SILVER_READER,
  type SilverState,
  type Span,
  tapeIdOf,
  touch,
} from './state.ts'
import { noteWitnesses, storeCoverage } from './store-coverage.ts'

/** What merging one batch came to, in events. */
export interface MergeResult {
  /** Trades stored. */
  readonly accepted: number
  /** Venue candles read, those that did not stand among them. */
  readonly candles: number
  readonly duplicates: number
  /** Reports of trades that were held and have been deleted on purpose. */
  readonly expired: number
  readonly conflicts: number
  readonly rejected: number
  readonly late: number
}

/** How a batch is merged. */
export interface MergeOptions {
  /** Minutes are final this long after their end, by log time. */
  readonly graceUs: number
  readonly judge: 'now' | 'later'
}

/**
 * Merges a batch into the warehouse within the caller's transaction: facts, coverage, minutes,
 * quarantine, counters and the log's checkpoint, all or nothing.
 *
 * Merging the same batches in any order, or again, ends in the same facts.
 */
export async function mergeBatch(
  state: SilverState,
  tx: WriteTransaction,
  batch: Batch,
  options: MergeOptions,
): Promise<MergeResult> {
  await refreshExpired(state, tx.db)
  const log = logOf(state, batch.log)
  const finalBeforeUs = log.timeUs - options.graceUs
  const evidences = new Set<string>()
  for (const { event, timeUs, evidence } of batch.selves) {
    evidences.add(evidence)
    await applySelfEvent(event, { state, tx, evidence, timeUs })
  }
  await storeListings(state, tx, batch)
  const { trades } = batch
  const text = Buffer.from(trades.text.buffer).toString('latin1', 0, trades.textLength)
  const merged = await mergeTrades(state, tx, { batch, text, logId: log.logId, finalBeforeUs })
  const settled = await settleRepeats(tx, {
    batch,
    text,
    logId: log.logId,
    repeats: merged.repeats,
    expiredBeforeUs: state.cutoffs.trades,
  })
  await storeSpans(state, tx, batch)
  await storeVenueCandles(state, tx, batch.candles)
  await storeSnapshots(state, tx, { batch, logId: log.logId })
  const noted = await noteWitnesses(state, tx, batch)
  log.timeUs = Math.max(log.timeUs, batch.timeUs)
  await advanceScopes(state, tx, { log: batch.log, evidences, timeUs: log.timeUs })
  await storeCoverage(state, tx, noted)
  await storeMinutes(state, tx, {
    folds: merged.folds,
    refold: settled.refold,
    trades,
    text,
    finalBeforeUs,
    judge: options.judge,
  })
  await storeQuarantine(tx, batch, { logId: log.logId, conflicts: settled.conflicts })
  log.checkpoint = Math.max(log.checkpoint, batch.checkpoint)
  const row = { log_id: log.logId, name: batch.log, time_us: log.timeUs }
  await tx.upsert('ops_logs', [row])
  await tx.upsert('ops_checkpoints', [
    { reader: SILVER_READER, log_id: log.logId, pos: log.checkpoint },
  ])
  const result: MergeResult = {
    accepted: merged.accepted + settled.accepted,
    candles: batch.candles.length,
    duplicates: settled.duplicates,
    expired: settled.expired,
    conflicts: settled.conflicts.length,
    rejected: batch.rejected.length,
    late: merged.late,
  }
  await tx.count({ ...result, frames: batch.tally.frames })
  return result
}

function logOf(
  state: SilverState,
  name: string,
): { logId: number; timeUs: number; checkpoint: number } {
  let log = state.logs.get(name)
  if (log === undefined) {
    log = { logId: state.nextLogId, timeUs: 0, checkpoint: 0 }
    state.nextLogId += 1
    state.logs.set(name, log)
  }
  return log
}

const EVER: Span = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER }

/** The newest listing stands; of two received together, the one of greater text. */
async function storeListings(
  state: SilverState,
  tx: WriteTransaction,
  batch: Batch,
): Promise<void> {
  const changed = new Set<InstrumentState>()
  for (const { venue, listing, receivedTimeUs } of batch.listings) {
    const instrument = await instrumentOf(state, tx, { venue, symbol: listing.symbol })
    const row: InstrumentRow = {
      ...instrument.row,
      kind: listing.kind,
      base: listing.base,
      quote: listing.quote,
      multiplier: listing.multiplier,
      price_step: listing.priceStep,
      size_step: listing.sizeStep,
      listing_us: receivedTimeUs,
      delisted_us: listing.active ? null : receivedTimeUs,
    }
    const { row: held } = instrument
    const isNewer =
      receivedTimeUs > held.listing_us ||
      (receivedTimeUs === held.listing_us && JSON.stringify(row) > JSON.stringify(held))
    if (!isNewer) continue
    // What it trades decides which venues are compared with it.
    if (baseOf(row) !== baseOf(held)) state.suspects.push(EVER)
    instrument.row = row
    changed.add(instrument)
  }
  await tx.upsert(
    'instruments',
    [...changed].map((one) => one.row),
  )
}

async function storeSpans(state: SilverState, tx: WriteTransaction, batch: Batch): Promise<void> {
  for (const span of batch.spans) {
    const key = batch.keys[span.key]
    if (key === undefined) continue
    const instrument = await instrumentOf(state, tx, key)
    const tapeId = await tapeIdOf(state, tx, key.tape)
    await widenScope(instrument, tx, { ...span, cause: 'import', tapeId })
  }
}

/** Of one source, the greatest by (closed, received time, canonical text) stands (D7). */
async function storeVenueCandles(
  state: SilverState,
  tx: WriteTransaction,
  reports: readonly CandleReport[],
): Promise<void> {
  const best = new Map<string, VenueCandleRow>()
  for (const report of reports) {
    const { candle } = report
    if (candle.intervalUs !== MINUTE_US) continue
    const at = { venue: report.venue, symbol: candle.symbol }
    const instrument = await instrumentOf(state, tx, at)
    const row = venueCandleRow(report, instrument, tx.changeSeq)
    const name = `${row.instrument_id} ${row.open_time_us} ${row.source}`
    const held = best.get(name) ?? (await tx.findVenueCandle(row))
    if (held !== undefined && !isBetter(row, held)) continue
    best.set(name, row)
    state.activity.note(row.instrument_id, row.open_time_us, row.volume !== '0')
    instrument.hasVenueCandles = true
    touch(instrument, row.open_time_us, row.open_time_us + MINUTE_US)
  }
  await tx.upsert('silver_venue_candles', [...best.values()])
}

function venueCandleRow(
  report: CandleReport,
  instrument: InstrumentState,
  changeSeq: number,
): VenueCandleRow {
  const { candle } = report
  return {
    instrument_id: instrument.row.instrument_id,
    open_time_us: candle.openTimeUs,
    source: ORIGINS.indexOf(report.origin),
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume,
    notional: candle.notional,
    taker_buy_volume: candle.takerBuyVolume,
    trade_count: candle.tradeCount,
    closed: candle.closed ? 1 : 0,
    received_time_us: report.receivedTimeUs,
    vwap: candle.vwap,
    change_seq: changeSeq,
  }
}

function isBetter(a: VenueCandleRow, b: VenueCandleRow): boolean {
  if (a.closed !== b.closed) return a.closed > b.closed
  if (a.received_time_us !== b.received_time_us) return a.received_time_us > b.received_time_us
  const text = (row: VenueCandleRow) => JSON.stringify({ ...row, change_seq: 0 })
  return text(a) > text(b)
}

async function storeQuarantine(
  tx: WriteTransaction,
  batch: Batch,
  more: { readonly logId: number; readonly conflicts: readonly QuarantineRow[] },
): Promise<void> {
  const rows = batch.rejected.map((one) => ({
    log_id: more.logId,
    pos: one.pos,
    item: one.item,
    reason: one.reason,
    detail: one.detail,
    sample: one.sample,
    dialect: one.dialect,
    state: 'held' as const,
    received_time_us: one.receivedTimeUs,
  }))
  await tx.upsert('silver_quarantine', [...rows, ...more.conflicts])
}
