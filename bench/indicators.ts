import { assert } from '../src/core/assert.ts'
import { systemClock } from '../src/core/clock.ts'
import { createRandom } from '../src/core/random.ts'
import { fingerprintIndicators, foldIndicators, lookBack } from '../src/gold/indicators/index.ts'
import { INTERVALS, type IntervalName } from '../src/market/bucket.ts'
import { openWarehouse, type Schema, type Warehouse } from '../src/warehouse/index.ts'
import { goldCandleRow, instrumentRow, minuteRow } from '../test/contract/warehouse/rows.ts'
import { answerJob } from './job.ts'

/** One hour of indicators of some instruments, folded over and over. */
export interface IndicatorsTask {
  readonly folder: string
  readonly instruments: number
  readonly rounds: number
  readonly seed: number
}

/** How it went. */
export interface IndicatorsResult {
  /** Candles held, and rows folded of them. */
  readonly candles: number
  readonly rows: number
  /** Milliseconds of processor time of the first fold, which writes every row. */
  readonly firstMs: number
  /** Of each further one, which finds that every row is stored already. */
  readonly againMs: readonly number[]
  readonly fingerprintMs: readonly number[]
}

const NAMES: readonly IntervalName[] = ['1m', '5m', '15m', '30m', '1h']
const HOUR_US = INTERVALS['1h']

/** An hour late in a block of minutes, so that it looks back as far as any does. */
const FROM_US = Math.floor((54_688 * 512 + 451) / 60) * HOUR_US

async function measureIndicators(task: IndicatorsTask): Promise<IndicatorsResult> {
  const url = `sqlite:${task.folder}`
  await using warehouse = await openWarehouse({ url, mode: 'write', clock: systemClock })
  const candles = await fill(warehouse, task)
  const span = { intervals: NAMES, fromUs: FROM_US, toUs: FROM_US + HOUR_US }
  const timed = async <T>(work: () => Promise<T>): Promise<readonly [T, number]> => {
    const { user, system } = process.threadCpuUsage()
    const done = await work()
    const now = process.threadCpuUsage()
    return [done, (now.user + now.system - user - system) / 1000]
  }
  const [first, firstMs] = await timed(() => foldIndicators(warehouse, span))
  assert(first.rows === task.instruments * (60 + 12 + 4 + 2 + 1), 'every candle has its row')
  const againMs: number[] = []
  const fingerprintMs: number[] = []
  for (let round = 0; round < task.rounds; round += 1) {
    const [again, ms] = await timed(() => foldIndicators(warehouse, span))
    assert(again.version === first.version, 'a fold is what it was')
    againMs.push(ms)
    const look = () => warehouse.read((db) => fingerprintIndicators(db, span))
    fingerprintMs.push((await timed(look))[1])
  }
  return { candles, rows: first.rows, firstMs, againMs, fingerprintMs }
}

/** Stores what the hour looks back on, and returns how many candles that is. */
async function fill(warehouse: Warehouse, task: IndicatorsTask): Promise<number> {
  const random = createRandom(task.seed)
  const ids = Array.from({ length: task.instruments }, (_, index) => index + 1)
  const listed = ids.map((id) => instrumentRow({ instrument_id: id, symbol: `COIN${id}-USD` }))
  await warehouse.write((tx) => tx.upsert('instruments', listed))
  let candles = 0
  for (const interval of NAMES) {
    const opens = opensOf(interval)
    for (const id of ids) {
      let price = 6_000_000
      const rows = opens.map((openUs) => {
        const open = price
        price += random.int(-2000, 2000)
        const [low, high] = [Math.min(open, price) - 500, Math.max(open, price) + 500]
        return candleOf(id, openUs, [open, high, low, price])
      })
      await store(warehouse, interval, rows)
      candles += rows.length
    }
  }
  return candles
}

/** A candle of ordinary length, in hundredths. */
function candleOf(instrumentId: number, openUs: number, prices: readonly number[]) {
  const [open, high, low, close] = prices.map((price) => (price / 100).toFixed(2))
  return {
    instrument_id: instrumentId,
    open_time_us: openUs,
    ...{ open, high, low, close },
    volume: '12.34567891',
    notional: '740123.4567891234',
    taker_buy_volume: '6.12345678',
    trade_count: 120,
  }
}

async function store(
  warehouse: Warehouse,
  interval: IntervalName,
  rows: readonly Partial<Schema['gold_candles']>[],
): Promise<void> {
  const interval_us = INTERVALS[interval]
  await warehouse.write((tx) =>
    interval === '1m'
      ? tx.upsert(
          'silver_candles_1m',
          rows.map((row) => minuteRow(row as Partial<Schema['silver_candles_1m']>)),
        )
      : tx.upsert(
          'gold_candles',
          rows.map((row) => goldCandleRow({ ...row, interval_us })),
        ),
  )
}

function opensOf(interval: IntervalName): number[] {
  const widthUs = INTERVALS[interval]
  return lookBack(interval, FROM_US, FROM_US + HOUR_US).flatMap(({ fromUs, toUs }) =>
    Array.from({ length: Math.floor((toUs - fromUs) / widthUs) }, (_, at) => fromUs + at * widthUs),
  )
}

await answerJob(measureIndicators)
