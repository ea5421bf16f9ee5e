import { listLogs, observeHour, type Received } from '../bronze/index.ts'
import { AssayError } from '../core/errors.ts'
import type { Outcome } from '../flow/index.ts'
import { bucketStart, formatTimeUs } from '../market/bucket.ts'
import { AFTER_HOUR, DEFAULTS } from './defaults.ts'
import { type HourOfMinutes, readHour } from './hours.ts'
import {
  type AssayAsset,
  type AssayRun,
  checkOf,
  digestOf,
  type WantedHistory,
} from './services.ts'

const MINUTE_US = 60_000_000
/** The first minutes of an hour, whose coming shows that an instrument is collected. */
const FIRST_US = 300_000_000
/** How long they are waited for, and how often it is looked. */
const WAIT_MS = 180_000
const LOOK_MS = 2000
/** Attempts until a venue that does not answer is passed by. */
const ASK_MAX = 3

/** What reaches the raw log, and what is asked for beside it. */
export const BRONZE_ASSETS: readonly AssayAsset[] = [
  {
    ...DEFAULTS,
    key: 'market.instruments',
    about: 'What every venue lists: products, steps of price and size, and what is delisted.',
    partitions: 'none',
    catchUp: 'latest',
    schedules: [{ cron: '15 0 * * *', part: 'closed' }],
    freshnessSeconds: 172_800,
    datasets: ['bronze.log', 'market.instruments'],
    async materialize({ services, signal, item, read }) {
      for (const { venue, count } of await services.fetchListings(signal)) {
        item(venue, { state: 'done', rows: count })
      }
      await services.catchUp(signal)
      const rows = await read((db) =>
        db.selectFrom('instruments').selectAll().orderBy('venue').orderBy('symbol').execute(),
      )
      const lines = rows.map(({ instrument_id: _, listing_us: __, ...row }) => JSON.stringify(row))
      const version = digestOf(lines)
      return { rows: rows.length, version, metadata: { products: rows.length } }
    },
  },
  {
    ...DEFAULTS,
    key: 'bronze.records',
    about: 'What each venue and symbol sent within an hour: records, bytes, newest event.',
    partitions: 'hourly',
    // Records are read one by one: when the first minutes should be there, and at the end.
    schedules: [{ cron: '5 * * * *', part: 'current' }, ...AFTER_HOUR],
    freshnessSeconds: 900,
    datasets: ['bronze.log'],
    checks: ['first_minutes'],
    materialize: observeRecords,
  },
  {
    ...DEFAULTS,
    key: 'bronze.fill',
    about: 'Asks REST for the minutes of an hour that are still not whole after the load.',
    partitions: 'hourly',
    dependencies: ['silver.trades'],
    schedules: AFTER_HOUR,
    freshnessSeconds: 3600,
    pool: 'gap',
    timeoutSeconds: 1800,
    datasets: ['bronze.log'],
    checks: ['filled'],
    fingerprint: async ({ db, partition }) => {
      const lacking = (await readHour(db, partition)).filter(({ incomplete }) => incomplete > 0)
      return lacking.map((one) => `${one.name} ${one.incomplete} ${one.trades}`).join(',')
    },
    materialize: fillHour,
  },
  {
    ...DEFAULTS,
    key: 'bronze.snapshots',
    about: 'One poll of the aggregator: what it says of every coin now.',
    partitions: 'none',
    catchUp: 'none',
    freshnessSeconds: 7200,
    timeoutSeconds: 120,
    datasets: ['bronze.log', 'silver.snapshots'],
    async materialize({ services, signal, clock }) {
      const coins = await services.pollSnapshots(signal)
      await services.catchUp(signal)
      return { rows: coins, version: formatTimeUs(clock.nowUs()), metadata: { coins } }
    },
  },
  {
    ...DEFAULTS,
    key: 'bronze.archive',
    about:
      'Moves hours that are over to the archive, packed and verified, and compacts older ones.',
    partitions: 'none',
    catchUp: 'latest',
    schedules: [{ cron: '10 * * * *', part: 'closed' }],
    freshnessSeconds: 7200,
    timeoutSeconds: 3600,
    pool: 'backfill',
    datasets: ['bronze.archive'],
    async materialize({ services, signal, clock }) {
      const done = await services.archiveLogs(signal)
      const metadata = {
        hours: done.hours,
        journal_bytes: done.journalBytes,
        archived_bytes: done.archivedBytes,
        compacted_hours: done.compacted,
        saved_bytes: done.savedBytes,
      }
      const rows = done.hours + done.compacted
      const nothing = rows === 0 ? { skipped: 'no hour is over that is not archived' } : {}
      return { rows, version: formatTimeUs(clock.nowUs()), metadata, ...nothing }
    },
  },
]

