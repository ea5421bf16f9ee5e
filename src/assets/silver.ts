import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { durablePositions } from '../bronze/index.ts'
import type { ChangedSpans, FingerprintAt, Outcome } from '../flow/index.ts'
import { changedDays, changedHours } from '../gold/changes.ts'
import { fingerprintOf, type KeyedByTime, MINUTES, SNAPSHOTS } from '../gold/ranges.ts'
import { formatTimeUs, INTERVALS } from '../market/bucket.ts'
import { logsBehind } from '../silver/refined.ts'
import type { Schema } from '../warehouse/index.ts'
import { AFTER_HOUR, DEFAULTS, EACH_DAY, EACH_HOUR } from './defaults.ts'
import { readHour } from './hours.ts'
import {
  type AssayAsset,
  type AssayRun,
  type AssayServices,
  checkOf,
  digestOf,
} from './services.ts'

/** Facts, which the refiner makes: here they are brought up to date, proven and counted. */
export const SILVER_ASSETS: readonly AssayAsset[] = [
  {
    ...DEFAULTS,
    key: 'silver.trades',
    about: 'Every trade of an hour that reached the log, merged, and proven to be held once.',
    partitions: 'hourly',
    dependencies: ['bronze.records'],
    schedules: EACH_HOUR,
    freshnessSeconds: 900,
    datasets: [
      ...['silver.trades', 'silver.coverage', 'silver.quarantine', 'silver.tapes'],
      ...['silver.rivals', 'silver.scopes', 'silver.witnesses'],
    ],
    checks: ['exactly_once'],
    fingerprint: (at) => factsFingerprint(at, MINUTES),
    changed: changedMinutes,
    materialize: proveTrades,
  },
  {
    ...DEFAULTS,
    key: 'silver.candles_1m',
    about: 'The one-minute candles of an hour, with what is missing in them.',
    partitions: 'hourly',
    dependencies: ['silver.trades', 'bronze.fill'],
    schedules: [{ cron: '*/5 * * * *', part: 'current' }, ...AFTER_HOUR],
    freshnessSeconds: 900,
    datasets: ['silver.candles_1m', 'silver.venue_candles', 'silver.outages'],
    checks: ['no_missing_minutes'],
    fingerprint: (at) => factsFingerprint(at, MINUTES),
    changed: changedMinutes,
    materialize: checkMinutes,
  },
  {
    ...DEFAULTS,
    key: 'silver.snapshots',
    about: 'What the aggregator said of every coin over a day.',
    partitions: 'daily',
    dependencies: ['bronze.snapshots'],
    schedules: EACH_DAY,
    freshnessSeconds: 7200,
    datasets: ['silver.snapshots', 'silver.ohlc'],
    fingerprint: (at) => factsFingerprint(at, [SNAPSHOTS]),
    changed: changedSnapshots,
    materialize: countSnapshots,
  },
]

/**
 * Changes with the rows of facts, and while any log holds records that are not refined yet: these
 * may be of any time.
 */
async function factsFingerprint(
  { db, partition, services }: FingerprintAt<AssayServices>,
  rows: readonly KeyedByTime[],
): Promise<string> {
  const durable = durablePositions(services.dataDir)
  const behind = (await logsBehind(db, durable)).map((name) => `${name}:${durable.get(name)}`)
  return [await fingerprintOf(db, rows, partition), ...behind].join(' ')
}

/** The hours whose minutes changed. */
async function changedMinutes(db: Kysely<Schema>, sinceSeq: number): Promise<ChangedSpans> {
  const { times, upTo } = await changedHours(db, sinceSeq)
  return { spans: times.map((fromUs) => ({ fromUs, toUs: fromUs + INTERVALS['1h'] })), upTo }
}

/** The days whose snapshots changed. */
async function changedSnapshots(db: Kysely<Schema>, sinceSeq: number): Promise<ChangedSpans> {
  const { times, upTo } = await changedDays(db, sinceSeq)
  return { spans: times.map((fromUs) => ({ fromUs, toUs: fromUs + INTERVALS['1d'] })), upTo }
}

async function proveTrades(run: AssayRun): Promise<Outcome> {
  const { services, partition, signal } = run
  await services.catchUp(signal)
  const hour = await run.read((db) => readHour(db, partition, run.only))
  const wrong: string[] = []
  const lines: string[] = []
  let trades = 0
  for (const [at, one] of hour.entries()) {
    signal.throwIfAborted()
    const held = await run.read((db) => countTrades(db, one.instrumentId, partition))
    const isProven = held.counted === held.folded && held.spans === 0
    if (!isProven) wrong.push(`${one.name}: ${held.folded} folded, ${held.counted} held`)
    run.item(one.name, { state: isProven ? 'done' : 'failed', rows: held.counted })
    lines.push(`${one.name} ${held.counted} ${held.leastId} ${held.greatestId} ${held.notional}`)
    trades += held.counted
    run.progress(at + 1, hour.length)
  }
  const detail = wrong.length === 0 ? `${trades} trades, each once` : wrong.slice(0, 5).join('; ')
  const checks = [checkOf('exactly_once', wrong.length === 0, { severity: 'error', detail })]
  const version = digestOf(lines)
  const metadata = { instruments: hour.length, trades }
  const nothing = hour.length === 0 ? { skipped: 'nothing is held of this hour' } : {}
  return { rows: trades, version, metadata, checks, ...nothing }
}

/** What is held of an instrument's trades within a span, of the tapes that its minutes fold. */
interface HeldTrades {
  /** Trades, an aggregate counting for all it stands for, and as the minutes count them. */
  readonly counted: number
  readonly folded: number
  /** Ids that two trades claim to stand for. */
  readonly spans: number
  readonly leastId: number | null
  readonly greatestId: number | null
  readonly notional: string | null
}

