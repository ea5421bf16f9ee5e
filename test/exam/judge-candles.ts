import type { Kysely } from 'kysely'
import type { Simulator, TruthCandle } from '../../sim/index.ts'
import type { Hole } from '../../src/silver/holes.ts'
import type { ExactMinuteRow, Schema, Views } from '../../src/warehouse/index.ts'
import { scopeOf } from './judge-trades.ts'
import { TRADING_VENUES } from './markets.ts'
import { hiddenIds } from './reach.ts'

/** What came of the one-minute candles. */
export interface CandleFindings {
  /** Said to be complete, and those of them equal to the truth in every field. */
  complete: number
  equal: number
  /** Complete by all evidence there is, and short of trades that sockets and REST both hid. */
  beyondEvidence: number
  /** Said to be incomplete, and those of them that no open or given up hole explains. */
  incomplete: number
  unexplained: number
  /** Minutes in which the venue traded, and of which there is no row. */
  absent: number
}

/** What the judge looks at. */
export interface CandleCase {
  readonly db: Kysely<Schema>
  readonly sim: Simulator
  readonly holes: readonly Hole[]
  readonly note: (what: string) => void
}

const MINUTE_US = 60_000_000

/** Holds every minute in scope against the truth. The minute still running is incomplete. */
export async function judgeCandles(at: CandleCase): Promise<CandleFindings> {
  const findings: CandleFindings = {
    ...{ complete: 0, equal: 0, beyondEvidence: 0 },
    ...{ incomplete: 0, unexplained: 0, absent: 0 },
  }
  for (const instrument of await at.db.selectFrom('instruments').selectAll().execute()) {
    const venue = TRADING_VENUES.find((id) => id === instrument.venue)
    const scope = venue === undefined ? null : await scopeOf(at.db, instrument)
    if (venue === undefined || scope === null) continue
    const { instrument_id: id, symbol } = instrument
    // A venue's own candles of the time before are shown as well; nobody answers for them.
    const all = await minutesOf(at.db, id)
    const rows = all.filter((row) => isWithin(row.open_time_us, scope))
    const span = { venue, product: symbol, fromUs: scope.fromUs, toUs: minuteOf(scope.toUs) }
    const truths = new Map(at.sim.truthCandles(span).map((one) => [one.open_time_us, one]))
    const hidden = hiddenIds(at.sim.faults, instrument)
    const hiddenMinutes = new Set<number>()
    for (const trade of at.sim.truth(span)) {
      if (hidden.has(trade.trade_id)) hiddenMinutes.add(minuteOf(trade.time_us))
    }
    const holes = at.holes.filter((hole) => hole.instrumentId === id)
    const product = { name: `${venue} ${symbol}`, rows, truths, hiddenMinutes, holes }
    countMinutes(product, findings, at.note)
  }
  return findings
}

/** The minute a time lies in; without end where the time is. */
const minuteOf = (timeUs: number) =>
  Number.isFinite(timeUs) ? timeUs - (timeUs % MINUTE_US) : timeUs

function isWithin(
  openUs: number,
  scope: { readonly fromUs: number; readonly toUs: number },
): boolean {
  return openUs >= scope.fromUs && openUs < scope.toUs
}

function minutesOf(db: Kysely<Schema>, instrumentId: number): Promise<ExactMinuteRow[]> {
  return db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .selectAll()
    .where('instrument_id', '=', instrumentId)
    .orderBy('open_time_us')
    .execute()
}

interface Product {
  readonly name: string
  readonly rows: readonly ExactMinuteRow[]
  readonly truths: Map<number, TruthCandle>
  readonly hiddenMinutes: ReadonlySet<number>
  readonly holes: readonly Hole[]
}

function countMinutes(
  { name, rows, truths, hiddenMinutes, holes }: Product,
  findings: CandleFindings,
  note: (what: string) => void,
): void {
  for (const [at, row] of rows.entries()) {
    const { open_time_us: openUs } = row
    const truth = truths.get(openUs)
    truths.delete(openUs)
    if (row.complete === 1) {
      findings.complete += 1
      if (isEqual(row, truth)) findings.equal += 1
      else if (hiddenMinutes.has(openUs)) findings.beyondEvidence += 1
      else note(`${name}: ${JSON.stringify(row)} is not ${JSON.stringify(truth)}`)
      continue
    }
    findings.incomplete += 1
    const isExplained =
      at === rows.length - 1 ||
      holes.some(({ verdict, fromUs, toUs }) => {
        const isLasting = verdict === 'open' || verdict === 'unrecoverable'
        return isLasting && fromUs < openUs + MINUTE_US && toUs >= openUs
      })
    if (isExplained) continue
    findings.unexplained += 1
    note(`${name}: minute ${new Date(openUs / 1000).toISOString()} is not proven complete`)
  }
  findings.absent += truths.size
  for (const truth of truths.values()) note(`${name}: no minute for ${JSON.stringify(truth)}`)
}

/** Whether a row says what is true. Where it is the venue's own candle it may leave fields out. */
function isEqual(row: ExactMinuteRow, truth: TruthCandle | undefined): boolean {
  if (truth === undefined) return row.status !== 'traded' && row.status !== 'unknown'
  return (
    row.status === 'traded' &&
    row.open === truth.open &&
    row.high === truth.high &&
    row.low === truth.low &&
    row.close === truth.close &&
    row.volume === truth.volume &&
    isTold(row, 'notional', truth.notional) &&
    isTold(row, 'taker_buy_volume', truth.taker_buy_volume) &&
    isTold(row, 'trade_count', truth.trade_count)
  )
}

function isTold<K extends 'notional' | 'taker_buy_volume' | 'trade_count'>(
  row: ExactMinuteRow,
  name: K,
  truth: ExactMinuteRow[K],
): boolean {
  return row[name] === truth || (row[name] === null && row.source !== 'trades')
}
