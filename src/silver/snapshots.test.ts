import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { createRandom, type Random } from '../core/random.ts'
import type { VenueCandle } from '../market/event.ts'
import type { MarketSnapshot } from '../market/snapshot.ts'
import { TradeColumns } from '../market/trade-columns.ts'
import { openWarehouse, type Warehouse } from '../warehouse/index.ts'
import type { Batch, CandleReport, SnapshotReport } from './batch.ts'
import { emptyTally } from './batch.ts'
import { settleCandle, settleSnapshot } from './figures.ts'
import { storeSnapshots } from './snapshots.ts'
import { loadState } from './state.ts'

const NOW_US = 1_790_689_560_000_000
const SEEDS = Array.from({ length: 12 }, (_, seed) => seed + 1)

const folder = mkdtempSync(join(tmpdir(), 'assay-snapshots-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function snapshotOf(part: Partial<MarketSnapshot>): MarketSnapshot {
  return {
    ...{ item: 0, symbol: 'bitcoin', ticker: 'btc', name: 'Bitcoin', quote: 'USD' },
    ...{ source: 'poll', timeUs: null, lastUpdatedUs: null, price: '1', marketCap: null },
    ...{ fullyDilutedValuation: null, volume24h: null, high24h: null, low24h: null },
    ...{ priceChange24h: null, change1hPct: null, change24hPct: null, change7dPct: null },
    ...{ circulatingSupply: null, totalSupply: null, maxSupply: null, marketCapRank: null },
    ...part,
  }
}

function candleOf(part: Partial<VenueCandle>): VenueCandle {
  return {
    ...{ item: 0, symbol: 'bitcoin', openTimeUs: 1_790_683_200_000_000 },
    ...{ intervalUs: 14_400_000_000, open: '1', high: '1', low: '1', close: '1', volume: '0' },
    ...{ notional: null, takerBuyVolume: null, tradeCount: null, vwap: null, closed: true },
    ...part,
  }
}

interface Reports {
  readonly snapshots: readonly SnapshotReport[]
  readonly ohlc: readonly CandleReport[]
}

function batchOf({ snapshots, ohlc }: Reports): Batch {
  return {
    ...{ log: 'collect', checkpoint: 0, timeUs: NOW_US, trades: new TradeColumns(1), keys: [] },
    ...{ spans: [], rejected: [], candles: [], witnesses: [], listings: [], selves: [] },
    ...{ hasBooks: false, tally: emptyTally(), snapshots: [...snapshots], ohlc: [...ohlc] },
  }
}

/** Reports of three coins at few times, many of which tell of the same row. */
function randomReports(random: Random): Reports {
  const coin = () => random.pick(['bitcoin', 'pepe', 'solana'])
  const price = () => random.pick(['1', '1.5', '2', '0.00000976'])
  const snapshots = Array.from({ length: 60 }, (_, pos) => {
    const chart = random.next() < 0.4
    const timeUs = chart ? NOW_US - random.int(1, 5) * 1000 : null
    const snapshot = snapshotOf({
      ...{ item: random.int(0, 3), symbol: coin(), price: price(), timeUs },
      ...{ source: chart ? 'chart' : 'poll', marketCap: random.next() < 0.5 ? null : price() },
    })
    const polledUs = NOW_US + random.int(0, 4) * 60_000_000
    const receivedTimeUs = polledUs + random.int(0, 2) * 1_000_000
    return { venue: 'coingecko', snapshot, polledUs, receivedTimeUs, pos }
  })
  const ohlc = Array.from({ length: 30 }, () => ({
    venue: 'coingecko',
    origin: 'rest' as const,
    receivedTimeUs: NOW_US + random.int(0, 3) * 1_000_000,
    candle: candleOf({
      ...{ symbol: coin(), close: price(), high: '9', low: '0.000001' },
      openTimeUs: 1_790_683_200_000_000 - random.int(0, 3) * 14_400_000_000,
    }),
  }))
  return { snapshots, ohlc }
}

/** Deals a list out over so many lists, in another order, some of it twice. */
function deal<T>(list: readonly T[], hands: number, random: Random): readonly T[][] {
  const dealt = Array.from({ length: hands }, (): T[] => [])
  const more = [...list, ...list.filter(() => random.next() < 0.3)]
  const shuffled = more
    .map((one) => ({ one, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one)
  for (const one of shuffled) random.pick(dealt).push(one)
  return dealt
}

async function openStore(name: string): Promise<Warehouse> {
  const clock = createManualClock(NOW_US)
  return openWarehouse({ url: `sqlite:${join(folder, name)}`, mode: 'write', clock })
}

async function store(warehouse: Warehouse, batches: readonly Reports[]): Promise<void> {
  for (const reports of batches) {
    const state = await loadState(warehouse)
    await warehouse.write((tx) => storeSnapshots(state, tx, { batch: batchOf(reports), logId: 1 }))
  }
}

/** What is stored, by the names of coins, without numbers of commits and places in logs. */
async function facts(warehouse: Warehouse): Promise<readonly string[]> {
  return warehouse.read(async (db) => {
    const coins = await db.selectFrom('instruments').selectAll().execute()
    const names = new Map(coins.map((one) => [one.instrument_id, one.symbol]))
    const rows = [
      ...(await db.selectFrom('silver_snapshots').selectAll().execute()),
      ...(await db.selectFrom('silver_ohlc').selectAll().execute()),
    ]
    const places = { change_seq: 0, log_id: 0, pos: 0, item: 0 }
    return rows
      .map((row) => ({ ...row, ...places, instrument_id: names.get(row.instrument_id) }))
      .map((row) => JSON.stringify(row))
      .toSorted()
  })
}

describe('stored snapshots', () => {
  test.each(SEEDS)('do not depend on order, batches or copies (seed %i)', async (seed) => {
    const random = createRandom(`snapshots ${seed}`)
    const reports = randomReports(random)
    await using once = await openStore(`${seed}-once`)
    await store(once, [reports])
    const hands = random.int(2, 8)
    const snapshots = deal(reports.snapshots, hands, random)
    const ohlc = deal(reports.ohlc, hands, random)
    await using dealt = await openStore(`${seed}-dealt`)
    await store(
      dealt,
      snapshots.map((some, at) => ({ snapshots: some, ohlc: ohlc[at] ?? [] })),
    )
    const expected = await facts(once)
    expect(expected.length).toBeGreaterThan(10)
    expect(await facts(dealt)).toEqual(expected)
  })

  test('are kept for each poll, though nothing has moved', async () => {
    await using warehouse = await openStore('unchanged')
    const snapshot = snapshotOf({ lastUpdatedUs: NOW_US - 30_000_000 })
    const snapshots = [0, 30, 60].map((seconds, pos) => {
      const polledUs = NOW_US + seconds * 1_000_000
      return { venue: 'coingecko', snapshot, polledUs, receivedTimeUs: polledUs + 5, pos }
    })
    await store(warehouse, [{ snapshots, ohlc: [] }])
    const rows = await warehouse.read((db) => {
      return db.selectFrom('silver_snapshots').selectAll().orderBy('time_us').execute()
    })
    expect(rows.map((row) => [row.time_us - NOW_US, row.last_updated_us])).toEqual([
      [0, NOW_US - 30_000_000],
      [30_000_000, NOW_US - 30_000_000],
      [60_000_000, NOW_US - 30_000_000],
    ])
  })

  test('of one coin on two pages of a poll are one, the one received later', async () => {
    await using warehouse = await openStore('pages')
    const page = (price: string, receivedTimeUs: number, pos: number): SnapshotReport => {
      return {
        venue: 'coingecko',
        snapshot: snapshotOf({ price }),
        polledUs: NOW_US,
        receivedTimeUs,
        pos,
      }
    }
    const snapshots = [page('2', NOW_US + 2, 8), page('3', NOW_US + 1, 7)]
    await store(warehouse, [{ snapshots, ohlc: [] }])
    const rows = await warehouse.read((db) =>
      db.selectFrom('silver_snapshots').selectAll().execute(),
    )
    expect(rows).toMatchObject([{ price: '2', time_us: NOW_US, pos: 8 }])
  })

  test('make a coin of an instrument that no listing has told of', async () => {
    await using warehouse = await openStore('coin')
    await store(warehouse, [{ snapshots: [], ohlc: [report(candleOf({}))] }])
    const coins = await warehouse.read((db) => db.selectFrom('instruments').selectAll().execute())
    expect(coins).toMatchObject([
      { venue: 'coingecko', symbol: 'bitcoin', kind: 'coin', quote: 'USD' },
    ])
  })
})

function report(candle: VenueCandle): CandleReport {
  return { venue: 'coingecko', origin: 'rest', receivedTimeUs: NOW_US, candle }
}

describe('figures', () => {
  const at = { polledUs: NOW_US, receivedTimeUs: NOW_US }
  const price = (text: string) => {
    const settled = settleSnapshot(snapshotOf({ price: text }), at)
    return 'reason' in settled ? settled.reason : settled.price
  }

  test.each([
    ['0.1234567890123456785', '0.123456789012345678'],
    ['0.1234567890123456775', '0.123456789012345678'],
    ['0.12345678901234567850000001', '0.123456789012345679'],
    ['0.0000000000000000004', '0'],
    ['84140.83', '84140.83'],
  ])('%s are rounded half-even to 18 decimals: %s', (text, expected) => {
    expect(price(text)).toBe(expected)
  })

  test('are refused beyond the digits that a column has', () => {
    expect(price('100000000000000000000')).toBe('too_precise')
    expect(price('99999999999999999999')).toBe('99999999999999999999')
    expect(settleSnapshot(snapshotOf({ marketCap: '1e26' }), at)).toMatchObject({
      reason: 'too_precise',
    })
  })

  test('of a time that cannot be are refused', () => {
    const early = settleSnapshot(snapshotOf({ source: 'chart', timeUs: 1 }), at)
    expect(early).toMatchObject({ reason: 'time_implausible' })
    const late = settleSnapshot(snapshotOf({ source: 'chart', timeUs: NOW_US + 3e9 }), at)
    expect(late).toMatchObject({ reason: 'time_implausible' })
  })

  test('of candles are rounded and weighed like those of snapshots', () => {
    const long = settleCandle(candleOf({ close: '1.0000000000000000004' }), NOW_US)
    expect(long).toMatchObject({ close: '1' })
    const odd = settleCandle(candleOf({ openTimeUs: 1_790_683_200_000_001 }), NOW_US)
    expect(odd).toMatchObject({ reason: 'bad_time' })
    const none = settleCandle(candleOf({ low: '0.0000000000000000001' }), NOW_US)
    expect(none).toMatchObject({ reason: 'not_positive' })
  })
})
