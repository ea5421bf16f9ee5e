import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openJournal } from '../../src/bronze/index.ts'
import { importAnswer } from '../../src/collect/import-answer.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { bucketStart, MINUTE_US } from '../../src/market/bucket.ts'
import {
  canonicalDecimal,
  compareDecimal,
  type Decimal,
  decimalText,
  divideDecimal,
  parseDecimal,
} from '../../src/market/decimal.ts'
import { listHoles } from '../../src/silver/holes.ts'
import { kraken } from '../../src/venues/kraken/index.ts'
import { DATA } from './folders.ts'
import { openRefinery, type Refinery, rebuild, START_US, tempFolder } from './support.ts'

const TRADES = join(DATA, 'gold/kraken_rest_trades_XBTUSDT_20251110.json')
const OHLC = join(DATA, 'gold/kraken_rest_ohlc1m_XBTUSDT_20251110.json')
const SYMBOL = 'BTC/USDT'

async function importInto(dataDir: string, path: string, url: string) {
  const clock = createManualClock(START_US)
  await using journal = await openJournal({ dataDir, name: 'import', clock, commitWindowMs: 0 })
  const about = { path, venue: kraken, symbol: SYMBOL, url, journal, clock }
  return await importAnswer({ ...about, version: '0.0.0' })
}

const importTrades = (dataDir: string) =>
  importInto(dataDir, TRADES, 'https://api.kraken.com/0/public/Trades?pair=XBTUSDT')
const importCandles = (dataDir: string) =>
  importInto(dataDir, OHLC, 'https://api.kraken.com/0/public/OHLC?pair=XBTUSDT&interval=1')

/** A minute as the venue tells it: canonical text, by code of the test's own. */
interface VenueMinute {
  readonly fields: string
  readonly vwap: string
  readonly count: number
}

/** Reads the venue's candles from the file, the running one left out. */
function venueMinutes(): Map<number, VenueMinute> {
  const { result } = JSON.parse(readFileSync(OHLC, 'utf8')) as {
    result: Record<string, readonly (readonly [number, ...string[]])[]>
  }
  const rows = (result.XBTUSDT ?? []).slice(0, -1)
  return new Map(
    rows.map((row) => {
      const [open, high, low, close, vwap, volume, count] = row.slice(1).map(String)
      const texts = [open, high, low, close, volume].map((text) => canonicalDecimal(text ?? ''))
      const fields = [...texts, count].join(' ')
      return [row[0] * 1_000_000, { fields, vwap: vwap ?? '', count: Number(count) }]
    }),
  )
}

async function minutesOf({ warehouse }: Refinery) {
  return await warehouse.read((db) =>
    db.selectFrom('silver_candles_1m').selectAll().orderBy('open_time_us').execute(),
  )
}

/** What the minutes from a time on are told to be, by whatever tells of them best. */
async function statusesOf({ warehouse }: Refinery, fromUs: number): Promise<unknown[]> {
  const { rows } = await warehouse.read((db) =>
    sql<{
      status: string
    }>`select status from candles_1m_exact where open_time_us >= ${fromUs}`.execute(db),
  )
  return rows.map(({ status }) => status)
}

type Minute = Awaited<ReturnType<typeof minutesOf>>[number]

function fieldsOf({ open, high, low, close, volume, trade_count }: Minute): string {
  return [open, high, low, close, volume, trade_count].join(' ')
}

function exact(text: string): Decimal {
  return parseDecimal(text) as Decimal
}

/** The average price cut, not rounded, to the venue's tick of 0.1. */
function cutAverage({ notional, volume }: Minute): string {
  const average = decimalText(divideDecimal(exact(notional), exact(volume), 18))
  return /^[0-9]+(?:[.][0-9])?/.exec(average)?.[0] ?? 'none'
}

