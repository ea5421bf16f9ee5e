import type { Kysely } from 'kysely'
import type { Simulator, TruthTrade } from '../../sim/index.ts'
import { compareTrades } from '../../src/cli/demo/prove.ts'
import type { Hole } from '../../src/silver/holes.ts'
import type { InstrumentRow, Schema, TradeRow } from '../../src/warehouse/index.ts'
import { TRADING_VENUES } from './markets.ts'
import { hiddenIds } from './reach.ts'

/** What came of the trades. Trades are counted singly, those within an aggregate too. */
export interface TradeFindings {
  /** Made by the venues since the scopes began. */
  made: number
  /** Held exactly as made, as themselves or inside an aggregate that adds up. */
  held: number
  /** Not held, and inside a hole that is listed as given up or open. */
  listed: number
  /** Not held, and in no listed hole. */
  lostSilently: number
  /** Counted by more than one row. */
  duplicated: number
  /** Held otherwise than made. */
  different: number
  /** Held and never made. */
  invented: number
  /** Told to no socket, and those of them that were refilled, or listed at least. */
  undelivered: number
  detected: number
  repaired: number
  /** Of the undelivered: those REST has. */
  reachable: number
  /** Runs of ids told to no socket, and those of which every id was found. */
  holes: number
  holesDetected: number
  /** Ids the venues skipped that lie between two trades, and those listed as such. */
  skipped: number
  skippedListed: number
  /** Made and hidden from sockets and REST alike, and listed as if they had never existed. */
  hiddenAsNever: number
  /** Made after an end of the scope: while the venue refused the product. Judged by nobody. */
  outOfScope: number
}

/** What the judge looks at. */
export interface TradeCase {
  readonly db: Kysely<Schema>
  readonly sim: Pick<Simulator, 'faults' | 'truth' | 'undelivered'>
  readonly holes: readonly Hole[]
  /** Tells of the first few of whatever is wrong. */
  readonly note: (what: string) => void
}

/** Returns findings that count nothing. */
export function noTrades(): TradeFindings {
  return {
    ...{ made: 0, held: 0, listed: 0, lostSilently: 0, duplicated: 0, different: 0, invented: 0 },
    ...{ undelivered: 0, detected: 0, repaired: 0, reachable: 0, holes: 0, holesDetected: 0 },
    ...{ skipped: 0, skippedListed: 0, hiddenAsNever: 0, outOfScope: 0 },
  }
}

/** Holds what a warehouse has of every product against what was truly traded. */
export async function judgeTrades(at: TradeCase): Promise<TradeFindings> {
  const findings = noTrades()
  for (const instrument of await at.db.selectFrom('instruments').selectAll().execute()) {
    const venue = TRADING_VENUES.find((id) => id === instrument.venue)
    if (venue === undefined) continue
    const scope = await scopeOf(at.db, instrument)
    if (scope === null) continue
    const { fromUs, toUs } = scope
    const span = { venue, product: instrument.symbol, fromUs }
    const all = [...at.sim.truth(span)]
    const made = new Map(
      all.filter((trade) => trade.time_us < toUs).map((trade) => [trade.trade_id, trade]),
    )
    findings.outOfScope += all.length - made.size
    const rows = await at.db
      .selectFrom('silver_trades')
      .selectAll()
      .where('instrument_id', '=', instrument.instrument_id)
      .where('tape_id', '=', 0)
      .where('event_time_us', '>=', fromUs)
      .where('event_time_us', '<', toUs)
      .execute()
    const holes = at.holes.filter((hole) => hole.instrumentId === instrument.instrument_id)
    const product: Product = { at, instrument, made, rows, holes, ...ownership(rows) }
    countHeld(product, findings)
    countLost(product, findings)
    countUndelivered(product, findings)
    countSkipped(product, findings)
  }
  return findings
}

interface Product {
  readonly at: TradeCase
  readonly instrument: InstrumentRow
  readonly made: ReadonlyMap<number, TruthTrade>
  readonly rows: readonly TradeRow[]
  readonly holes: readonly Hole[]
  /** The row that stands for each held id. */
  readonly owner: ReadonlyMap<number, TradeRow>
  /** Ids that a second row stands for. */
  readonly twice: number
}

const nameOf = ({ instrument }: Product, id: number) =>
  `${instrument.venue} ${instrument.symbol} ${id}`

/**
 * Returns the time that the run answers for: from the first subscription's minute on, until the
 * venue refused the product for good; `null` where it was never subscribed.
 */
