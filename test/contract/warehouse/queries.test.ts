import { expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { createRandom } from '../../../src/core/random.ts'
import {
  findInstrument,
  type IncidentRow,
  listCandles,
  listIncidents,
  listInstruments,
  listQuarantine,
  listTrades,
  openWarehouse,
  type QuarantineRow,
  type Warehouse,
  warehouseStatus,
  writeCheckpoint,
  writeFoldVersion,
} from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { instrumentRow, MINUTE, minuteRow, tradeInsert, tradeRow, venueCandleRow } from './rows.ts'

const clock = createManualClock(MINUTE)
const MINUTE_US = 60_000_000

suite.each(DIALECTS)('questions asked of $name', (dialect) => {
  const url = useWarehouse(dialect)
  const open = () => openWarehouse({ url: url(), mode: 'write', clock })

  test.each([
    ['coinbase:BTC-USD', 1],
    ['eth-usd', 2],
    ['binance-us:BTC-USDT', 3],
    // Not listed, and so known by its letters alone.
    ['binance-futures:btc-usdt', 4],
    ['binance-futures:BTC-USD', 4],
    ['binance-futures:BTCUSDT', 4],
    ['XBT/USD', 6],
    // A symbol goes before another instrument's base and quote at the same venue.
    ['kraken:SOL-USD', 8],
    ['PEPE-USD', 10],
    ['kraken:BTC-USD', 6],
    ['binance-us:BTC-USD', 3],
    ['DOT-USD', 11],
    ['kraken:DOT/USDC', 11],
  ])('find the instrument that %s means', async (selector, id) => {
    await using warehouse = await open()
    await storeInstruments(warehouse)
    expect((await findInstrument(warehouse, selector)).instrumentId).toBe(id)
  })

  test('name the instruments that a selector may mean', async () => {
    await using warehouse = await open()
    await storeInstruments(warehouse)
    await expect(findInstrument(warehouse, 'BTC-USD')).rejects.toMatchObject({
      code: 'ASSAY_AMBIGUOUS_INSTRUMENT',
      context: { matches: ['coinbase:BTC-USD', 'kraken:XBT/USD'] },
    })
    await expect(findInstrument(warehouse, 'BTC-USDT')).rejects.toMatchObject({
      context: { matches: ['binance-futures:BTCUSDT', 'binance-us:BTCUSDT'] },
    })
    await expect(findInstrument(warehouse, 'kraken:KSM-USD')).rejects.toMatchObject({
      context: { matches: ['kraken:KSM/USDT', 'kraken:KSM/USDC'] },
    })
  })

  test('name what is like an instrument that is unknown', async () => {
    await using warehouse = await open()
    await storeInstruments(warehouse)
    await expect(findInstrument(warehouse, 'BTX-USD')).rejects.toMatchObject({
      code: 'ASSAY_UNKNOWN_PRODUCT',
      context: { near: expect.arrayContaining(['coinbase:BTC-USD']) },
    })
    await expect(findInstrument(warehouse, 'x'.repeat(1_000))).rejects.toMatchObject({
      context: { near: [] },
    })
    expect(await listInstruments(warehouse)).toHaveLength(13)
  })

  test('list candles in order, from either end of a span', async () => {
    await using warehouse = await open()
    const minutes = [0, 1, 2, 3, 5].map((n) =>
      minuteRow({ open_time_us: MINUTE + n * MINUTE_US, trade_count: n }),
    )
    const late = venueCandleRow({ open_time_us: MINUTE + 4 * MINUTE_US, notional: null })
    await warehouse.write(async (tx) => {
      await tx.upsert('silver_candles_1m', minutes)
      await tx.upsert('silver_venue_candles', [late])
    })
    const wanted = { instrumentId: 1, interval: '1m', fromUs: MINUTE, toUs: MINUTE * 2 } as const
    const all = await listCandles(warehouse, { ...wanted, limit: 100 })
    expect(all.map((candle) => candle.trade_count)).toEqual([0, 1, 2, 3, null, 5])
    expect(all[0]).toMatchObject({ open_time: '2026-09-29T13:45:00.000Z', vwap: '1.2' })
    expect(all[4]).toMatchObject({ complete: true, vwap: null, notional: null, close: '100.5' })
    expect(await listCandles(warehouse, { ...wanted, limit: 2 })).toEqual(all.slice(0, 2))
    expect(await listCandles(warehouse, { ...wanted, limit: 2, keep: 'last' })).toEqual(
      all.slice(-2),
    )
    const span = { fromUs: MINUTE + MINUTE_US, toUs: MINUTE + 3 * MINUTE_US }
    expect(await listCandles(warehouse, { ...wanted, ...span, limit: 9 })).toEqual(all.slice(1, 3))
    expect(await listCandles(warehouse, { ...wanted, interval: '1h', limit: 9 })).toEqual([])
  })

  test('list the same candles whatever the limit, from wherever they come', async () => {
    const random = createRandom(11)
    await using warehouse = await open()
    const at = (n: number) => ({ open_time_us: MINUTE + n * MINUTE_US })
    const some = (share: number) =>
      Array.from({ length: 60 }, (_, n) => n).filter(() => random.next() < share)
    await warehouse.write(async (tx) => {
      const ours = some(0.5).map((n) => {
        const source = random.pick(['trades', 'trades', 'unscoped'] as const)
        return minuteRow({ ...at(n), source, complete: random.int(0, 1), trade_count: n })
      })
      await tx.upsert('silver_candles_1m', ours)
      for (const source of [0, 1, 2]) {
        const theirs = some(0.3).map((n) =>
          venueCandleRow({ ...at(n), source, closed: random.int(0, 1), trade_count: n }),
        )
        await tx.upsert('silver_venue_candles', theirs)
      }
    })
    const wanted = { instrumentId: 1, interval: '1m', fromUs: 0, toUs: MINUTE * 2 } as const
    const all = await listCandles(warehouse, { ...wanted, limit: 1000 })
    expect(all.length).toBeGreaterThan(20)
    for (let limit = 0; limit <= all.length + 1; limit += 1) {
      expect(await listCandles(warehouse, { ...wanted, limit })).toEqual(all.slice(0, limit))
      expect(await listCandles(warehouse, { ...wanted, limit, keep: 'last' })).toEqual(
        all.slice(Math.max(0, all.length - limit)),
      )
    }
  })

  test('list trades by time, through their minutes, and by id', async () => {
    await using warehouse = await open()
    await storeTrades(warehouse)
    const span = { instrumentId: 1, fromUs: MINUTE, toUs: MINUTE + 3 * MINUTE_US }
    const all = await listTrades(warehouse, { ...span, limit: 100 })
    // By time, though trade 2 was numbered before trade 1 happened; the last minute is a file's.
    expect(all.map((trade) => trade.tradeId)).toEqual([2, 1, 3, 4, 5, 70, 71])
    expect(all[0]).toMatchObject({ venue: 'coinbase', side: 'buy', log: 'collect', tape: '0' })
    expect(all.at(-1)?.tape).toBe('f'.repeat(64))
    const ids = async (query: object) =>
      (await listTrades(warehouse, { ...span, limit: 3, ...query })).map((one) => one.tradeId)
    expect(await ids({})).toEqual([2, 1, 3])
    expect(await ids({ keep: 'last' })).toEqual([5, 70, 71])
    expect(await ids({ keep: 'last', limit: 6 })).toEqual([1, 3, 4, 5, 70, 71])
    expect(await ids({ fromUs: MINUTE + 11, toUs: MINUTE + MINUTE_US })).toEqual([1, 3])
    const byId = { instrumentId: 1, firstId: 2, lastId: 71 }
    const idsById = async (query: object) =>
      (await listTrades(warehouse, { ...byId, limit: 2, ...query })).map((one) => one.tradeId)
    expect(await idsById({})).toEqual([2, 3])
    expect(await idsById({ keep: 'last' })).toEqual([4, 5])
    expect(await idsById({ tape: 'f'.repeat(64) })).toEqual([70, 71])
  })

  test('list incidents, the newest first, by what is asked', async () => {
    await using warehouse = await open()
    const incident = (from_us: number, more: Partial<IncidentRow> = {}): IncidentRow => ({
      venue: 'kraken',
      from_us,
      cause: 'stale',
      channel: 'trade',
      symbol: 'BTC/USD',
      to_us: from_us + 5,
      detail: '',
      ...more,
    })
    await warehouse.write((tx) =>
      tx.upsert('ops_incidents', [
        incident(10),
        incident(20, { venue: 'coinbase', channel: '', symbol: '', cause: 'silent' }),
        incident(30, { to_us: null }),
      ]),
    )
    const begun = async (query: object) =>
      (await listIncidents(warehouse, { limit: 9, ...query })).map((one) => one.fromUs)
    expect(await begun({})).toEqual([30, 20, 10])
    expect(await begun({ venue: 'kraken' })).toEqual([30, 10])
    expect(await begun({ symbol: 'BTC/USD', limit: 1 })).toEqual([30])
    expect(await begun({ isOpen: true })).toEqual([30])
    expect(await begun({ fromUs: 15, toUs: 30 })).toEqual([20])
    const [silent] = await listIncidents(warehouse, { limit: 1, venue: 'coinbase' })
    expect(silent).toMatchObject({ channel: null, symbol: null, cause: 'silent', toUs: 25 })
  })

  test('find what stands for any of some ids, and the minutes that saw a trade', async () => {
    await using warehouse = await open()
    const row = (trade_id: number, last_id: number | null) => tradeRow({ trade_id, last_id })
    const minute = (n: number) => ({ open_time_us: MINUTE + n * MINUTE_US })
    await warehouse.write(async (tx) => {
      await tx.upsert('silver_trades', [row(3, 5), row(8, null), row(9, 20)])
      await tx.upsert('silver_candles_1m', [
        minuteRow(minute(0)),
        minuteRow({ ...minute(1), trade_count: 0 }),
        minuteRow({ ...minute(2), trade_count: 0 }),
      ])
      await tx.upsert('silver_venue_candles', [
        venueCandleRow(minute(0)),
        venueCandleRow({ ...minute(1), volume: '0', trade_count: null }),
        venueCandleRow({ ...minute(2), closed: 0 }),
        venueCandleRow({ ...minute(9), trade_count: 7 }),
      ])
      const over = async (firstId: number, lastId: number) => {
        const ids = { instrumentId: 1, tapeId: 0, firstId, lastId }
        return (await tx.findTradesOver(ids)).map((trade) => trade.trade_id)
      }
      expect(await over(1, 2)).toEqual([])
      expect(await over(5, 7)).toEqual([3])
      expect(await over(4, 9)).toEqual([3, 8, 9])
      expect(await over(6, 7)).toEqual([])
      const end = MINUTE + 9 * MINUTE_US
      expect(await tx.findTradedMinutes(1, MINUTE, end)).toEqual([MINUTE, MINUTE + 2 * MINUTE_US])
      // A candle without volume counts no trade, where the venue does not count.
      const counts = await tx.findCandleCounts(1, MINUTE, end + 1)
      expect([...counts]).toEqual([
        [MINUTE + MINUTE_US, 0],
        [end, 7],
      ])
    })
  })

  test('count a minute that a closed candle tells of as what that says', async () => {
    await using warehouse = await open()
    const of = (n: number) => ({ open_time_us: MINUTE + n * MINUTE_US })
    const none = { trade_count: 0, complete: 0, status: 'unknown' as const }
    await warehouse.write(async (tx) => {
      await tx.upsert('instruments', [instrumentRow()])
      await tx.upsert(
        'silver_candles_1m',
        [0, 1, 2, 3].map((n) => minuteRow({ ...of(n), ...none })),
      )
      await tx.upsert('silver_venue_candles', [
        venueCandleRow(of(0)),
        venueCandleRow({ ...of(1), volume: '0' }),
        venueCandleRow({ ...of(2), closed: 0 }),
      ])
    })
    const { instruments } = await warehouseStatus(warehouse)
    const minutes = { traded: 1, no_trades: 1, venue_down: 0, unknown: 2, incomplete: 2 }
    expect(instruments[0]?.minutes).toEqual(minutes)
  })

  test('list the quarantine, and sum all up', async () => {
    await using warehouse = await open()
    await storeTrades(warehouse)
    const row = (pos: number, more: Partial<QuarantineRow>): QuarantineRow => ({
      log_id: 1,
      pos,
      item: 0,
      reason: 'not_json',
      detail: '',
      sample: '',
      dialect: 'coinbase/exchange',
      state: 'held',
      received_time_us: MINUTE,
      ...more,
    })
    await warehouse.write(async (tx) => {
      await tx.upsert('silver_quarantine', [
        row(1, {}),
        row(2, { reason: 'conflict' }),
        row(3, { state: 'released' }),
        row(4, {}),
      ])
      await tx.upsert('silver_coverage', [coverage(1, 5), coverage(10, 10)])
      await tx.count({ accepted: 7 })
      await tx.count({ accepted: 1, late: 0 })
      await writeCheckpoint(tx, 'silver', { logId: 1, pos: 9 })
      await writeCheckpoint(tx, 'gold', { pos: 2 })
      await writeFoldVersion(tx.db, 4)
    })
    const positions = async (query: object) =>
      (await listQuarantine(warehouse, { limit: 10, ...query })).map((one) => one.pos)
    expect(await positions({})).toEqual([4, 2, 1])
    expect(await positions({ reason: 'not_json', limit: 1 })).toEqual([4])
    expect(await positions({ state: 'released' })).toEqual([3])
    expect(await warehouseStatus(warehouse)).toEqual({
      generation: warehouse.generation,
      changeSeq: 2,
      foldVersion: 4,
      instruments: [
        {
          instrumentId: 1,
          venue: 'coinbase',
          symbol: 'BTC-USD',
          trades: 6,
          newestUs: MINUTE + 5,
          minutes: { traded: 3, no_trades: 0, venue_down: 0, unknown: 1, incomplete: 1 },
        },
      ],
      checkpoints: [
        { reader: 'gold', log: null, pos: 2 },
        { reader: 'silver', log: 'collect', pos: 9 },
      ].map((one) => expect.objectContaining(one)),
      counters: { accepted: 8 },
      quarantined: { conflict: 1, not_json: 2 },
    })
  })
})

function coverage(first: number, last: number) {
  const times = { first_time_us: MINUTE, last_time_us: MINUTE + 5 }
  return { instrument_id: 1, tape_id: 0, first_id: first, last_id: last, ...times }
}

function storeInstruments(warehouse: Warehouse): Promise<void> {
  const named: [string, string, string | null, string | null, number?][] = [
    ['coinbase', 'BTC-USD', 'BTC', 'USD'],
    ['coinbase', 'ETH-USD', 'ETH', 'USD'],
    ['binance-us', 'BTCUSDT', 'BTC', 'USDT'],
    ['binance-futures', 'BTCUSDT', null, null],
    ['coinbase', 'NEW-USD', null, null],
    ['kraken', 'XBT/USD', 'BTC', 'USD'],
    ['kraken', 'SOLUSD', 'SOL', 'USD'],
    ['kraken', 'SOL-USD', 'OTHER', 'USD'],
    ['coinbase', 'PEPE-USD', 'PEPE', 'USD'],
    ['coinbase', 'PEPE-USD', 'PEPE', 'USD', 500],
    ['kraken', 'DOT/USDC', 'DOT', 'USDC'],
    ['kraken', 'KSM/USDT', 'KSM', 'USDT'],
    ['kraken', 'KSM/USDC', 'KSM', 'USDC'],
  ]
  const rows = named.map(([venue, symbol, base, quote, listed_from_us = 0], index) =>
    instrumentRow({ instrument_id: index + 1, venue, symbol, base, quote, listed_from_us }),
  )
  return warehouse.write((tx) => tx.upsert('instruments', rows))
}

function storeTrades(warehouse: Warehouse): Promise<void> {
  const at = (trade_id: number, offset: number, tape_id = 0) =>
    tradeRow({ trade_id, tape_id, event_time_us: MINUTE + offset })
  return warehouse.write(async (tx) => {
    await tx.upsert('instruments', [instrumentRow()])
    await tx.upsert('ops_logs', [{ log_id: 1, name: 'collect', time_us: MINUTE }])
    await tx.upsert('silver_tapes', [{ tape_id: 1, file_hash: 'f'.repeat(64) }])
    const venue = [at(1, 20), at(2, 10), at(3, 30), at(4, MINUTE_US), at(5, MINUTE_US + 1)]
    await tx.insertTrades(tradeInsert(venue))
    const file = [at(70, 2 * MINUTE_US, 1), at(71, 2 * MINUTE_US + 5, 1)]
    await tx.insertTrades(tradeInsert(file))
    const none = { trade_count: 0, min_id: null, max_id: null, complete: 0 }
    const minute = (n: number) => ({ open_time_us: MINUTE + n * MINUTE_US })
    await tx.upsert('silver_candles_1m', [
      minuteRow({ ...minute(0), min_id: 1, max_id: 3 }),
      minuteRow({ ...minute(1), min_id: 4, max_id: 5 }),
      minuteRow({ ...minute(2), tape_id: 1, min_id: 70, max_id: 71 }),
      minuteRow({ ...minute(3), ...none, status: 'unknown' }),
    ])
  })
}
