import type { Kysely } from 'kysely'
import type { Simulator, TruthCandle, TruthTrade } from '../../../sim/index.ts'
import { addDecimal, decimalText, parseDecimal } from '../../market/decimal.ts'
import { SIDES } from '../../market/trade.ts'
import { listHoles } from '../../silver/holes.ts'
import {
  type ExactMinuteRow,
  type InstrumentRow,
  openWarehouse,
  type Schema,
  type TradeRow,
  type Views,
} from '../../warehouse/index.ts'
import type { Context } from '../context.ts'
import { storeOf } from './play.ts'

/** What the demo found when it held the warehouse against what the simulator truly traded. */
export interface DemoProof {
  /** Trades held of the time answered for. */
  readonly trades: number
  /** Trades made and not held; held otherwise than made counts too. */
  readonly lost: number
  /** Trades held or counted more often than made. */
  readonly duplicated: number
  readonly gaps_found: number
  readonly gaps_healed: number
  readonly gaps_open: number
  /** One-minute candles of the time answered for, and those equal to the truth in every field. */
  readonly candles: number
  readonly candles_equal: number
}

/** What is asked of the simulator: the truth. */
export type DemoTruth = Pick<Simulator, 'venues' | 'truth' | 'truthCandles'>

/** Holds every trade and every minute in scope against the simulator's own account. */
export async function proveDemo(
  context: Pick<Context, 'dataDir' | 'clock'>,
  sim: DemoTruth,
): Promise<DemoProof> {
  const url = storeOf(context.dataDir)
  await using warehouse = await openWarehouse({ url, mode: 'read', clock: context.clock })
  return await warehouse.read(async (db) => {
    const holes = (await listHoles(db)).filter(
      (hole) => hole.attempts > 0 || hole.verdict === 'open',
    )
    // What REST proved to hold nothing is settled too; what it hid would be counted as lost.
    const left = holes.filter(({ verdict }) => verdict === 'open' || verdict === 'unrecoverable')
    const totals = { trades: 0, lost: 0, duplicated: 0, candles: 0, candles_equal: 0 }
    for (const instrument of await db.selectFrom('instruments').selectAll().execute()) {
      const found = await proveInstrument(db, instrument, sim)
      for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += found[name]
    }
    const gaps = { gaps_found: holes.length, gaps_healed: holes.length - left.length }
    return { ...totals, ...gaps, gaps_open: left.length }
  })
}

type Found = Pick<DemoProof, 'trades' | 'lost' | 'duplicated' | 'candles' | 'candles_equal'>

async function proveInstrument(
  db: Kysely<Schema>,
  instrument: InstrumentRow,
  sim: DemoTruth,
): Promise<Found> {
  const venue = sim.venues.find((id) => id === instrument.venue)
  const scopes = await db
    .selectFrom('silver_scopes')
    .select(['from_us', 'to_us'])
    .where('instrument_id', '=', instrument.instrument_id)
    .execute()
  if (scopes.length === 0 || venue === undefined) return NOTHING
  const isAnswered = (timeUs: number) =>
    scopes.some((scope) => scope.from_us <= timeUs && timeUs < scope.to_us)
  const span = {
    venue,
    product: instrument.symbol,
    fromUs: Math.min(...scopes.map((scope) => scope.from_us)),
  }
  const made = new Map<number, TruthTrade>()
  for (const trade of sim.truth(span)) {
    if (isAnswered(trade.time_us)) made.set(trade.trade_id, trade)
  }
  const stored = await db
    .selectFrom('silver_trades')
    .selectAll()
    .where('instrument_id', '=', instrument.instrument_id)
    .where('tape_id', '=', 0)
    .where('event_time_us', '>=', span.fromUs)
    .execute()
  const held = stored.filter((row) => isAnswered(row.event_time_us))
  const { trades, same } = compareTrades(held, made)
  const all = await db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .selectAll()
    .where('instrument_id', '=', instrument.instrument_id)
    .where('open_time_us', '>=', span.fromUs)
    .execute()
  // Where fetching history takes beyond the end of a minute, a minute lies between it and the live
  // part. The venue's own candle of it is shown as well; nobody answers for it.
  const minutes = all.filter((minute) => isAnswered(minute.open_time_us))
  const truths = sim.truthCandles(span).filter((truth) => isAnswered(truth.open_time_us))
  const counted = minutes.reduce((sum, minute) => sum + (minute.trade_count ?? 0), 0)
  return {
    trades,
    lost: made.size - same,
    duplicated: trades - same + Math.max(0, counted - trades),
    ...compareMinutes(minutes, truths),
  }
}

const NOTHING: Found = { trades: 0, lost: 0, duplicated: 0, candles: 0, candles_equal: 0 }

/**
 * Counts the trades that stored rows stand for, and those that are just as they were made: each
 * once, and an aggregate of the same price, side and time as all of its trades, and their sum.
 */
export function compareTrades(
  held: readonly TradeRow[],
  made: ReadonlyMap<number, TruthTrade>,
): { readonly trades: number; readonly same: number } {
  const seen = new Set<number>()
  let trades = 0
  let same = 0
  for (const row of held) {
    const lastId = row.last_id ?? row.trade_id
    trades += lastId - row.trade_id + 1
    const fills: TruthTrade[] = []
    for (let id = row.trade_id; id <= lastId; id += 1) {
      const fill = made.get(id)
      if (fill !== undefined && !seen.has(id)) fills.push(fill)
      seen.add(id)
    }
    if (fills.length === lastId - row.trade_id + 1 && isMadeOf(row, fills)) same += fills.length
  }
  return { trades, same }
}

function isMadeOf(row: TradeRow, fills: readonly TruthTrade[]): boolean {
  const size = fills.map((fill) => parseDecimal(fill.size)!).reduce(addDecimal)
  return (
    decimalText(size) === row.size &&
    fills.every((fill) => {
      const isThen = row.event_time_us === fill.time_us || row.event_time_us === wholeMs(fill)
      return isThen && fill.price === row.price && fill.side === SIDES[row.side]
    })
  )
}

/** A venue that tells whole milliseconds cuts the rest off. */
function wholeMs(fill: TruthTrade): number {
  return fill.time_us - (fill.time_us % 1000)
}

/** Counts minutes, those among them that traded and have no row, and those that are as made. */
function compareMinutes(
  minutes: readonly ExactMinuteRow[],
  truths: readonly TruthCandle[],
): Pick<Found, 'candles' | 'candles_equal'> {
  const made = new Map(truths.map((truth) => [truth.open_time_us, truth]))
  const equal = minutes.filter((minute) => isEqual(minute, made.get(minute.open_time_us)))
  for (const { open_time_us } of minutes) made.delete(open_time_us)
  return { candles: minutes.length + made.size, candles_equal: equal.length }
}

/** A minute without trades is right where the exchange made none. */
function isEqual(minute: ExactMinuteRow, truth: TruthCandle | undefined): boolean {
  if (truth === undefined) return minute.status !== 'traded' && minute.status !== 'unknown'
  return (
    minute.status === 'traded' &&
    minute.open === truth.open &&
    minute.high === truth.high &&
    minute.low === truth.low &&
    minute.close === truth.close &&
    minute.volume === truth.volume &&
    minute.notional === truth.notional &&
    minute.taker_buy_volume === truth.taker_buy_volume &&
    minute.trade_count === truth.trade_count
  )
}
