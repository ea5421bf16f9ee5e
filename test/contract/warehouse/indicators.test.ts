import fc from 'fast-check'
import { afterEach, beforeEach, expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { createRandom } from '../../../src/core/random.ts'
import {
  createIndicatorStream,
  fingerprintIndicators,
  foldIndicators,
} from '../../../src/gold/indicators/index.ts'
import { INTERVALS, type IntervalName, MINUTE_US, parseTimeUs } from '../../../src/market/bucket.ts'
import {
  type GoldCandleRow,
  type IndicatorRow,
  type MinuteRow,
  openWarehouse,
  type Warehouse,
} from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { goldCandleRow, instrumentRow, minuteRow, venueCandleRow } from './rows.ts'

const HOUR_US = INTERVALS['1h']
const FROM_US = parseTimeUs('2026-01-31T07:00:00Z') as number
const TO_US = FROM_US + HOUR_US
const BOTH: readonly IntervalName[] = ['1m', '5m']
const SPAN = { intervals: BOTH, fromUs: FROM_US, toUs: TO_US }

let warehouse: Warehouse

/** Opens a warehouse of a dialect for each test, with some instruments. */
function useInstruments(dialect: (typeof DIALECTS)[number]): void {
  const url = useWarehouse(dialect)
  beforeEach(async () => {
    const clock = createManualClock(TO_US)
    warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    await warehouse.write((tx) =>
      tx.upsert('instruments', [
        instrumentRow({ instrument_id: 1, symbol: 'ETH-USD' }),
        instrumentRow({ instrument_id: 2, symbol: 'BTC-USD' }),
        instrumentRow({ instrument_id: 3, venue: 'coingecko', symbol: 'bitcoin', kind: 'coin' }),
        instrumentRow({ instrument_id: 4, symbol: 'NEVER-USD' }),
      ]),
    )
  })
  afterEach(() => warehouse[Symbol.asyncDispose]())
}

/** Candles of two instruments, from a time up to the end of the hour. */
async function fill(fromUs: number, skip: (at: number) => boolean = () => false): Promise<void> {
  for (const instrument_id of [1, 2]) {
    const random = createRandom(instrument_id)
    const pricesAt = () => {
      const middle = random.int(9000, 11_000)
      return { low: `${middle - 5}.5`, close: String(middle), high: `${middle + 5}.25` }
    }
    const minutes: MinuteRow[] = []
    const larger: GoldCandleRow[] = []
    for (let open_time_us = fromUs; open_time_us < TO_US; open_time_us += MINUTE_US) {
      const row = { instrument_id, open_time_us, change_seq: 1, ...pricesAt() }
      if (!skip(open_time_us)) minutes.push(minuteRow(row))
      const interval_us = INTERVALS['5m']
      if (open_time_us % interval_us === 0) larger.push(goldCandleRow({ ...row, interval_us }))
    }
    await warehouse.write(async (tx) => {
      await tx.upsert('silver_candles_1m', minutes)
      await tx.upsert('gold_candles', larger)
    })
  }
}

/** Returns every stored row but for the commit that wrote it. */
async function stored(): Promise<Omit<IndicatorRow, 'change_seq'>[]> {
  const rows = await warehouse.read((db) =>
    db
      .selectFrom('gold_indicators')
      .selectAll()
      .orderBy('instrument_id')
      .orderBy('interval_us')
      .orderBy('open_time_us')
      .execute(),
  )
  return rows.map(({ change_seq: _, ...row }) => row)
}

const newest = () =>
  warehouse.read(async (db) => {
    const { seq } = await db
      .selectFrom('gold_indicators')
      .select(({ fn }) => fn.max<number>('change_seq').as('seq'))
      .executeTakeFirstOrThrow()
    return seq
  })

const touch = (open_time_us: number, more: Partial<MinuteRow> = {}) =>
  warehouse.write((tx) =>
    tx.upsert('silver_candles_1m', [
      minuteRow({ open_time_us, change_seq: tx.changeSeq, ...more }),
    ]),
  )

const drop = (open_time_us: number) =>
  warehouse.write((tx) => tx.remove('silver_candles_1m', [{ instrument_id: 1, open_time_us }]))

const fingerprint = () => warehouse.read((db) => fingerprintIndicators(db, SPAN))

suite.each(DIALECTS)('folding indicators in $name', (dialect) => {
  useInstruments(dialect)

  test('makes a row of every candle of the span with a price, as the stream tells it', async () => {
    await fill(FROM_US - 30 * HOUR_US)
    const { rows, version } = await foldIndicators(warehouse, SPAN)
    expect(rows).toBe(2 * (60 + 12))
    expect(version).toMatch(/^[0-9a-f]{64}$/)
    const all = await stored()
    expect(all).toHaveLength(rows)
    const minutes = await warehouse.read((db) =>
      db.selectFrom('silver_candles_1m').selectAll().where('instrument_id', '=', 1).execute(),
    )
    const stream = createIndicatorStream('1m')
    for (const { open_time_us: openTimeUs, high, low, close } of minutes) {
      const priced = { high: Number(high), low: Number(low), close: Number(close) }
      const values = stream.push({ openTimeUs, ...priced, complete: true })
      if (openTimeUs < FROM_US) continue
      const row = all.find((one) => one.instrument_id === 1 && one.open_time_us === openTimeUs)
      expect(row).toEqual({ instrument_id: 1, interval_us: MINUTE_US, ...values })
      expect(row?.change_24h_pct).not.toBeNull()
    }
  })

  test('writes nothing again, whatever became of the commits in between', async () => {
    await fill(FROM_US - 3 * HOUR_US)
    const first = await foldIndicators(warehouse, SPAN)
    const seq = await newest()
    await warehouse.write((tx) => tx.upsert('ops_meta', [{ key: 'other', value: 'work' }]))
    expect(await foldIndicators(warehouse, SPAN)).toEqual(first)
    expect(await newest()).toBe(seq)
  })

  test('gives back what was deleted, and the same version before and after', async () => {
    await fill(FROM_US - 3 * HOUR_US)
    const first = await foldIndicators(warehouse, SPAN)
    const before = await stored()
    const lost = before.filter((_, at) => at % 3 === 0)
    await warehouse.write((tx) => tx.remove('gold_indicators', lost))
    expect(await foldIndicators(warehouse, SPAN)).toEqual(first)
    expect(await stored()).toEqual(before)
  })

  test('removes a row whose candle is gone or has no price any more', async () => {
    await fill(FROM_US - 3 * HOUR_US)
    await foldIndicators(warehouse, SPAN)
    const none = { open: null, high: null, low: null, close: null }
    await drop(FROM_US)
    await touch(FROM_US + MINUTE_US, { ...none, status: 'no_trades' })
    const { rows } = await foldIndicators(warehouse, SPAN)
    expect(rows).toBe(2 * (60 + 12) - 2)
    const left = (await stored()).filter((row) => row.instrument_id === 1)
    expect(left[0]).toMatchObject({ open_time_us: FROM_US + 2 * MINUTE_US, complete: 0 })
  })

  test('removes the rows of an instrument that has no candles left', async () => {
    await fill(FROM_US - MINUTE_US)
    const one = { only: { symbol: 'ETH-USD' } }
    await foldIndicators(warehouse, SPAN, one)
    await warehouse.write(async (tx) => {
      await tx.db.deleteFrom('silver_candles_1m').execute()
      await tx.db.deleteFrom('gold_candles').execute()
    })
    expect((await foldIndicators(warehouse, SPAN, one)).rows).toBe(0)
    expect(await stored()).toEqual([])
  })

  test('leaves what it was not asked for: other instruments, intervals, coins', async () => {
    await fill(FROM_US - 3 * HOUR_US)
    await foldIndicators(warehouse, { ...SPAN, fromUs: FROM_US - HOUR_US })
    const [row] = await stored()
    const coin = {
      ...(row as IndicatorRow),
      instrument_id: 3,
      open_time_us: FROM_US,
      change_seq: 1,
    }
    await warehouse.write((tx) => tx.upsert('gold_indicators', [coin]))
    const before = await stored()
    const asked = { ...SPAN, intervals: ['1m'] } as const
    const some = await foldIndicators(warehouse, asked, { only: { symbol: 'BTC-USD' } })
    expect(some.rows).toBe(60)
    await foldIndicators(warehouse, SPAN)
    expect(await stored()).toEqual(before)
  })

  test('versions name instruments, not the numbers that they happen to have', async () => {
    await fill(FROM_US - HOUR_US)
    const first = await foldIndicators(warehouse, SPAN)
    await warehouse.write(async (tx) => {
      for (const table of ['instruments', 'silver_candles_1m', 'gold_candles'] as const) {
        for (const [from, to] of [
          [1, 11],
          [2, 10],
        ] as const) {
          const query = tx.db.updateTable(table as 'instruments').set({ instrument_id: to })
          await query.where('instrument_id', '=', from).execute()
        }
      }
    })
    expect(await foldIndicators(warehouse, SPAN)).toEqual(first)
    const reversed = { ...SPAN, intervals: BOTH.toReversed() }
    expect(await foldIndicators(warehouse, reversed)).toEqual(first)
  })

  test('takes minutes by precedence: a venue’s candle stands in for a missing one', async () => {
    await fill(FROM_US - HOUR_US, (at) => at === FROM_US)
    const standIn = venueCandleRow({ open_time_us: FROM_US, close: '12345.5', high: '12346' })
    await warehouse.write((tx) => tx.upsert('silver_venue_candles', [standIn]))
    await foldIndicators(warehouse, SPAN)
    const row = (await stored()).find((one) => one.open_time_us === FROM_US)
    expect(row).toMatchObject({ instrument_id: 1, interval_us: MINUTE_US, close: 12345.5 })
  })

  test('comes to the same by hours in any order as in one piece', async () => {
    const startUs = FROM_US - 3 * HOUR_US
    await fill(startUs - 10 * HOUR_US, (at) => (at / MINUTE_US) % 97 === 0)
    const whole = await foldIndicators(warehouse, { ...SPAN, fromUs: startUs })
    const wanted = await stored()
    const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 })
    await fc.assert(
      fc.asyncProperty(order, fc.boolean(), async (hours, isEmpty) => {
        if (isEmpty) await warehouse.write((tx) => tx.remove('gold_indicators', wanted))
        for (const hour of hours) {
          const fromUs = startUs + hour * HOUR_US
          await foldIndicators(warehouse, { ...SPAN, fromUs, toUs: fromUs + HOUR_US })
        }
        expect(await stored()).toEqual(wanted)
        expect(await foldIndicators(warehouse, { ...SPAN, fromUs: startUs })).toEqual(whole)
      }),
      { numRuns: 3 },
    )
  })

  test('stops where it is told to', async () => {
    await fill(FROM_US - MINUTE_US)
    const { read, write } = { read: warehouse.read.bind(warehouse), write: warehouse.write }
    const run = { read, write: write.bind(warehouse), signal: AbortSignal.abort(new Error('stop')) }
    await expect(foldIndicators(run, SPAN)).rejects.toThrow('stop')
    expect(await stored()).toEqual([])
  })

  test('are shown to people with names and times', async () => {
    await fill(FROM_US - MINUTE_US)
    const asked = { ...SPAN, intervals: ['5m'] } as const
    await foldIndicators(warehouse, asked, { only: { symbol: 'BTC-USD' } })
    const [row] = await warehouse.read((db) =>
      db
        .withTables<{ indicators: Record<string, unknown> & { open_time_us: number } }>()
        .selectFrom('indicators')
        .selectAll()
        .orderBy('open_time_us')
        .execute(),
    )
    const named = { venue: 'coinbase', symbol: 'BTC-USD', interval_name: '5m', quote: 'USD' }
    const values = { sma_7: null, rsi_14: null, hour_sin: 0.965925826289068, complete: 1 }
    expect(row).toMatchObject({ ...named, open_time: '2026-01-31T07:00:00.000000Z', ...values })
  })
})

