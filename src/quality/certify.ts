import type { Kysely } from 'kysely'
import { formatTimeUs } from '../market/bucket.ts'
import type { CandleStatus } from '../market/candle.ts'
import { addDecimal, decimalText, parseDecimal } from '../market/decimal.ts'
import type { Instrument } from '../market/instrument.ts'
import { listHoles } from '../silver/holes.ts'
import type { Range } from '../silver/ranges.ts'
import type { MinuteRow, Schema, Warehouse } from '../warehouse/index.ts'
import { readCutoffs, readFoldVersion } from '../warehouse/index.ts'
import type { Certificate, Neighbour } from './certificate.ts'
import { type EvidenceList, readEvidence } from './evidence.ts'
import type { HourFacts, HourTrade } from './hour-facts.ts'
import { conditionOf, createHourFold, HOUR_US, idsOf } from './hour-facts.ts'
import { holesOf } from './hour-holes.ts'
import type { CitedTrade, HourSpan } from './hour-trades.ts'
import { findNeighbours, findSharing, logTimeUs, readHourTrades } from './hour-trades.ts'
import { collectReports, type Reports, standingReports } from './reports.ts'

const MINUTES = 60
/** Each round cites what those before it left in doubt; venues that keep their rules need one. */
const ROUNDS_MAX = 8

/** What a certificate is made from. */
export interface CertifyOptions {
  readonly warehouse: Warehouse
  readonly dataDir: string
  readonly instrument: Instrument
  /** Start of the hour. */
  readonly hourUs: number
  /** How long after its end an hour waits for late trades. */
  readonly graceUs: number
}

/**
 * Draws up what is held of an hour from one state of the warehouse, and its evidence from the
 * raw log; `null` where no minute of it was ever answered for by the venue's own trade ids, or its
 * trades were deleted by retention: a certificate that was issued before still says what was held.
 */
export function drawCertificate(options: CertifyOptions): Promise<Certificate | null> {
  return options.warehouse.read((db) => draw(db, options))
}

async function draw(db: Kysely<Schema>, options: CertifyOptions): Promise<Certificate | null> {
  const { instrument, hourUs } = options
  const { instrumentId } = instrument
  const span = { instrumentId, fromUs: hourUs, toUs: hourUs + HOUR_US }
  const { trades, candles } = await readCutoffs(db)
  if (hourUs < Math.max(trades, candles)) return null
  const rows = await readMinutes(db, span)
  if (rows.length === 0) return null
  const cited = new Citations()
  const fold = createHourFold(hourUs)
  await readHourTrades(db, span, (row) => {
    cited.add(row)
    fold.add(tradeOf(row))
  })
  const facts = fold.finish()
  const holes = holesOf(await listHoles(db, { instrumentId }), facts, hourUs)
  const beside = await findNeighbours(db, { ...span, ...facts })
  for (const row of [beside.before, beside.after]) if (row !== null) cited.add(row)
  const { evidence, rivals } = await gatherEvidence(db, options, { span, facts, cited })
  const [ids, minutes] = [idsOf(facts, holes), countMinutes(rows)]
  const isOver = (await logTimeUs(db)) >= span.toUs + options.graceUs
  return {
    format: 'assay-certificate/1',
    ...{ venue: instrument.venue, symbol: instrument.symbol },
    ...{ base: instrument.base, quote: instrument.quote, hour: formatTimeUs(hourUs) },
    fold_version: (await readFoldVersion(db)) ?? 0,
    condition: conditionOf({ minutes, holes, ids }, isOver),
    ids,
    neighbours: { before: neighbourOf(beside.before), after: neighbourOf(beside.after) },
    minutes,
    // Of the minutes, which readers see: verifying adds up the trades.
    ...{ volume: sumOf(rows, 'volume'), notional: sumOf(rows, 'notional') },
    ...{ sources: facts.sources, holes, rivals, facts_hash: facts.hash, evidence },
  }
}

/** Positions of records, by log. */
class Citations {
  readonly positions = new Map<string, Set<number>>()