async function observeRecords(run: AssayRun): Promise<Outcome> {
  const { services, partition } = run
  const waiting = await waitForFirstMinutes(run)
  const found: Received[] = []
  for (const name of listLogs(services.dataDir)) {
    const options = { dataDir: services.dataDir, name, hour: partition.key, signal: run.signal }
    found.push(...(await observeHour(options)))
  }
  const newest = await newestEvents(run)
  const bySymbol = Map.groupBy(found.filter(isWanted(run)), ({ venue, symbol }) =>
    symbol === '' ? venue : `${venue}:${symbol}`,
  )
  const lines: string[] = []
  for (const [item, list] of [...bySymbol].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const records = total(list, 'records')
    const bytes = total(list, 'bytes')
    const event = newest.get(item)
    const last = event === undefined ? '' : `, newest event ${formatTimeUs(event)}`
    const detail = `${bytes} bytes${last}`
    run.item(item, { state: waiting.has(item) ? 'missing' : 'done', rows: records, detail })
    lines.push(`${item} ${records} ${bytes}`)
  }
  for (const item of waiting) {
    if (!bySymbol.has(item)) run.item(item, { state: 'missing', rows: 0, detail: 'nothing came' })
  }
  const records = total(found, 'records')
  const metadata = { records, bytes: total(found, 'bytes'), symbols: bySymbol.size }
  const detail = waiting.size === 0 ? 'all came' : `nothing of ${[...waiting].sort().join(', ')}`
  const checks = [checkOf('first_minutes', waiting.size === 0, { severity: 'warn', detail })]
  const version = digestOf(lines)
  const nothing = records === 0 ? { skipped: 'no log received anything in this hour' } : {}
  return { rows: records, version, metadata, checks, ...nothing }
}

/**
 * Waits until each instrument that is collected has its first minutes of the hour, or the hour
 * is over; returns those that have none.
 */
async function waitForFirstMinutes(run: AssayRun): Promise<ReadonlySet<string>> {
  const { clock, partition, signal } = run
  const untilUs = partition.fromUs + FIRST_US
  const giveUpMs = clock.monotonicMs() + WAIT_MS
  for (;;) {
    const wanted = await instrumentsInScope(run)
    const span = { fromUs: partition.fromUs, toUs: untilUs }
    const there = new Set((await run.read((db) => readHour(db, span))).map(({ name }) => name))
    const waiting = new Set(wanted.filter((name) => !there.has(name)))
    const isOver = clock.nowUs() >= partition.toUs || clock.monotonicMs() >= giveUpMs
    if (waiting.size === 0 || isOver || signal.aborted) return waiting
    for (const item of waiting) run.item(item, { state: 'waiting' })
    await clock.sleep(LOOK_MS, signal)
  }
}

/** Names the instruments that are collected live throughout the first minutes of the hour. */
function instrumentsInScope({ partition, only, read }: AssayRun): Promise<string[]> {
  return read(async (db) => {
    const rows = await db
      .selectFrom('silver_scopes as s')
      .innerJoin('instruments as i', 'i.instrument_id', 's.instrument_id')
      .select(['i.venue', 'i.symbol'])
      .distinct()
      .where('s.cause', '=', 'live')
      .where('s.from_us', '<=', partition.fromUs)
      .where('s.to_us', '>', partition.fromUs)
      .execute()
    return rows.filter(isWanted({ only })).map(({ venue, symbol }) => `${venue}:${symbol}`)
  })
}