suite.each(DIALECTS)('the fingerprint of indicators in $name', (dialect) => {
  useInstruments(dialect)

  /** What a minute of the hour looks back on reaches back seven days, and some buckets. */
  const WEEK_US = 168 * HOUR_US

  test.each([
    ['in the span', FROM_US],
    ['at its very end', TO_US - MINUTE_US],
    ['before it, in the look-back', FROM_US - 512 * MINUTE_US],
    ['a day before it', FROM_US - 24 * HOUR_US + MINUTE_US],
    ['a week before it', FROM_US - WEEK_US - 60 * MINUTE_US],
  ])('changes with a minute %s: when it comes, when it changes, when it goes', async (_, at) => {
    await fill(FROM_US - 20 * MINUTE_US, (time) => time === at)
    const seen = [await fingerprint()]
    await touch(at)
    seen.push(await fingerprint())
    await touch(at, { close: '2' })
    seen.push(await fingerprint())
    await drop(at)
    seen.push(await fingerprint())
    expect(new Set(seen.slice(0, 3)).size).toBe(3)
    expect(seen[3]).toBe(seen[0])
  })

  test('changes with a larger candle, and with a candle of the venue', async () => {
    await fill(FROM_US - 20 * MINUTE_US)
    const seen = [await fingerprint()]
    const interval_us = INTERVALS['5m']
    await warehouse.write((tx) => {
      const row = goldCandleRow({ interval_us, open_time_us: FROM_US, change_seq: tx.changeSeq })
      return tx.upsert('gold_candles', [row])
    })
    seen.push(await fingerprint())
    const candle = venueCandleRow({ open_time_us: FROM_US })
    await warehouse.write((tx) => tx.upsert('silver_venue_candles', [candle]))
    seen.push(await fingerprint())
    expect(new Set(seen).size).toBe(3)
  })

  test.each([
    ['later', TO_US],
    ['between what is looked at', FROM_US - 48 * HOUR_US],
    ['earlier', FROM_US - WEEK_US - 61 * MINUTE_US],
  ])('stays with a minute %s', async (_, at) => {
    await fill(FROM_US - 20 * MINUTE_US)
    const before = await fingerprint()
    await touch(at)
    expect(await fingerprint()).toBe(before)
  })
})