export async function scopeOf(db: Kysely<Schema>, { instrument_id: id }: InstrumentRow) {
  const row = await db
    .selectFrom('silver_scopes')
    .selectAll()
    .where('instrument_id', '=', id)
    .where('cause', '=', 'live')
    .executeTakeFirst()
  if (row === undefined) return null
  // Only a product that the venue refuses leaves the scope, and all others run until the end.
  const endUs = row.unsubscribed_us ?? 0
  const isOver = endUs > (row.subscribed_us ?? 0)
  return { fromUs: row.from_us, toUs: isOver ? endUs : Number.POSITIVE_INFINITY }
}

function ownership(rows: readonly TradeRow[]): Pick<Product, 'owner' | 'twice'> {
  const owner = new Map<number, TradeRow>()
  let twice = 0
  for (const row of rows) {
    for (let id = row.trade_id; id <= (row.last_id ?? row.trade_id); id += 1) {
      if (owner.has(id)) twice += 1
      owner.set(id, row)
    }
  }
  return { owner, twice }
}

function countHeld(product: Product, findings: TradeFindings): void {
  const { rows, made, owner, twice, at } = product
  const { same } = compareTrades(rows, made)
  let known = 0
  for (const id of owner.keys()) {
    if (made.has(id)) known += 1
    else if (findings.invented < 10) at.note(`${nameOf(product, id)} was never made`)
  }
  findings.made += made.size
  findings.held += same
  findings.duplicated += twice
  findings.invented += owner.size - known
  findings.different += Math.max(0, known - same)
  if (twice > 0) at.note(`${nameOf(product, 0)}: ${twice} trades are held twice`)
  if (known > same) at.note(`${nameOf(product, 0)}: ${known - same} trades are not as made`)
}

/** The hole in which a trade that is not held is listed. */
function listedIn({ holes }: Product, trade: TruthTrade): Hole | undefined {
  const { trade_id: id, time_us: timeUs } = trade
  return holes.find((hole) => {
    if (hole.verdict === 'repaired' || hole.verdict === 'proven_empty') return false
    if (hole.lastId === null) return hole.fromUs <= timeUs && timeUs < hole.toUs
    return (hole.firstId ?? 0) <= id && id <= hole.lastId && timeUs >= hole.fromUs - 1000
  })
}

function countLost(product: Product, findings: TradeFindings): void {
  const { at, made, owner } = product
  for (const [id, trade] of made) {
    if (owner.has(id)) continue
    const hole = listedIn(product, trade)
    if (hole === undefined) {
      findings.lostSilently += 1
      at.note(`${nameOf(product, id)} of ${trade.time} is lost, and no hole lists it`)
      continue
    }
    findings.listed += 1
    if (hole.verdict === 'never_existed') findings.hiddenAsNever += 1
  }
}

function countUndelivered(product: Product, findings: TradeFindings): void {
  const { at, instrument, made, owner } = product
  const ranges = at.sim.undelivered(instrument.venue as (typeof TRADING_VENUES)[number])
  const hidden = hiddenIds(at.sim.faults, instrument)
  for (const [firstId, lastId] of ranges[instrument.symbol] ?? []) {
    let wanted = 0
    let missed = 0
    for (let id = firstId; id <= lastId; id += 1) {
      const trade = made.get(id)
      if (trade === undefined) continue
      wanted += 1
      const row = owner.get(id)
      if (!hidden.has(id)) findings.reachable += 1
      if (row !== undefined) {
        // Nearly always from REST: but a spoilt frame may repeat a true trade that was lost.
        if (!hidden.has(id)) findings.repaired += 1
      } else if (listedIn(product, trade) === undefined) missed += 1
    }
    findings.undelivered += wanted
    findings.detected += wanted - missed
    if (wanted === 0) continue
    findings.holes += 1
    if (missed === 0) findings.holesDetected += 1
  }
}

/** Ids that were skipped show as a hole only once there is a trade behind them. */
function countSkipped(product: Product, findings: TradeFindings): void {
  const { at, instrument, made, holes } = product
  const greatest = [...made.keys()].at(-1) ?? 0
  const least = made.keys().next().value ?? Number.POSITIVE_INFINITY
  for (const { kind, venue, product: symbol, ids } of at.sim.faults) {
    if (kind !== 'never' || venue !== instrument.venue || symbol !== instrument.symbol) continue
    for (const [first, last] of ids) {
      if (last > greatest || first < least) continue
      findings.skipped += last - first + 1
      const isListed = holes.some(
        ({ firstId, lastId }) => (firstId ?? 0) <= first && lastId !== null && last <= lastId,
      )
      if (isListed) findings.skippedListed += last - first + 1
      else at.note(`${nameOf(product, first)} to ${last} was skipped, and no hole lists it`)
    }
  }
}