function newestEvents({ partition, read }: AssayRun): Promise<Map<string, number>> {
  return read(async (db) => {
    const rows = await db
      .selectFrom('silver_candles_1m as m')
      .innerJoin('instruments as i', 'i.instrument_id', 'm.instrument_id')
      .select(['i.venue', 'i.symbol', (eb) => eb.fn.max('m.last_trade_us').as('lastUs')])
      .where('m.instrument_id', 'in', (eb) => eb.selectFrom('instruments').select('instrument_id'))
      .where('m.open_time_us', '>=', partition.fromUs)
      .where('m.open_time_us', '<', partition.toUs)
      .groupBy(['i.venue', 'i.symbol'])
      .execute()
    const told = rows.filter((row) => row.lastUs !== null)
    return new Map(told.map((row) => [`${row.venue}:${row.symbol}`, row.lastUs as number]))
  })
}

async function fillHour(run: AssayRun): Promise<Outcome> {
  const { partition, services, signal, clock } = run
  // Nobody answers yet for the minute that runs.
  const toUs = Math.min(partition.toUs, bucketStart(clock.nowUs(), MINUTE_US))
  const read = () => run.read((db) => readHour(db, { ...partition, toUs }, run.only))
  const lacking = (await read()).filter(({ incomplete }) => incomplete > 0)
  const before = total(lacking, 'incomplete')
  if (before === 0) {
    return { rows: 0, version: 'whole', skipped: 'every minute that is answered for is whole' }
  }
  let trades = 0
  if (services.isCollecting()) run.log('info', 'the running collector asks for what is missing')
  else {
    for (const [venue, list] of Map.groupBy(lacking, (one) => one.venue)) {
      trades += await askVenue(run, { venue, ...spanOf(list) })
    }
    await services.catchUp(signal)
  }
  const after = new Map((await read()).map((one) => [one.name, one.incomplete]))
  for (const { name, incomplete } of lacking) {
    const left = after.get(name) ?? incomplete
    const detail = `${incomplete - left} of ${incomplete} minutes made whole`
    run.item(name, { state: left === 0 ? 'done' : 'missing', rows: incomplete - left, detail })
  }
  const left = [...after.values()].reduce((sum, count) => sum + count, 0)
  const metadata = { minutes_before: before, minutes_left: left, trades }
  const detail = left === 0 ? 'none is left' : `${left} minutes are not whole`
  const checks = [checkOf('filled', left === 0, { severity: 'warn', detail })]
  return { rows: before - left, version: `${before} ${left} ${trades}`, metadata, checks }
}

/**
 * Asks one venue. Where it fails again and again the others must not wait, nor what is made of
 * the hour: what is missing then is told by the check.
 */
async function askVenue(run: AssayRun, wanted: WantedHistory): Promise<number> {
  try {
    return await run.services.fetchHistory(wanted, run.signal)
  } catch (error) {
    if (!(error instanceof AssayError) || run.attempt < ASK_MAX || run.signal.aborted) throw error
    run.log('warn', `${wanted.venue} was asked ${ASK_MAX} times: ${error.message}`)
    return 0
  }
}

function spanOf(list: readonly HourOfMinutes[]) {
  return {
    symbols: list.map(({ symbol }) => symbol),
    fromUs: Math.min(...list.map((one) => one.firstIncompleteUs as number)),
    toUs: Math.max(...list.map((one) => one.lastIncompleteUs as number)) + MINUTE_US,
  }
}

function isWanted({ only }: Pick<AssayRun, 'only'>) {
  return ({ venue, symbol }: { readonly venue: string; readonly symbol: string }) =>
    (only?.venue ?? venue) === venue && (only?.symbol ?? symbol) === symbol
}

function total<K extends string>(list: readonly Readonly<Record<K, number>>[], key: K): number {
  return list.reduce((sum, one) => sum + one[key], 0)
}
