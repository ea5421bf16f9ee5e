import type { Kysely } from 'kysely'
import type { Simulator, TruthCandle, TruthTrade } from '../../../sim/index.ts'
import { SIDES } from '../../market/trade.ts'
import { listHoles } from '../../silver/holes.ts'
import {
  type ExactMinuteRow,
  type InstrumentRow,
  openWarehouse,
  type Schema,
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

/** Holds every trade and every minute in scope against the simulator's own account. */
export async function proveDemo(context: Context, sim: Simulator): Promise<DemoProof> {
  const url = storeOf(context.dataDir)
  await using warehouse = await openWarehouse({ url, mode: 'read', clock: context.clock })
  return await warehouse.read(async (db) => {
    const holes = (await listHoles(db)).filter(
      (hole) => hole.attempts > 0 || hole.verdict === 'open',
    )
    const healed = holes.filter((hole) => hole.verdict === 'repaired').length
    const totals = { trades: 0, lost: 0, duplicated: 0, candles: 0, candles_equal: 0 }
    for (const instrument of await db.selectFrom('instruments').selectAll().execute()) {
      const found = await proveInstrument(db, instrument, sim)
      for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += found[name]
    }
    const gaps = { gaps_found: holes.length, gaps_healed: healed }
    return { ...totals, ...gaps, gaps_open: holes.length - healed }
  })
}

type Found = Pick<DemoProof, 'trades' | 'lost' | 'duplicated' | 'candles' | 'candles_equal'>

async function proveInstrument(
  db: Kysely<Schema>,
  instrument: InstrumentRow,
  sim: Simulator,
): Promise<Found> {
  const scope = await db
    .selectFrom('silver_scopes')
    .select((eb) => eb.fn.min('from_us').as('fromUs'))
    .where('instrument_id', '=', instrument.instrument_id)
    .executeTakeFirst()
  const fromUs = scope?.fromUs ?? null
  if (fromUs === null) return { trades: 0, lost: 0, duplicated: 0, candles: 0, candles_equal: 0 }
  const span = { product: instrument.symbol, fromUs }
  const made = new Map([...sim.truth(span)].map((trade) => [trade.trade_id, trade]))
  const held = await db
    .selectFrom('silver_trades')
    .selectAll()
    .where('instrument_id', '=', instrument.instrument_id)
    .where('tape_id', '=', 0)
    .where('event_time_us', '>=', fromUs)
    .execute()
  let same = 0
  for (const row of held) {
    const truth = made.get(row.trade_id)
    if (truth !== undefined && textOf(truth) === heldText(row)) same += 1
  }
  const minutes = await db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .selectAll()
    .where('instrument_id', '=', instrument.instrument_id)
    .where('open_time_us', '>=', fromUs)
    .execute()
  const truths = new Map(sim.truthCandles(span).map((candle) => [candle.open_time_us, candle]))
  const counted = minutes.reduce((sum, minute) => sum + (minute.trade_count ?? 0), 0)
  return {
    trades: held.length,
    lost: made.size - same,
    duplicated: held.length - same + Math.max(0, counted - held.length),
    candles: minutes.length,
    candles_equal: minutes.filter((minute) => isEqual(minute, truths.get(minute.open_time_us)))
      .length,
  }
}

function textOf(trade: TruthTrade): string {
  return JSON.stringify([trade.time_us, trade.price, trade.size, trade.side])
}

function heldText(row: {
  event_time_us: number
  price: string
  size: string
  side: number
}): string {
  return JSON.stringify([row.event_time_us, row.price, row.size, SIDES[row.side]])
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
