import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bucketStart, MINUTE_US } from '../../src/market/bucket.ts'
import {
  addDecimal,
  canonicalDecimal,
  type Decimal,
  decimalText,
  multiplyDecimal,
  parseDecimal,
} from '../../src/market/decimal.ts'
import { countEdges, listHoles } from '../../src/silver/holes.ts'
import { DATA } from './folders.ts'
import { importInto, openRefinery, type Refinery, rebuild, tempFolder } from './support.ts'

const TRADES = join(DATA, 'gold/binancefut_trades_BTCUSDT_20200222_0000-0124.csv.gz')
const KLINES = join(DATA, 'gold/binancefut_klines1m_BTCUSDT_20200222_0000-0124.csv')
const VENUE = { venue: 'binance-futures', symbol: 'BTC-USDT' }
const TRADE_COLUMNS = {
  trade_id: 'id',
  time: 'timestamp:us',
  price: 'price',
  size: 'amount',
  side: 'side',
}
const KLINE_COLUMNS = {
  open_time: 'open_time:ms',
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
  volume: 'volume',
  close_time: 'close_time:ms',
  notional: 'quote_volume',
  trade_count: 'count',
  taker_buy_volume: 'taker_buy_volume',
}

const importTrades = (dataDir: string) =>
  importInto(dataDir, { ...VENUE, path: TRADES, kind: 'trades', columns: TRADE_COLUMNS })
const importKlines = (dataDir: string) =>
  importInto(dataDir, { ...VENUE, path: KLINES, kind: 'klines', columns: KLINE_COLUMNS })

/** The nine fields of a minute that both tell, as canonical text. */
type Fields = Readonly<Record<string, string>>

/** Reads the venue's candles from the file, without any code of ours but the canonical text. */
function venueCandles(): Map<number, Fields> {
  const [header = '', ...lines] = readFileSync(KLINES, 'utf8').trim().split('\n')
  const names = header.split(',')
  return new Map(
    lines.map((line) => {
      const cells = line.split(',')
      const cell = (name: string) => canonicalDecimal(cells[names.indexOf(name)] ?? '') ?? 'none'
      const fields = {
        open: cell('open'),
        high: cell('high'),
        low: cell('low'),
        close: cell('close'),
        volume: cell('volume'),
        notional: cell('quote_volume'),
        trade_count: cell('count'),
        taker_buy_volume: cell('taker_buy_volume'),
        taker_buy_quote: cell('taker_buy_quote_volume'),
      }
      return [Number(cell('open_time')) * 1000, fields]
    }),
  )
}

async function minutesOf({ warehouse }: Refinery) {
  return await warehouse.read((db) =>
    db.selectFrom('silver_candles_1m').selectAll().orderBy('open_time_us').execute(),
  )
}

/** The ninth field is not kept: it is summed here from the stored trades. */
async function takerBuyQuotes({ warehouse }: Refinery): Promise<Map<number, string>> {
  const trades = await warehouse.read((db) =>
    db.selectFrom('silver_trades').selectAll().where('side', '=', 0).execute(),
  )
  const sums = new Map<number, Decimal>()
  for (const { event_time_us, price, size } of trades) {
    const quote = multiplyDecimal(exact(price), exact(size))
    const minute = bucketStart(event_time_us, MINUTE_US)
    sums.set(minute, addDecimal(sums.get(minute) ?? exact('0'), quote))
  }
  return new Map([...sums].map(([minute, sum]) => [minute, decimalText(sum)]))
}

function exact(text: string): Decimal {
  return parseDecimal(text) as Decimal
}

describe.skipIf(!existsSync(TRADES))('the Binance futures tape beside the venue’s candles', () => {
  test('gives 83 of 84 minutes equal on nine fields, its left edge unproven', async () => {
    const dataDir = tempFolder()
    const { lines, sha256 } = await importTrades(dataDir)
    await using refinery = await openRefinery(dataDir)
    await refinery.refine()
    expect(lines).toBe(6844)
    expect(refinery.totals).toMatchObject({ accepted: 6844, duplicates: 0, rejected: 0 })

    const venue = venueCandles()
    const minutes = await minutesOf(refinery)
    expect(minutes.length).toBe(84)
    const takerBuyQuote = await takerBuyQuotes(refinery)
    const differing = minutes.filter((row) => {
      const { open, high, low, close, volume, notional, taker_buy_volume } = row
      const ours = { open, high, low, close, volume, notional, taker_buy_volume }
      const trade_count = String(row.trade_count)
      const taker_buy_quote = takerBuyQuote.get(row.open_time_us)
      const theirs = sorted(venue.get(row.open_time_us))
      return sorted({ ...ours, trade_count, taker_buy_quote }) !== theirs
    })
    const [first] = minutes
    expect(differing).toEqual([first])
    expect(first).toMatchObject({ trade_count: 90, status: 'traded', complete: 0, repaired: 0 })
    expect(venue.get(first?.open_time_us ?? 0)?.trade_count).toBe('91')
    // The last minute's end is unproven just the same; every one between is proven by ids.
    expect(minutes.filter((row) => row.complete === 0)).toEqual([first, minutes.at(-1)])

    const { warehouse } = refinery
    expect(await warehouse.read((db) => listHoles(db))).toEqual([])
    expect(await warehouse.read((db) => countEdges(db, sha256))).toBe(2)
  })

  test('shows one hole, by count, once the venue’s candles are imported beside it', async () => {
    const dataDir = tempFolder()
    await importTrades(dataDir)
    await using refinery = await openRefinery(dataDir)
    await refinery.settle()
    await importKlines(dataDir)
    await refinery.settle()
    const holes = await refinery.warehouse.read((db) => listHoles(db))
    expect(holes).toMatchObject([
      { cause: 'candle_count', firstId: 42377943, lastId: 42377943, verdict: 'open' },
    ])
    const minutes = await minutesOf(refinery)
    expect(minutes.filter((row) => row.complete === 1).length).toBe(83)
    expect(minutes[0]?.complete).toBe(0)
    // Read by precedence, the venue's own closed candle stands for the minute that lacks a trade.
    const read = await refinery.warehouse.read((db) =>
      db.selectFrom('gold_candles').select(['interval_us', 'complete', 'trade_count']).execute(),
    )
    const day = read.find((row) => row.interval_us === 1440 * MINUTE_US)
    expect(day).toMatchObject({ complete: 0, trade_count: 6845 })
  })

  test('is the same facts whichever of the two came first, and imported again', async () => {
    const dataDir = tempFolder()
    await importTrades(dataDir)
    await importKlines(dataDir)
    await using refinery = await openRefinery(dataDir)
    const once = await refinery.settle()
    const other = tempFolder()
    await importKlines(other)
    await importTrades(other)
    expect(await rebuild(other)).toEqual(once)

    await importTrades(dataDir)
    await importKlines(dataDir)
    expect(await refinery.settle()).toEqual(once)
    expect(refinery.totals).toMatchObject({ accepted: 6844, duplicates: 6844, conflicts: 0 })
  })
})

function sorted(fields: Readonly<Record<string, unknown>> | undefined): string {
  return JSON.stringify(Object.entries(fields ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))
}
