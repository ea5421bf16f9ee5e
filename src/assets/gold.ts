import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { ChangedSpans, FingerprintAt, Outcome, Partition } from '../flow/index.ts'
import { candlesFingerprint, foldSpan } from '../gold/candle-spans.ts'
import { changedHours } from '../gold/changes.ts'
import { coinDailyFingerprint, foldCoinDaily } from '../gold/coin-daily.ts'
import { dailyKpisFingerprint, foldDailyKpis } from '../gold/daily-kpis.ts'
import { type GoldInterval, LADDER } from '../gold/fold-buckets.ts'
import {
  BLOCK_BUCKETS,
  fingerprintCoinIndicators,
  fingerprintIndicators,
  foldCoinIndicators,
  foldIndicators,
} from '../gold/indicators/index.ts'
import { foldMarketDaily, marketDailyFingerprint } from '../gold/market-daily.ts'
import { MOVERS_REACH_US, topMoversFingerprint } from '../gold/mover-standings.ts'
import type { GoldOptions, GoldOutcome, GoldRun } from '../gold/run.ts'
import { foldTopMovers } from '../gold/top-movers.ts'
import { INTERVALS, type IntervalName } from '../market/bucket.ts'
import { readCutoffs, type Schema, type Table } from '../warehouse/index.ts'
import { AFTER_DAY, AFTER_HOUR, DEFAULTS, EACH_DAY, EACH_HOUR } from './defaults.ts'
import type { AssayAsset, AssayRun, AssayServices } from './services.ts'

/** How a measure of gold is made of a span, and what it is made of. */
interface Measure {
  readonly table: Table
  /** The column of its time, and which rows of the table are this asset's. */
  readonly time: string
  readonly intervals?: readonly IntervalName[]
  readonly at?: 'end'
  /** What it is made of. @default minutes */
  readonly of?: 'snapshots'
  readonly fold: (run: GoldRun, span: Partition, options: GoldOptions) => Promise<GoldOutcome>
  readonly fingerprint: (db: Kysely<Schema>, span: Partition) => Promise<string>
}

const HOURLY: readonly GoldInterval[] = ['5m', '15m', '30m', '1h']
const DAILY: readonly GoldInterval[] = ['4h', '1d']
const OF_HOURS: readonly IntervalName[] = ['1m', ...HOURLY]

/** What is derived from facts: each a function of facts and the part's bounds alone. */
export const GOLD_ASSETS: readonly AssayAsset[] = [
  ...HOURLY.map((interval) => candleAsset(interval, 'hourly')),
  ...DAILY.map((interval) => candleAsset(interval, 'daily')),
  {
    ...DEFAULTS,
    key: 'gold.daily_kpis',
    about: 'Volume, VWAP, trades, change, range and buy share of each instrument’s day.',
    partitions: 'daily',
    dependencies: ['gold.candles_1d'],
    schedules: EACH_DAY,
    freshnessSeconds: 7200,
    datasets: ['gold.daily_kpis'],
    ...made({
      table: 'gold_daily_kpis',
      time: 'day_us',
      fold: foldDailyKpis,
      fingerprint: dailyKpisFingerprint,
    }),
  },
  {
    ...DEFAULTS,
    key: 'gold.top_movers',
    about: 'The greatest gains, losses and turnovers of 24 hours, as of the hour’s end.',
    partitions: 'hourly',
    dependencies: ['silver.candles_1m'],
    schedules: AFTER_HOUR,
    freshnessSeconds: 7200,
    datasets: ['gold.top_movers'],
    changed: (db, since) => changedAfter(db, since, MOVERS_REACH_US),
    ...made({
      table: 'gold_top_movers',
      time: 'at_us',
      at: 'end',
      fold: foldTopMovers,
      fingerprint: topMoversFingerprint,
    }),
  },
  {
    ...DEFAULTS,
    key: 'gold.coin_daily',
    about: 'Average, least and greatest price of each coin over a day, of all polls.',
    partitions: 'daily',
    dependencies: ['silver.snapshots'],
    schedules: EACH_DAY,
    freshnessSeconds: 7200,
    datasets: ['gold.coin_daily'],
    ...made({
      table: 'gold_coin_daily',
      time: 'day_us',
      of: 'snapshots',
      fold: foldCoinDaily,
      fingerprint: coinDailyFingerprint,
    }),
  },
  {
    ...DEFAULTS,
    key: 'gold.market_daily',
    about: 'All coins together over a day: capitalisation, turnover, shares, rising and falling.',
    partitions: 'daily',
    dependencies: ['gold.coin_daily'],
    schedules: EACH_DAY,
    freshnessSeconds: 7200,
    datasets: ['gold.market_daily'],
    ...made({
      table: 'gold_market_daily',
      time: 'day_us',
      of: 'snapshots',
      fold: foldMarketDaily,
      fingerprint: marketDailyFingerprint,
    }),
  },
  {
    ...DEFAULTS,
    key: 'gold.indicators',
    about: 'Indicators of each instrument at every close of an hour, from one minute to one hour.',
    partitions: 'hourly',
    dependencies: ['silver.candles_1m', 'gold.candles_1h'],
    schedules: EACH_HOUR,
    freshnessSeconds: 7200,
    pool: 'gap',
    datasets: ['gold.indicators'],
    changed: (db, since) => changedAfter(db, since, 2 * BLOCK_BUCKETS * INTERVALS['1h']),
    ...made({
      table: 'gold_indicators',
      time: 'open_time_us',
      intervals: OF_HOURS,
      fold: (run, span, options) => foldIndicators(run, { ...span, intervals: OF_HOURS }, options),
      fingerprint: (db, span) => fingerprintIndicators(db, { ...span, intervals: OF_HOURS }),
    }),
  },
  {
    ...DEFAULTS,
    key: 'gold.indicators_daily',
    about: 'Indicators of each instrument at every close of four hours and a day, and of coins.',
    partitions: 'daily',
    dependencies: ['gold.candles_1d', 'gold.coin_daily'],
    schedules: AFTER_DAY,
    freshnessSeconds: 14_400,
    pool: 'gap',
    datasets: ['gold.indicators'],
    ...made({
      table: 'gold_indicators',
      time: 'open_time_us',
      intervals: DAILY,
      fold: foldDaily,
      fingerprint: async (db, span) => {
        const candles = await fingerprintIndicators(db, { ...span, intervals: DAILY })
        return `${candles} ${await fingerprintCoinIndicators(db, span)}`
      },
    }),
  },
]

