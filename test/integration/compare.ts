import type { Kysely } from 'kysely'
import type { TruthCandle, TruthTrade } from '../../sim/index.ts'
import { SIDES } from '../../src/market/trade.ts'
import type {
  ExactMinuteRow,
  InstrumentRow,
  Schema,
  TradeRow,
  Views,
  Warehouse,
} from '../../src/warehouse/index.ts'
import type { SimProcess } from './cli-support.ts'

/** How a warehouse compares with what the simulator truly traded, in scope. */
export interface Comparison {
  readonly made: number
  readonly held: number
  /** Made and not held. */
  readonly lost: number
  /** Held and never made, or counted by a candle more often than held. */
  readonly duplicated: number
  /** Held otherwise than made: another time, price, size or side. */
  readonly different: number
  readonly minutes: number
  /** Minutes equal to the truth in every field; without a trade, those that say so. */
  readonly minutesEqual: number
  /** Minutes before the last that are not proven complete. */
  readonly minutesUnproven: number
  /** The first few of whatever is wrong. */
  readonly wrong: readonly string[]
}

type Tally = { -readonly [K in keyof Comparison]: Comparison[K] } & { wrong: string[] }

const ROWS = 10_000
const WRONG_MAX = 20

/** Compares every trade and every minute, as two streams, from the scope's first minute on. */
export async function compareWithTruth(warehouse: Warehouse, sim: SimProcess): Promise<Comparison> {
  const tally: Tally = {
    made: 0,
    held: 0,
    lost: 0,
    duplicated: 0,
    different: 0,
    minutes: 0,
    minutesEqual: 0,
    minutesUnproven: 0,
    wrong: [],
  }
  const instruments = await warehouse.read((db) =>
    db.selectFrom('instruments').selectAll().execute(),
  )
  for (const instrument of instruments) {
    const fromUs = await scopeStart(warehouse, instrument)
    if (fromUs === null) continue
    const from = { instrument, fromUs, query: `product=${instrument.symbol}&from=${fromUs}` }
    const held = await compareTrades(warehouse, sim, { ...from, tally })
    await compareMinutes(warehouse, sim, { ...from, tally, held })
  }
  return tally
}

interface Part {
  readonly instrument: InstrumentRow
  readonly fromUs: number
  readonly query: string
  readonly tally: Tally
}

function note(tally: Tally, what: string): void {
  if (tally.wrong.length < WRONG_MAX) tally.wrong.push(what)
}

async function scopeStart(warehouse: Warehouse, instrument: InstrumentRow): Promise<number | null> {
  const scope = await warehouse.read((db) =>
    db
      .selectFrom('silver_scopes')
      .select((eb) => eb.fn.min('from_us').as('fromUs'))
      .where('instrument_id', '=', instrument.instrument_id)
      .executeTakeFirst(),
  )
  return scope?.fromUs ?? null
}

async function compareTrades(warehouse: Warehouse, sim: SimProcess, part: Part): Promise<number> {
  const { instrument, tally } = part
  const trades = heldTrades(warehouse, part)
  const before = tally.held
  let held = await trades.next()
  const pass = async () => {
    tally.held += 1
    held = await trades.next()
  }
  for await (const truth of sim.lines<TruthTrade>(`truth?${part.query}`)) {
    tally.made += 1
    while (!held.done && held.value.trade_id < truth.trade_id) {
      tally.duplicated += 1
      note(tally, `${instrument.symbol} ${held.value.trade_id} was never made`)
      await pass()
    }
    if (held.done || held.value.trade_id > truth.trade_id) {
      tally.lost += 1
      note(tally, `${instrument.symbol} ${truth.trade_id} of ${truth.time} is lost`)
      continue
    }
    if (textOf(held.value) !== textOfTruth(truth)) {
      tally.different += 1
      note(tally, `${instrument.symbol} ${truth.trade_id}: ${textOf(held.value)}`)
    }
    await pass()
  }
  for (; !held.done; await pass()) tally.duplicated += 1
  return tally.held - before
}

async function* heldTrades(warehouse: Warehouse, part: Part): AsyncGenerator<TradeRow> {
  let after = -1
  for (;;) {
    const rows = await warehouse.read((db) => tradesAfter(db, part, after))
    yield* rows
    if (rows.length < ROWS) return
    after = (rows.at(-1) as TradeRow).trade_id
  }
}

function tradesAfter(db: Kysely<Schema>, part: Part, tradeId: number): Promise<TradeRow[]> {
  return db
    .selectFrom('silver_trades')
    .selectAll()
    .where('instrument_id', '=', part.instrument.instrument_id)
    .where('tape_id', '=', 0)
    .where('trade_id', '>', tradeId)
    .where('event_time_us', '>=', part.fromUs)
    .orderBy('trade_id')
    .limit(ROWS)
    .execute()
}

function textOf(row: TradeRow): string {
  return `${row.event_time_us} ${row.price} ${row.size} ${SIDES[row.side]}`
}

function textOfTruth(truth: TruthTrade): string {
  return `${truth.time_us} ${truth.price} ${truth.size} ${truth.side}`
}

async function compareMinutes(
  warehouse: Warehouse,
  sim: SimProcess,
  part: Part & { readonly held: number },
): Promise<void> {
  const { instrument, fromUs, tally } = part
  const rows = await warehouse.read((db) =>
    db
      .withTables<Views>()
      .selectFrom('candles_1m_exact')
      .selectAll()
      .where('instrument_id', '=', instrument.instrument_id)
      .where('open_time_us', '>=', fromUs)
      .orderBy('open_time_us')
      .execute(),
  )
  const truths = new Map<number, TruthCandle>()
  for await (const truth of sim.lines<TruthCandle>(`truth/candles?${part.query}`)) {
    truths.set(truth.open_time_us, truth)
  }
  const counted = rows.reduce((sum, row) => sum + (row.trade_count ?? 0), 0)
  tally.duplicated += Math.max(0, counted - part.held)
  for (const [at, row] of rows.entries()) {
    const isLast = at === rows.length - 1
    const truth = truths.get(row.open_time_us)
    truths.delete(row.open_time_us)
    // The minute still running when all was stopped is proven by nobody.
    if (isLast && truth === undefined && row.trade_count === 0) continue
    tally.minutes += 1
    if (isEqual(row, truth)) tally.minutesEqual += 1
    else note(tally, `${instrument.symbol} ${JSON.stringify(row)} is not ${JSON.stringify(truth)}`)
    if (isLast || row.complete === 1) continue
    tally.minutesUnproven += 1
    note(tally, `${instrument.symbol} minute ${row.open_time_us} is not proven complete`)
  }
  tally.minutes += truths.size
  for (const truth of truths.values()) note(tally, `no candle for ${JSON.stringify(truth)}`)
}

function isEqual(row: ExactMinuteRow, truth: TruthCandle | undefined): boolean {
  if (truth === undefined) return row.status === 'no_trades'
  return (
    row.status === 'traded' &&
    row.open === truth.open &&
    row.high === truth.high &&
    row.low === truth.low &&
    row.close === truth.close &&
    row.volume === truth.volume &&
    row.notional === truth.notional &&
    row.taker_buy_volume === truth.taker_buy_volume &&
    row.trade_count === truth.trade_count
  )
}
