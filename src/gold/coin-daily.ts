import type { Kysely } from 'kysely'
import { bucketStart, INTERVALS } from '../market/bucket.ts'
import { createSum, type DecimalSum, sumDecimal } from '../market/decimal.ts'
import { addTextToSum, compareDecimalText } from '../market/decimal-text.ts'
import type { CoinDailyRow, Schema } from '../warehouse/index.ts'
import { instrumentTurns, type NamedInstrument, namedInstruments } from './instruments.ts'
import { fingerprintOf, instrumentsWith, type KeyedByTime, SNAPSHOTS } from './ranges.ts'
import { meanText } from './ratios.ts'
import type { GoldOptions, GoldOutcome, GoldRun, GoldSpan } from './run.ts'
import { replaceRows } from './store.ts'
import { Version } from './version.ts'

const DAY_US = INTERVALS['1d']

const COIN_DAYS: KeyedByTime = { table: 'gold_coin_daily', time: 'day_us' }

/** Snapshots held in memory at a time: what a day of polls, or a year, is read in. */
const PAGE_ROWS = 500

/**
 * Makes the prices of each coin's days from what was polled.
 *
 * Every poll with a price counts, though nothing moved between two. A day without one is made
 * from samples of the coin's history; a day without either has no row. Where the currency was
 * changed within a day, the last one counts. Reads a page at a time and holds one coin.
 */
export async function foldCoinDaily(
  run: GoldRun,
  span: GoldSpan,
  options: GoldOptions = {},
): Promise<GoldOutcome> {
  const instruments = await run.read(async (db) =>
    namedInstruments(db, await instrumentsWith(db, [SNAPSHOTS, COIN_DAYS], span), options),
  )
  const version = new Version()
  for (const some of instrumentTurns(instruments, (span.toUs - span.fromUs) / DAY_US)) {
    const folded: Omit<CoinDailyRow, 'change_seq'>[] = []
    for (const coin of some) {
      run.signal?.throwIfAborted()
      const rows = await run.read((db) => foldCoin(db, coin.id, span))
      for (const row of rows) version.add(lineOf(coin, row))
      folded.push(...rows)
      options.onItem?.(coin.name, rows.length)
    }
    await run.write(async (tx) => {
      const stored = await storedDays(tx.db, some, span)
      const wanted = folded.map((row) => ({ ...row, change_seq: tx.changeSeq }))
      const keyOf = (row: CoinDailyRow) => `${row.instrument_id} ${row.day_us}`
      await replaceRows(tx, { table: 'gold_coin_daily', stored, wanted, keyOf })
    })
  }
  return version.outcome()
}

/** Changes with the snapshots that the coins of a span are told of in. */
export function coinDailyFingerprint(db: Kysely<Schema>, span: GoldSpan): Promise<string> {
  return fingerprintOf(db, [SNAPSHOTS], span)
}

async function foldCoin(
  db: Kysely<Schema>,
  instrumentId: number,
  span: GoldSpan,
): Promise<Omit<CoinDailyRow, 'change_seq'>[]> {
  const days: Omit<CoinDailyRow, 'change_seq'>[] = []
  for (let dayUs = bucketStart(span.fromUs, DAY_US); dayUs < span.toUs; dayUs += DAY_US) {
    for (const source of ['poll', 'chart'] as const) {
      const day = await foldCoinDay(priced(db, { instrumentId, dayUs, source }), source)
      if (day === null) continue
      days.push({ instrument_id: instrumentId, day_us: dayUs, ...day })
      break
    }
  }
  return days
}

interface CoinDay {
  readonly instrumentId: number
  readonly dayUs: number
  readonly source: CoinDailyRow['source']
}

type Snapshots = ReturnType<typeof priced>

/** Snapshots of one source that have a price. */
function priced(db: Kysely<Schema>, { instrumentId, dayUs, source }: CoinDay) {
  return db
    .selectFrom('silver_snapshots')
    .where('instrument_id', '=', instrumentId)
    .where('time_us', '>=', dayUs)
    .where('time_us', '<', dayUs + DAY_US)
    .where('source', '=', source)
    .where('price', 'is not', null)
}

async function foldCoinDay(
  snapshots: Snapshots,
  source: CoinDailyRow['source'],
): Promise<Omit<CoinDailyRow, 'instrument_id' | 'day_us' | 'change_seq'> | null> {
  const last = await snapshots
    .select(['quote', 'market_cap', 'volume_24h', 'market_cap_rank'])
    .orderBy('time_us', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last === undefined) return null
  const prices = createPrices()
  const ofQuote = snapshots.where('quote', '=', last.quote).orderBy('time_us').limit(PAGE_ROWS)
  const page = ofQuote.select(['time_us', 'price'])
  // By pages, each beginning behind the last: awaiting every single row takes thrice as long.
  for (let rows = await page.execute(); rows.length > 0; ) {
    for (const row of rows) addPrice(prices, row.price)
    const end = rows.at(-1)?.time_us ?? 0
    rows = rows.length < PAGE_ROWS ? [] : await page.where('time_us', '>', end).execute()
  }
  const { count, sum, open, close, least, greatest } = prices
  const average = meanText(sumDecimal(sum), count)
  if (average === null) return null
  return {
    quote: last.quote,
    avg_price: average,
    min_price: least,
    max_price: greatest,
    open_price: open,
    close_price: close,
    data_points: count,
    source,
    market_cap: last.market_cap,
    volume_24h: last.volume_24h,
    market_cap_rank: last.market_cap_rank,
  }
}

/** The prices of one coin and day so far. */
interface Prices {
  readonly sum: DecimalSum
  count: number
  open: string
  close: string
  least: string
  greatest: string
}

function createPrices(): Prices {
  return { sum: createSum(), count: 0, open: '', close: '', least: '', greatest: '' }
}

function addPrice(prices: Prices, price: string | null): void {
  if (price === null) return
  const isFirst = prices.count === 0
  addTextToSum(prices.sum, price)
  prices.count += 1
  prices.close = price
  if (isFirst) prices.open = price
  if (isFirst || compareDecimalText(price, prices.least) < 0) prices.least = price
  if (isFirst || compareDecimalText(price, prices.greatest) > 0) prices.greatest = price
}

function storedDays(
  db: Kysely<Schema>,
  some: readonly NamedInstrument[],
  { fromUs, toUs }: GoldSpan,
): Promise<CoinDailyRow[]> {
  return db
    .selectFrom('gold_coin_daily')
    .selectAll()
    .where('instrument_id', 'in', [...some.map(({ id }) => id)])
    .where('day_us', '>=', fromUs)
    .where('day_us', '<', toUs)
    .execute()
}

function lineOf(
  { name }: NamedInstrument,
  row: Omit<CoinDailyRow, 'change_seq'>,
): (string | number | null)[] {
  return [
    ...[name, row.day_us, row.quote, row.avg_price, row.min_price, row.max_price],
    ...[row.open_price, row.close_price, row.data_points, row.source, row.market_cap],
    ...[row.volume_24h, row.market_cap_rank],
  ]
}
