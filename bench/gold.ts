import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type RawBuilder, sql } from 'kysely'
import { assert } from '../src/core/assert.ts'
import { systemClock } from '../src/core/clock.ts'
import { createRandom, type Random } from '../src/core/random.ts'
import { foldSpan } from '../src/gold/candle-spans.ts'
import { type GoldInterval, intervalBelow, LADDER } from '../src/gold/fold-buckets.ts'
import { INTERVALS, MINUTE_US } from '../src/market/bucket.ts'
import { createDecimal, decimalText } from '../src/market/decimal.ts'
import {
  type GoldCandleRow,
  type MinuteRow,
  openWarehouse,
  type Warehouse,
} from '../src/warehouse/index.ts'
import { floatStep, goldStep } from './gold-sql.ts'
import { answerJob } from './job.ts'

/** Days of minutes to be folded into all larger intervals, over and over. */
export interface GoldTask {
  readonly folder: string
  readonly seed: number
  readonly instruments: number
  readonly rounds: number
}

/** How it went: minutes a second of processor time, one figure a round. */
export interface GoldResult {
  readonly minutes: number
  readonly candles: number
  readonly fold: readonly number[]
  /** The same rows by SQL, decimals added up exactly. */
  readonly sql: readonly number[]
  /** By SQL over floats: not the same rows. */
  readonly floats: readonly number[]
  /** Folding all again where nothing changed. */
  readonly again: readonly number[]
}

const DAY_US = INTERVALS['1d']
const DAY_START_US = 20_000 * DAY_US
const SPAN = { fromUs: DAY_START_US, toUs: DAY_START_US + DAY_US }
const RUNGS = LADDER.filter((interval): interval is GoldInterval => interval !== '1m')
const WARM_ROUNDS = 1

async function measureGold(task: GoldTask): Promise<GoldResult> {
  const folder = mkdtempSync(join(task.folder, 'gold-'))
  const url = `sqlite:${folder}`
  await using warehouse = await openWarehouse({ url, mode: 'write', clock: systemClock })
  await fill(warehouse, task)
  const minutes = task.instruments * (DAY_US / MINUTE_US)
  const rates = { fold: [] as number[], sql: [] as number[], floats: [] as number[] }
  const again: number[] = []
  let candles = 0
  const time = async (into: number[], round: number, work: () => Promise<unknown>) => {
    const { user, system } = process.threadCpuUsage()
    await work()
    const now = process.threadCpuUsage()
    if (round >= 0) into.push((minutes / (now.user + now.system - user - system)) * 1e6)
  }
  for (let round = -WARM_ROUNDS; round < task.rounds; round += 1) {
    await clear(warehouse)
    await time(rates.fold, round, () => foldAll(warehouse))
    const ours = await rowsOf(warehouse)
    await time(again, round, () => foldAll(warehouse))
    await clear(warehouse)
    await time(rates.sql, round, () => byStatements(warehouse, goldStep))
    const theirs = await rowsOf(warehouse)
    assert(JSON.stringify(ours) === JSON.stringify(theirs), 'SQL makes the very same candles')
    candles = ours.length
    await clear(warehouse)
    await time(rates.floats, round, () => byStatements(warehouse, floatStep))
  }
  rmSync(folder, { recursive: true })
  return { minutes, candles, ...rates, again }
}

async function foldAll(warehouse: Warehouse): Promise<void> {
  for (const interval of RUNGS) await foldSpan(warehouse, { interval, ...SPAN })
}

/** One statement an interval, each in a transaction of its own. */
async function byStatements(
  warehouse: Warehouse,
  stepOf: (step: {
    fromUs: number
    toUs: number
    widthUs: number
    partUs: number
  }) => RawBuilder<unknown>,
): Promise<void> {
  for (const interval of RUNGS) {
    const widthUs = INTERVALS[interval]
    const partUs = INTERVALS[intervalBelow(interval)]
    await warehouse.write((tx) => stepOf({ ...SPAN, widthUs, partUs }).execute(tx.db))
  }
}

async function clear(warehouse: Warehouse): Promise<void> {
  await warehouse.write(async (tx) => {
    await tx.db.deleteFrom('gold_candles').execute()
    await sql`drop table if exists temp.float_candles`.execute(tx.db)
    await sql`create temp table float_candles (instrument_id integer, interval_us integer,
      open_time_us integer, open real, high real, low real, close real, volume real,
      notional real, taker_buy_volume real, trade_count integer, status text, complete integer,
      repaired integer, minutes_traded integer, minutes_known integer,
      primary key (instrument_id, interval_us, open_time_us)) without rowid`.execute(tx.db)
  })
}

async function rowsOf(warehouse: Warehouse): Promise<Omit<GoldCandleRow, 'change_seq'>[]> {
  const rows = await warehouse.read((db) =>
    db
      .selectFrom('gold_candles')
      .selectAll()
      .orderBy('instrument_id')
      .orderBy('interval_us')
      .orderBy('open_time_us')
      .execute(),
  )
  return rows.map((row) => ({ ...row, change_seq: 0 }))
}

async function fill(warehouse: Warehouse, { instruments, seed }: GoldTask): Promise<void> {
  const random = createRandom(seed)
  for (let id = 1; id <= instruments; id += 1) {
    await warehouse.write(async (tx) => {
      const symbol = `C${String(id).padStart(3, '0')}-USD`
      await tx.upsert('instruments', [instrumentRow(id, symbol)])
      const rows: MinuteRow[] = []
      for (let at = SPAN.fromUs; at < SPAN.toUs; at += MINUTE_US) {
        rows.push(minuteRow(id, at, random))
      }
      await tx.upsert('silver_candles_1m', rows)
    })
  }
}

function instrumentRow(id: number, symbol: string) {
  return {
    instrument_id: id,
    venue: 'coinbase',
    symbol,
    listed_from_us: 0,
    delisted_us: null,
    kind: 'spot' as const,
    base: symbol.slice(0, 4),
    quote: 'USD',
    multiplier: 1,
    price_step: '0.01',
    size_step: null,
    listing_us: 0,
  }
}

/** A minute as busy and as many digits long as a venue's; one in ten is quiet. */
function minuteRow(id: number, openUs: number, random: Random): MinuteRow {
  const quiet = random.next() < 0.1
  const price = (cents: number) => (quiet ? null : decimalText(createDecimal(BigInt(cents), 2)))
  const cents = random.int(5_000_000, 6_000_000)
  const size = quiet ? 0 : random.int(1, 2_000_000_000)
  return {
    instrument_id: id,
    open_time_us: openUs,
    open: price(cents),
    high: price(cents + 5000),
    low: price(cents - 5000),
    close: price(cents + random.int(-5000, 5000)),
    volume: decimalText(createDecimal(BigInt(size), 8)),
    notional: decimalText(createDecimal(BigInt(size) * BigInt(cents), 10)),
    taker_buy_volume: decimalText(createDecimal(BigInt(size >> 1), 8)),
    trade_count: quiet ? 0 : random.int(1, 500),
    tape_id: 0,
    first_trade_us: quiet ? null : openUs,
    first_trade_id: quiet ? null : 1,
    last_trade_us: quiet ? null : openUs,
    last_trade_id: quiet ? null : 1,
    min_id: quiet ? null : 1,
    max_id: quiet ? null : 1,
    other_count: 0,
    source: 'trades',
    status: quiet ? 'no_trades' : 'traded',
    complete: 1,
    repaired: 0,
    revision: 0,
    change_seq: 1,
  }
}

await answerJob(measureGold)
