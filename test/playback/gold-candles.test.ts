import { describe, expect, test } from 'vitest'
import { followCandles } from '../../src/gold/candles.ts'
import { INTERVALS } from '../../src/market/bucket.ts'
import { type GoldCandleRow, proveWarehouse } from '../../src/warehouse/index.ts'
import {
  importTape as importMade,
  type Made,
  makeTrades as manyTrades,
  unitsText as text,
} from './made-trades.ts'
import { openRefinery, type Refinery, tempFolder } from './support.ts'

const makeTrades = () =>
  manyTrades({ seed: 'gold', trades: 1500, pauseUs: 215_000_000, cents: [900_000, 1_100_000] })

const importTape = (dataDir: string, trades: readonly Made[], name: string) =>
  importMade(dataDir, trades, { name })

/** Folds trades, in order of (time, id), straight into buckets of any width. */
function foldByHand(trades: readonly Made[], widthUs: number) {
  const ordered = [...trades].sort((a, b) => a.timeUs - b.timeUs || a.id - b.id)
  const buckets = Map.groupBy(ordered, ({ timeUs }) => timeUs - (timeUs % widthUs))
  return [...buckets].map(([open_time_us, made]) => {
    const cents = made.map((trade) => trade.cents)
    const sum = (of: (trade: Made) => bigint) => made.reduce((total, one) => total + of(one), 0n)
    return {
      interval_us: widthUs,
      open_time_us,
      open: text(cents[0] as bigint, 2),
      high: text(
        cents.reduce((a, b) => (a > b ? a : b)),
        2,
      ),
      low: text(
        cents.reduce((a, b) => (a < b ? a : b)),
        2,
      ),
      close: text(cents.at(-1) as bigint, 2),
      volume: text(
        sum(({ sats }) => sats),
        8,
      ),
      notional: text(
        sum((one) => one.cents * one.sats),
        10,
      ),
      taker_buy_volume: text(
        sum((one) => (one.isBuy ? one.sats : 0n)),
        8,
      ),
      trade_count: made.length,
      status: 'traded',
    }
  })
}

async function goldOf({ warehouse }: Refinery): Promise<GoldCandleRow[]> {
  return await warehouse.read((db) =>
    db
      .selectFrom('gold_candles')
      .selectAll()
      .orderBy('interval_us')
      .orderBy('open_time_us')
      .execute(),
  )
}

const WIDTHS = Object.values(INTERVALS).slice(1)

describe('larger candles', () => {
  test('equal a fold over the trades themselves, at every width', async () => {
    const dataDir = tempFolder()
    const trades = makeTrades()
    await importTape(dataDir, trades, 'tape.csv')
    await using refinery = await openRefinery(dataDir)
    await refinery.settle()
    const rows = await goldOf(refinery)
    for (const widthUs of WIDTHS) {
      const traded = rows.filter((row) => row.interval_us === widthUs && row.status === 'traded')
      const expected = foldByHand(trades, widthUs)
      expect(traded.length).toBe(expected.length)
      expect(traded).toMatchObject(expected)
    }
    // All ids follow one another: only the edges of the tape are unproven.
    const hours = rows.filter((row) => row.interval_us === INTERVALS['1h'])
    const unproven = hours.filter((row) => row.complete === 0)
    expect(unproven).toEqual([hours[0], hours.at(-1)])
    const quiet = rows.filter((row) => row.status === 'no_trades')
    expect(quiet.length).toBeGreaterThan(50)
    expect(quiet.every((row) => row.open === null && row.complete === 1)).toBe(true)
  })

  test('come back identical once their rows and their place are deleted', async () => {
    const dataDir = tempFolder()
    await importTape(dataDir, makeTrades(), 'tape.csv')
    await using refinery = await openRefinery(dataDir)
    const { warehouse } = refinery
    const proof = await refinery.settle()
    expect(await followCandles(warehouse)).toBe(0)
    await warehouse.write(async (tx) => {
      await tx.db.deleteFrom('gold_candles').execute()
      await tx.db.deleteFrom('ops_checkpoints').where('reader', '=', 'gold-candles').execute()
    })
    expect(await proveWarehouse(warehouse)).not.toEqual(proof)
    expect(await followCandles(warehouse)).toBe(proof.tables.gold_candles?.rows)
    expect(await proveWarehouse(warehouse)).toEqual(proof)
  })

  test('follow trades that come while they are folded', async () => {
    const dataDir = tempFolder()
    const trades = makeTrades()
    const isEarly = ({ id }: Made) => id % 2 === 0
    await importTape(dataDir, trades.filter(isEarly), 'early.csv')
    await using refinery = await openRefinery(dataDir)
    const { warehouse } = refinery
    await refinery.refine()
    let turns = 0
    await followCandles(warehouse, {
      async between() {
        turns += 1
        if (turns > 1) return
        const others = trades.filter((trade) => !isEarly(trade))
        await importTape(dataDir, others, 'others.csv')
        await refinery.refine()
      },
    })
    expect(turns).toBeGreaterThan(0)
    await refinery.settle()
    const rows = (await goldOf(refinery)).filter((row) => row.status === 'traded')
    const expected = WIDTHS.flatMap((widthUs) => foldByHand(trades, widthUs))
    expect(rows).toMatchObject(expected)
  })

  test('change, with all above them, by a trade that comes late', async () => {
    const dataDir = tempFolder()
    const trades = makeTrades()
    const late = trades[500] as Made
    await importTape(
      dataDir,
      trades.filter((trade) => trade !== late),
      'most.csv',
    )
    await using refinery = await openRefinery(dataDir)
    await refinery.settle()
    expect((await bucketsOf(refinery, late)).every((row) => row.complete === 0)).toBe(true)
    await importTape(dataDir, [late], 'late.csv')
    await refinery.settle()
    expect(await bucketsOf(refinery, late)).toMatchObject(handBuckets(trades, late))
    const [hour] = (await bucketsOf(refinery, late)).filter(isHour)
    expect(hour).toMatchObject({ complete: 1, revision: 0 })

    // The lesser text of two reports stands: the hour was complete, and so this revises it.
    const told = { ...late, cents: 100n }
    await importTape(dataDir, [told], 'told.csv')
    await refinery.settle()
    const retold = trades.map((trade) => (trade === late ? told : trade))
    expect(await bucketsOf(refinery, late)).toMatchObject(handBuckets(retold, late))
    const [revised] = (await bucketsOf(refinery, late)).filter(isHour)
    expect(revised).toMatchObject({ complete: 1, revision: 1 })
    expect(refinery.totals.conflicts).toBe(1)
  })
})

function isHour(row: GoldCandleRow): boolean {
  return row.interval_us === INTERVALS['1h']
}

/** Returns the candles of every width that a trade lies in, narrowest first. */
async function bucketsOf(refinery: Refinery, { timeUs }: Made): Promise<GoldCandleRow[]> {
  const rows = await goldOf(refinery)
  return rows.filter((row) => row.open_time_us === timeUs - (timeUs % row.interval_us))
}

function handBuckets(trades: readonly Made[], { timeUs }: Made) {
  return WIDTHS.flatMap((widthUs) =>
    foldByHand(trades, widthUs).filter((row) => row.open_time_us === timeUs - (timeUs % widthUs)),
  )
}
