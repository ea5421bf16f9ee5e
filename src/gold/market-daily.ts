import type { Kysely } from 'kysely'
import { bucketStart, formatTimeUs, INTERVALS } from '../market/bucket.ts'
import { createSum, type DecimalSum, sumDecimal } from '../market/decimal.ts'
import { addTextToSum, compareDecimalText, sumText } from '../market/decimal-text.ts'
import type { CoinDailyRow, MarketDailyRow, Schema } from '../warehouse/index.ts'
import { byText } from './instruments.ts'
import { fingerprintOf } from './ranges.ts'
import { changePctText, meanText, sharePctText } from './ratios.ts'
import type { GoldOptions, GoldOutcome, GoldRun, GoldSpan } from './run.ts'
import { replaceRows } from './store.ts'
import { Version } from './version.ts'

const DAY_US = INTERVALS['1d']

/** Coins held in memory at a time. */
const PAGE_ROWS = 200

/**
 * Makes the figures of all coins together, one row a day and currency, from the coins' days.
 *
 * Holds the totals of one day and a page of coins. A market is never of some coins: what `only`
 * says is passed by.
 */
export async function foldMarketDaily(
  run: GoldRun,
  span: GoldSpan,
  options: GoldOptions = {},
): Promise<GoldOutcome> {
  const version = new Version()
  for (let dayUs = bucketStart(span.fromUs, DAY_US); dayUs < span.toUs; dayUs += DAY_US) {
    run.signal?.throwIfAborted()
    const markets = await run.read((db) => readMarkets(db, dayUs))
    const rows = [...markets]
      .sort(([a], [b]) => byText(a, b))
      .map(([quote, totals]) => {
        return { day_us: dayUs, quote, ...figuresOf(totals) }
      })
    await run.write(async (tx) => {
      const days = tx.db.selectFrom('gold_market_daily').selectAll()
      const stored = await days.where('day_us', '=', dayUs).execute()
      const wanted = rows.map((row) => ({ ...row, change_seq: tx.changeSeq }))
      const keyOf = (row: MarketDailyRow) => row.quote
      await replaceRows(tx, { table: 'gold_market_daily', stored, wanted, keyOf })
    })
    for (const row of rows) version.add(lineOf(row))
    options.onItem?.(formatTimeUs(dayUs).slice(0, 10), rows.length)
  }
  return version.outcome()
}

/** Changes with the coins' days that the market of a span is made from. */
export function marketDailyFingerprint(db: Kysely<Schema>, span: GoldSpan): Promise<string> {
  return fingerprintOf(db, [{ table: 'gold_coin_daily', time: 'day_us' }], span)
}

/** What coins of one currency come to so far. */
interface Totals {
  coins: number
  rising: number
  falling: number
  unchanged: number
  dataPoints: number
  readonly capitalisation: OptionalSum
  readonly volume: OptionalSum
  readonly bitcoin: OptionalSum
  readonly ethereum: OptionalSum
  readonly changes: OptionalSum
}

/** A sum, and of how many; of none it is absent. */
interface OptionalSum {
  readonly sum: DecimalSum
  count: number
}

type Coin = Pick<
  CoinDailyRow,
  'quote' | 'open_price' | 'close_price' | 'market_cap' | 'volume_24h' | 'data_points'
> & { readonly symbol: string }

async function readMarkets(
  db: Kysely<Schema>,
  dayUs: number,
): Promise<ReadonlyMap<string, Totals>> {
  const coins = db
    .selectFrom('gold_coin_daily as c')
    .innerJoin('instruments as i', 'i.instrument_id', 'c.instrument_id')
    .select(['i.symbol', 'c.quote', 'c.open_price', 'c.close_price', 'c.market_cap'])
    .select(['c.volume_24h', 'c.data_points'])
    // One step of the key for each instrument, where the table would be read from end to end.
    .where('c.instrument_id', 'in', db.selectFrom('instruments').select('instrument_id'))
    .where('c.day_us', '=', dayUs)
  const markets = new Map<string, Totals>()
  for await (const coin of coins.stream(PAGE_ROWS)) {
    const totals = markets.get(coin.quote) ?? createTotals()
    markets.set(coin.quote, totals)
    addCoin(totals, coin)
  }
  return markets
}

function createTotals(): Totals {
  const none = (): OptionalSum => ({ sum: createSum(), count: 0 })
  return {
    ...{ coins: 0, rising: 0, falling: 0, unchanged: 0, dataPoints: 0 },
    ...{ capitalisation: none(), volume: none(), changes: none() },
    ...{ bitcoin: none(), ethereum: none() },
  }
}

function addCoin(totals: Totals, coin: Coin): void {
  const { symbol, open_price: open, close_price: close } = coin
  totals.coins += 1
  totals.dataPoints += coin.data_points
  const direction = compareDecimalText(close, open)
  if (direction > 0) totals.rising += 1
  else if (direction < 0) totals.falling += 1
  else totals.unchanged += 1
  add(totals.capitalisation, coin.market_cap)
  add(totals.volume, coin.volume_24h)
  add(totals.changes, changePctText(open, close))
  if (symbol === 'bitcoin') add(totals.bitcoin, coin.market_cap)
  if (symbol === 'ethereum') add(totals.ethereum, coin.market_cap)
}

function add(into: OptionalSum, text: string | null): void {
  if (text === null) return
  addTextToSum(into.sum, text)
  into.count += 1
}

function figuresOf(totals: Totals): Omit<MarketDailyRow, 'day_us' | 'quote' | 'change_seq'> {
  const capitalisation = textOf(totals.capitalisation)
  return {
    coins: totals.coins,
    rising: totals.rising,
    falling: totals.falling,
    unchanged: totals.unchanged,
    market_cap: capitalisation,
    volume_24h: textOf(totals.volume),
    bitcoin_share_pct: sharePctText(textOf(totals.bitcoin), capitalisation),
    ethereum_share_pct: sharePctText(textOf(totals.ethereum), capitalisation),
    avg_change_pct: meanText(sumDecimal(totals.changes.sum), totals.changes.count),
    data_points: totals.dataPoints,
  }
}

function textOf({ sum, count }: OptionalSum): string | null {
  return count === 0 ? null : sumText(sum)
}

function lineOf(row: Omit<MarketDailyRow, 'change_seq'>): (string | number | null)[] {
  return [
    ...[row.day_us, row.quote, row.coins, row.rising, row.falling, row.unchanged],
    ...[row.market_cap, row.volume_24h, row.bitcoin_share_pct, row.ethereum_share_pct],
    ...[row.avg_change_pct, row.data_points],
  ]
}