describe.skipIf(!existsSync(TRADES))('Kraken’s own trades beside its own candles', () => {
  test('give 273 of 274 minutes equal on all fields; the first is cut off', async () => {
    const dataDir = tempFolder()
    expect(await importTrades(dataDir)).toMatchObject({ lines: 1000, kind: 'trades' })
    await using refinery = await openRefinery(dataDir)
    await refinery.refine()
    expect(refinery.totals).toMatchObject({ accepted: 1000, duplicates: 0, rejected: 0 })

    const venue = venueMinutes()
    const minutes = await minutesOf(refinery)
    const traded = minutes.filter(({ status }) => status === 'traded')
    expect(traded).toHaveLength(274)
    const [first, ...others] = traded
    const differing = traded.filter((row) => fieldsOf(row) !== venue.get(row.open_time_us)?.fields)
    expect(differing).toEqual([first])
    expect(venue.get(first?.open_time_us ?? 0)?.count).toBeGreaterThan(first?.trade_count ?? 0)
    const averages = others.filter((row) => {
      const told = exact(venue.get(row.open_time_us)?.vwap ?? '')
      return compareDecimal(exact(cutAverage(row)), told) === 0
    })
    expect(averages).toHaveLength(273)
  })

  test('prove the empty minutes between them, which the venue fills', async () => {
    const dataDir = tempFolder()
    await importTrades(dataDir)
    await using refinery = await openRefinery(dataDir)
    await refinery.refine()
    const empty = (await minutesOf(refinery)).filter(({ status }) => status !== 'traded')
    expect(empty).toHaveLength(137)
    expect(empty.every((row) => row.status === 'no_trades' && row.complete === 1)).toBe(true)
    expect(empty.every((row) => row.open === null && row.trade_count === 0)).toBe(true)
  })

  test('with them, tell 141 minutes as empty: flat candles never count as traded', async () => {
    const dataDir = tempFolder()
    await importTrades(dataDir)
    expect(await importCandles(dataDir)).toMatchObject({ lines: 721, kind: 'klines' })
    await using refinery = await openRefinery(dataDir)
    await refinery.settle()
    const { warehouse } = refinery
    const first = (await minutesOf(refinery)).find((row) => row.trade_count > 0)
    const fromUs = first?.open_time_us ?? 0
    const flat = await warehouse.read((db) =>
      db
        .selectFrom('silver_venue_candles')
        .selectAll()
        .where('trade_count', '=', 0)
        .where('open_time_us', '>=', fromUs)
        .orderBy('open_time_us')
        .execute(),
    )
    expect(flat).toHaveLength(141)
    expect(flat.every((row) => row.volume === '0')).toBe(true)
    const running = flat.filter(({ closed }) => closed === 0)
    expect(running).toEqual([flat.at(-1)])
    const told = await statusesOf(refinery, fromUs)
    expect(told.filter((status) => status === 'traded')).toHaveLength(274)
    // 137 are proven by ids, three more told by committed candles; of the running one, which the
    // venue may still change, nothing is said.
    expect(told.filter((status) => status === 'no_trades')).toHaveLength(140)
    expect(told.filter((status) => status === 'unknown').length).toBeLessThanOrEqual(1)
    const holes = await warehouse.read((db) => listHoles(db))
    const counted = holes.filter(({ cause }) => cause === 'candle_count')
    expect(counted.map(({ verdict }) => verdict)).toEqual(['open'])
    expect(bucketStart(counted[0]?.fromUs ?? 0, MINUTE_US)).toBe(fromUs)
    // A candle that is not closed is a candle we lack.
    const lacking = holes.filter((hole) => !counted.includes(hole))
    expect(lacking.every((hole) => hole.fromUs === running[0]?.open_time_us)).toBe(true)
  })

  test('are the same facts whichever came first, twice, and rebuilt', async () => {
    const dataDir = tempFolder()
    await importTrades(dataDir)
    await importCandles(dataDir)
    await using refinery = await openRefinery(dataDir)
    const once = await refinery.settle()
    const other = tempFolder()
    await importCandles(other)
    await importTrades(other)
    expect(await rebuild(other)).toEqual(once)
    await importTrades(dataDir)
    await importCandles(dataDir)
    expect(await refinery.settle()).toEqual(once)
    expect(refinery.totals).toMatchObject({ accepted: 1000, duplicates: 1000, conflicts: 0 })
  })
})

test('a request that the venue does not have is refused before anything is read', async () => {
  const asked = importInto(tempFolder(), TRADES, 'https://api.kraken.com/derivatives/api/v3/x')
  await expect(asked).rejects.toMatchObject({ code: 'ASSAY_USAGE' })
})