/**
 * Counts trades minute by minute through their least and greatest id, as there is no index by
 * time; ranges of ids that overlap would be trades held twice. Of one state of the tables, for
 * they may be written to all the while.
 */
async function countTrades(
  db: Kysely<Schema>,
  instrumentId: number,
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
): Promise<HeldTrades> {
  const { rows } = await sql<HeldTrades>`
    with minutes as (
      select tape_id, open_time_us, min_id, max_id, notional, trade_count from silver_candles_1m
      where instrument_id = ${instrumentId} and open_time_us >= ${fromUs}
        and open_time_us < ${toUs} and source = 'trades' and min_id is not null),
    held as (
      select t.tape_id, t.trade_id, coalesce(t.last_id, t.trade_id) as last_id, t.trade_count
      from minutes m
      join silver_trades t on t.instrument_id = ${instrumentId} and t.tape_id = m.tape_id
        and t.trade_id between m.min_id and m.max_id
        and t.event_time_us >= m.open_time_us and t.event_time_us < m.open_time_us + 60000000)
    select coalesce(sum(trade_count), 0) as counted,
      (select coalesce(sum(trade_count), 0) from minutes) as folded,
      min(trade_id) as leastId, max(last_id) as greatestId,
      (select dec_sum(notional) from minutes) as notional,
      (select count(*) from (
        select trade_id <= max(last_id) over (
          partition by tape_id order by trade_id rows between unbounded preceding and 1 preceding
        ) as twice from held) where twice = 1) as spans
    from held`.execute(db)
  return rows[0] as HeldTrades
}

async function checkMinutes(run: AssayRun): Promise<Outcome> {
  const { services, partition, clock, signal } = run
  await services.catchUp(signal)
  const hour = await run.read((db) => readHour(db, partition, run.only))
  const missing: string[] = []
  for (const one of hour) {
    const isWhole = one.incomplete === 0
    if (one.unknown > 0) missing.push(`${one.name} ${one.unknown}`)
    const detail = `${one.minutes} minutes, ${one.traded} traded, ${one.incomplete} not whole`
    run.item(one.name, { state: isWhole ? 'done' : 'missing', rows: one.minutes, detail })
  }
  const isOver = partition.toUs <= clock.nowUs()
  if (missing.length > 0 && isOver) run.log('warn', `minutes are missing: ${missing.join(', ')}`)
  const detail = missing.length === 0 ? 'none' : missing.join(', ')
  const checks = [checkOf('no_missing_minutes', missing.length === 0, { severity: 'warn', detail })]
  const version = await run.read((db) => minutesVersion(db, partition))
  const sum = (key: 'minutes' | 'traded' | 'incomplete') =>
    hour.reduce((count, one) => count + one[key], 0)
  const metadata = { minutes: sum('minutes'), traded: sum('traded'), not_whole: sum('incomplete') }
  const nothing = hour.length === 0 ? { skipped: 'nothing is held of this hour' } : {}
  return { rows: sum('minutes'), version, metadata, checks, ...nothing }
}

async function minutesVersion(
  db: Kysely<Schema>,
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
): Promise<string> {
  const hash = createHash('sha256')
  const instruments = await db
    .selectFrom('instruments')
    .select(['instrument_id', 'venue', 'symbol'])
    .orderBy('venue')
    .orderBy('symbol')
    .orderBy('listed_from_us')
    .execute()
  for (const { instrument_id: id, venue, symbol } of instruments) {
    const rows = await db
      .selectFrom('silver_candles_1m')
      .select(['open_time_us', 'open', 'high', 'low', 'close', 'volume', 'notional'])
      .select(['taker_buy_volume', 'trade_count', 'status', 'complete', 'repaired'])
      .where('instrument_id', '=', id)
      .where('open_time_us', '>=', fromUs)
      .where('open_time_us', '<', toUs)
      .where('source', '=', 'trades')
      .orderBy('open_time_us')
      .execute()
    for (const row of rows) hash.update(`${venue}:${symbol}\t${Object.values(row).join('\t')}\n`)
  }
  return hash.digest('hex')
}

async function countSnapshots(run: AssayRun): Promise<Outcome> {
  const { services, partition, signal } = run
  await services.catchUp(signal)
  const rows = await run.read((db) =>
    db
      .selectFrom('silver_snapshots as s')
      .innerJoin('instruments as i', 'i.instrument_id', 's.instrument_id')
      .select(['i.venue', 'i.symbol'])
      .select(({ fn }) => [
        fn.countAll<number>().as('snapshots'),
        fn.max('s.time_us').as('lastUs'),
        fn.max('s.change_seq').as('changeSeq'),
      ])
      .where('s.time_us', '>=', partition.fromUs)
      .where('s.time_us', '<', partition.toUs)
      .groupBy(['i.venue', 'i.symbol'])
      .orderBy('i.venue')
      .orderBy('i.symbol')
      .execute(),
  )
  const lines = rows.map((row) => {
    const item = `${row.venue}:${row.symbol}`
    const detail = `newest ${formatTimeUs(row.lastUs)}`
    run.item(item, { state: 'done', rows: row.snapshots, detail })
    return `${item} ${row.snapshots} ${row.lastUs} ${row.changeSeq}`
  })
  const count = rows.reduce((sum, row) => sum + row.snapshots, 0)
  const version = digestOf(lines)
  const metadata = { coins: rows.length, snapshots: count }
  const nothing = count === 0 ? { skipped: 'no coin was told of on this day' } : {}
  return { rows: count, version, metadata, ...nothing }
}