function candleAsset(interval: GoldInterval, partitions: 'hourly' | 'daily'): AssayAsset {
  const below = LADDER[LADDER.indexOf(interval) - 1] as IntervalName
  const isHourly = partitions === 'hourly'
  return {
    ...DEFAULTS,
    key: `gold.candles_${interval}`,
    about: `Candles of ${interval}, folded from those of ${below}.`,
    partitions,
    dependencies: [below === '1m' ? 'silver.candles_1m' : `gold.candles_${below}`],
    schedules: isHourly ? EACH_HOUR : EACH_DAY,
    freshnessSeconds: isHourly ? 1800 : 7200,
    datasets: ['gold.candles'],
    ...made({
      table: 'gold_candles',
      time: 'open_time_us',
      intervals: [interval],
      fold: (run, span, options) => foldSpan(run, { ...span, interval }, options),
      fingerprint: (db, span) => candlesFingerprint(db, { ...span, interval }),
    }),
  }
}

/** What an asset of gold does, by its measure. */
function made(
  measure: Measure,
): Required<Pick<AssayAsset, 'fingerprint' | 'count' | 'expired' | 'materialize'>> {
  return {
    async expired({ db, partition }) {
      const { candles, snapshots } = await readCutoffs(db)
      const keptFromUs = measure.of === 'snapshots' ? snapshots : candles
      return partition.fromUs < keptFromUs ? 'what it is made of was let go by retention' : null
    },
    fingerprint: ({ db, partition }) => measure.fingerprint(db, partition),
    count: (at) => countRows(at, measure),
    async materialize(run: AssayRun): Promise<Outcome> {
      let instruments = 0
      const { rows, version } = await measure.fold(run, run.partition, {
        only: run.only,
        onItem(item, count) {
          instruments += 1
          run.item(item, { state: 'done', rows: count })
        },
      })
      const nothing = rows === 0 ? { skipped: 'there is nothing to make it from' } : {}
      return { rows, version, metadata: { rows, items: instruments }, ...nothing }
    },
  }
}

/** Counts the rows of a part that are there now. */
async function countRows(
  { db, partition }: FingerprintAt<AssayServices>,
  { table, time, intervals, at }: Measure,
): Promise<number> {
  const { fromUs, toUs } = partition
  const column = sql.ref(time)
  const within =
    at === 'end' ? sql`${column} = ${toUs}` : sql`${column} >= ${fromUs} and ${column} < ${toUs}`
  const widths = intervals?.map((interval) => INTERVALS[interval])
  const ofWidth = widths === undefined ? sql`` : sql` and interval_us in (${sql.join(widths)})`
  // Named one by one, each is a range of the key; at a time of all, the key begins with that.
  const keyed = HAS_INSTRUMENT.has(table)
    ? sql`instrument_id in (select instrument_id from instruments) and `
    : sql``
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${sql.table(table)}
    where ${keyed}${within}${ofWidth}`.execute(db)
  return rows[0]?.count ?? 0
}

const HAS_INSTRUMENT: ReadonlySet<Table> = new Set<Table>([
  'gold_candles',
  'gold_daily_kpis',
  'gold_coin_daily',
  'gold_indicators',
])

async function foldDaily(
  run: GoldRun,
  span: Partition,
  options: GoldOptions,
): Promise<GoldOutcome> {
  const candles = await foldIndicators(run, { ...span, intervals: DAILY }, options)
  const days = await foldCoinIndicators(run, span, options)
  const version = createHash('sha256').update(`${candles.version} ${days.version}`).digest('hex')
  return { rows: candles.rows + days.rows, version }
}

/** Returns the spans that changes of minutes can reach: their hours, and so long after them. */
async function changedAfter(
  db: Kysely<Schema>,
  sinceSeq: number,
  reachUs: number,
): Promise<ChangedSpans> {
  const { times, upTo } = await changedHours(db, sinceSeq)
  const spans = times.map((fromUs) => ({ fromUs, toUs: fromUs + INTERVALS['1h'] + reachUs }))
  return { spans, upTo }
}