  /** Returns true if the record was not cited before. */
  add({ log, pos }: Pick<CitedTrade, 'log' | 'pos'>): boolean {
    const known = this.positions.get(log) ?? new Set()
    this.positions.set(log, known)
    const isNew = !known.has(pos)
    known.add(pos)
    return isNew
  }
}

interface Drawing {
  readonly span: HourSpan
  readonly facts: HourFacts
  readonly cited: Citations
}

/**
 * Reads the cited records. Where they tell of trades in the hour that do not stand, a page of
 * REST for example that has the time of one otherwise than the socket, what they yield to is
 * cited as well; ranges that displaced others and stand nowhere are listed as rivals.
 */
async function gatherEvidence(
  db: Kysely<Schema>,
  { dataDir, instrument }: CertifyOptions,
  { span, facts, cited }: Drawing,
): Promise<{ readonly evidence: EvidenceList; readonly rivals: [number, number][] }> {
  const rivals = new Map<string, Range>()
  for (let round = 1; ; round += 1) {
    const reports: Reports = new Map()
    const { list } = readEvidence(dataDir, cited.positions, (record) =>
      collectReports(record, instrument, reports),
    )
    const fold = createHourFold(span.fromUs)
    const told = standingReports(reports, [...rivals.values()])
    for (const report of told) fold.add(report)
    const isBorneOut = fold.finish().hash === facts.hash
    if (isBorneOut || round === ROUNDS_MAX || !(await citeMore(told))) {
      const ranges = [...rivals.values()].sort((a, b) => a.firstId - b.firstId)
      return { evidence: list, rivals: ranges.map(({ firstId, lastId }) => [firstId, lastId]) }
    }
  }

  async function citeMore(told: readonly HourTrade[]): Promise<boolean> {
    const own = new Set<string>()
    await readHourTrades(db, span, (row) => own.add(nameOf(tradeOf(row))))
    let isMore = false
    for (const report of told) {
      if (own.has(nameOf(report))) continue
      const sharing = await findSharing(db, instrument.instrumentId, report)
      for (const row of sharing.trades) isMore = cited.add(row) || isMore
      for (const rival of sharing.rivals) {
        const ids = `${rival.firstId} ${rival.lastId}`
        isMore ||= !rivals.has(ids)
        rivals.set(ids, rival)
      }
    }
    return isMore
  }
}

function nameOf({ firstId, lastId, eventTimeUs }: HourTrade): string {
  return `${firstId} ${lastId} ${eventTimeUs}`
}

function tradeOf(row: CitedTrade): HourTrade {
  const { trade_id: firstId, event_time_us: eventTimeUs, price, size, side, origin } = row
  return { firstId, lastId: row.last_id ?? firstId, eventTimeUs, price, size, side, origin }
}

/** Minutes of the venue's own numbering; those that only an imported file tells of are left out. */
function readMinutes(db: Kysely<Schema>, span: HourSpan): Promise<MinuteRow[]> {
  return db
    .selectFrom('silver_candles_1m')
    .selectAll()
    .where('instrument_id', '=', span.instrumentId)
    .where('open_time_us', '>=', span.fromUs)
    .where('open_time_us', '<', span.toUs)
    .where('tape_id', '=', 0)
    .execute()
}

/** Minutes without a row are as unknown as those that say so. */
function countMinutes(minutes: readonly MinuteRow[]): Certificate['minutes'] {
  const counts: Record<CandleStatus | 'complete', number> = {
    traded: 0,
    no_trades: 0,
    venue_down: 0,
    unknown: MINUTES - minutes.length,
    complete: 0,
  }
  for (const { status, complete } of minutes) {
    counts[status] += 1
    counts.complete += complete
  }
  return counts
}

function sumOf(minutes: readonly MinuteRow[], column: 'volume' | 'notional'): string {
  const zero = parseDecimal('0')!
  return decimalText(
    minutes.reduce((sum, row) => addDecimal(sum, parseDecimal(row[column]) ?? zero), zero),
  )
}

function neighbourOf(row: CitedTrade | null): Neighbour | null {
  if (row === null) return null
  return { id: row.trade_id, time: formatTimeUs(row.event_time_us) }
}
