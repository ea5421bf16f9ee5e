import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canonicalDecimal } from '../../src/market/decimal.ts'
import { listHoles } from '../../src/silver/holes.ts'
import { DATA } from './folders.ts'
import { importInto, openRefinery, tempFolder } from './support.ts'

const HOUR = join(DATA, 'trades/coinbase_BTC-USD_20230905_1600-1700.csv')
const COLUMNS = {
  symbol: 'symbol',
  side: 'side',
  price: 'price',
  size: 'amount',
  time: 'timestamp',
}
/** Enough decimals for the product of a price and a size of this file, and for any sum of them. */
const SCALE = 24

/** Reads `12.5E-3` as a whole number of 10^-SCALE, without the house's decimals. */
function units(text: string): bigint {
  const [digits = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = digits.split('.')
  return BigInt(whole + fraction) * 10n ** BigInt(SCALE - fraction.length + Number(exponent))
}

function textOf(value: bigint, scale: number): string | null {
  const digits = value.toString().padStart(scale + 1, '0')
  return canonicalDecimal(`${digits.slice(0, -scale)}.${digits.slice(-scale)}`.slice(0, 59))
}

interface Folded {
  open: bigint
  high: bigint
  low: bigint
  close: bigint
  volume: bigint
  notional: bigint
  bought: bigint
  count: number
}

/** Folds the file by hand: its lines are in order, so the first of a minute opens it. */
function foldByHand(): Map<number, Folded> {
  const lines = readFileSync(HOUR, 'utf8').trim().split('\n').slice(1)
  const minutes = new Map<number, Folded>()
  for (const line of lines) {
    const [, side = '', priceText = '', sizeText = '', time = ''] = line
      .replaceAll('"', '')
      .split(',')
    const minute = Date.parse(`${time.slice(0, 16)}:00Z`) * 1000
    const price = units(priceText)
    const size = units(sizeText)
    const at = minutes.get(minute) ?? {
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 0n,
      notional: 0n,
      bought: 0n,
      count: 0,
    }
    at.high = price > at.high ? price : at.high
    at.low = price < at.low ? price : at.low
    at.close = price
    at.volume += size
    at.notional += (price * size) / 10n ** BigInt(SCALE)
    if (side === 'buy') at.bought += size
    at.count += 1
    minutes.set(minute, at)
  }
  return minutes
}

test.skipIf(!existsSync(HOUR))(
  'an hour of Coinbase without ids folds as by hand, and is never called complete',
  async () => {
    const dataDir = tempFolder()
    const imported = await importInto(dataDir, {
      path: HOUR,
      venue: 'coinbase',
      symbol: null,
      kind: 'trades',
      columns: COLUMNS,
    })
    expect(imported.lines).toBe(5882)
    await using refinery = await openRefinery(dataDir)
    await refinery.settle()
    expect(refinery.totals).toMatchObject({ accepted: 5882, duplicates: 0, rejected: 0 })
    const rows = await refinery.warehouse.read((db) =>
      db.selectFrom('silver_candles_1m').selectAll().orderBy('open_time_us').execute(),
    )
    const expected = [...foldByHand()].map(([open_time_us, at]) => ({
      open_time_us,
      open: textOf(at.open, SCALE),
      high: textOf(at.high, SCALE),
      low: textOf(at.low, SCALE),
      close: textOf(at.close, SCALE),
      volume: textOf(at.volume, SCALE),
      notional: textOf(at.notional, SCALE),
      taker_buy_volume: textOf(at.bought, SCALE),
      trade_count: at.count,
      status: 'traded',
      complete: 0,
    }))
    expect(expected.length).toBe(60)
    expect(rows.length).toBe(60)
    expect(rows).toMatchObject(expected)
    expect(rows.reduce((sum, row) => sum + row.trade_count, 0)).toBe(5882)
    // Numbered by its lines, a file says nothing of what the venue made besides.
    expect(await refinery.warehouse.read((db) => listHoles(db))).toEqual([])
  },
)
