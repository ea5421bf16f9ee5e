import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { createManualClock } from '../../src/core/clock.ts'
import { formatTimeUs, MINUTE_US, parseTimeUs } from '../../src/market/bucket.ts'
import type { Instrument } from '../../src/market/instrument.ts'
import { type Difference, reconcile } from '../../src/quality/reconcile.ts'
import {
  type IncidentRow,
  type InstrumentRow,
  listInstruments,
  type MinuteRow,
  openWarehouse,
  type ScopeRow,
  type VenueCandleRow,
  type Warehouse,
} from '../../src/warehouse/index.ts'
import { instrumentRow, minuteRow, venueCandleRow } from '../contract/warehouse/rows.ts'
import { urlOf } from '../playback/folders.ts'
import { tempFolder } from '../playback/support.ts'
import { assay, assayJson } from './bad-support.ts'

/** 2026-11-20T22:58:00Z: three minutes on, another day begins. */
const START_US = parseTimeUs('2026-11-20T23:58:00Z') as number
const WS = 0
const REST = 1
const at = (minute: number) => START_US + minute * MINUTE_US

/** What a warehouse is filled with. */
interface Rows {
  readonly instruments: readonly InstrumentRow[]
  readonly minutes?: readonly MinuteRow[]
  readonly candles?: readonly VenueCandleRow[]
  readonly scopes?: readonly ScopeRow[]
  readonly incidents?: readonly IncidentRow[]
}

/** Fills a new warehouse, all of whose logs were read an hour later, and returns its folder. */
async function filled(rows: Rows): Promise<string> {
  const dataDir = tempFolder()
  await using warehouse = await openFilled(dataDir, 'write')
  await warehouse.write(async (tx) => {
    await tx.upsert('instruments', rows.instruments)
    await tx.upsert('silver_candles_1m', rows.minutes ?? [])
    await tx.upsert('silver_venue_candles', rows.candles ?? [])
    await tx.upsert('silver_scopes', rows.scopes ?? [])
    await tx.upsert('ops_incidents', rows.incidents ?? [])
    await tx.upsert('ops_logs', [{ log_id: 1, name: 'collect', time_us: at(60) }])
  })
  return dataDir
}

function openFilled(dataDir: string, mode: 'read' | 'write'): Promise<Warehouse> {
  return openWarehouse({ url: urlOf(dataDir), mode, clock: createManualClock(at(60)) })
}

/** Ten minutes for whose trades we answer. */
const SCOPE: ScopeRow = {
  instrument_id: 1,
  tape_id: 0,
  cause: 'live',
  evidence: 'collect',
  from_us: START_US,
  to_us: at(10),
  subscribed_us: START_US,
  unsubscribed_us: null,
}

const FACTS = { open: '100', high: '101', low: '99', close: '100.5', volume: '7', trade_count: 4 }
const SUMS = { notional: '701', taker_buy_volume: '3' }

const ours = (minute: number, row: Partial<MinuteRow> = {}) =>
  minuteRow({ open_time_us: at(minute), ...FACTS, ...SUMS, ...row })

const empty = (minute: number, row: Partial<MinuteRow> = {}) =>
  ours(minute, {
    ...{ open: null, high: null, low: null, close: null, volume: '0', notional: '0' },
    ...{ taker_buy_volume: '0', trade_count: 0, status: 'no_trades', min_id: null, max_id: null },
    ...row,
  })

const theirs = (minute: number, source: number, row: Partial<VenueCandleRow> = {}) =>
  venueCandleRow({
    ...{ open_time_us: at(minute), source, received_time_us: at(minute + 1) + source, ...FACTS },
    ...{ notional: '701', taker_buy_volume: '3' },
    ...row,
  })

const flat = (minute: number, source: number) =>
  theirs(minute, source, {
    ...{ open: '100', high: '100', low: '100', close: '100', volume: '0', notional: '0' },
    ...{ taker_buy_volume: '0', trade_count: 0 },
  })

async function reconciled(venue: string, rows: Omit<Rows, 'instruments' | 'scopes'>) {
  const symbol = venue === 'kraken' ? 'BTC/USD' : 'BTC-USD'
  const instruments = [instrumentRow({ venue, symbol, price_step: '0.1' })]
  const dataDir = await filled({ instruments, scopes: [SCOPE], ...rows })
  await using warehouse = await openFilled(dataDir, 'read')
  const [instrument] = (await listInstruments(warehouse)) as [Instrument]
  const differences: Difference[] = []
  const result = await reconcile(warehouse, {
    ...{ instrument, fromUs: at(-60), toUs: at(600), graceUs: 0 },
    onDifference: (difference) => differences.push(difference),
  })
  const told = differences.map(({ openTimeUs, source, label, fields }) => {
    const minute = (openTimeUs - START_US) / MINUTE_US
    return { minute, source, label, fields: fields.map(({ field }) => field).join(' ') }
  })
  return { ...result, told, dataDir }
}

const tally = (compared: number, equal: number, none = 0) => ({
  ...{ compared, equal, empty: none, differing: compared - equal },
})

describe('a difference between our candle and the venue’s is labelled', () => {
  test('missed_trades where ours lacks some and says so', async () => {
    const { told, sources, labels } = await reconciled('binance-us', {
      minutes: [
        ours(0, { complete: 0, trade_count: 3, volume: '6' }),
        empty(1, { complete: 0, status: 'unknown' }),
      ],
      candles: [theirs(0, WS), theirs(1, REST)],
    })
    expect(told).toEqual([
      { minute: 0, source: 'ws', label: 'missed_trades', fields: 'volume trade_count' },
      { minute: 1, source: 'rest', label: 'missed_trades', fields: 'status' },
    ])
    expect(sources.ws).toEqual(tally(1, 0))
    expect(labels.missed_trades).toBe(2)
  })

  test('venue_revised where a later candle of the venue’s is ours', async () => {
    const { told, threeWay } = await reconciled('binance-us', {
      minutes: [ours(0)],
      candles: [theirs(0, WS, { close: '100.4', trade_count: 3 }), theirs(0, REST)],
    })
    expect(told).toEqual([
      { minute: 0, source: 'ws', label: 'venue_revised', fields: 'close trade_count' },
    ])
    expect(threeWay).toMatchObject({ ws_apart: 1 })
  })

  test('venue_inconsistent where an earlier one is ours, or ours is proven', async () => {
    const { told, threeWay } = await reconciled('binance-us', {
      minutes: [ours(0), ours(1), ours(2, { complete: 0 })],
      candles: [
        theirs(0, WS),
        theirs(0, REST, { high: '102' }),
        theirs(1, REST, { volume: '6' }),
        theirs(2, REST, { trade_count: 3 }),
      ],
    })
    expect(told.map(({ label, minute }) => [minute, label])).toEqual([
      [0, 'venue_inconsistent'],
      [1, 'venue_inconsistent'],
      [2, 'venue_inconsistent'],
    ])
    expect(threeWay).toMatchObject({ rest_apart: 1 })
  })

  test('ours where socket and REST agree against it though it is thought complete', async () => {
    const wrong = { low: '98' }
    const { told, threeWay, dataDir } = await reconciled('binance-us', {
      minutes: [ours(0)],
      candles: [theirs(0, WS, wrong), theirs(0, REST, wrong)],
    })
    expect(told.map(({ label, source }) => [source, label])).toEqual([
      ['ws', 'ours'],
      ['rest', 'ours'],
    ])
    expect(threeWay).toEqual({
      ...{ all_equal: 0, ours_apart: 1, ws_apart: 0, rest_apart: 0, all_apart: 0 },
    })
    const args = ['reconcile', '--from', '2026-11-20', '--to', '2026-11-22', '--data', dataDir]
    const { status, stdout } = await assay(...args, '--json')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      labels: { ours: 2 },
      three_way: { ours_apart: 1 },
      differences: [{ venue: 'binance-us', fields: 'low 99 / 98' }, { source: 'rest' }],
    })
    const people = await assay(...args, '--limit', '1')
    expect(people.stdout).toMatch(/The first 1 of 2/)
    expect(people.stdout).toMatch(/ours against socket and REST +1/)
  })

  test('all_apart where no two of the three agree', async () => {
    const { threeWay, labels } = await reconciled('binance-us', {
      minutes: [ours(0)],
      candles: [theirs(0, WS, { close: '1' }), theirs(0, REST, { close: '2' })],
    })
    expect(threeWay.all_apart).toBe(1)
    expect(labels.venue_inconsistent).toBe(2)
  })
})

describe('a venue’s own rules decide what is equal', () => {
  test('Coinbase leaves out a minute without trades, and must not leave out one with', async () => {
    const minutes = [ours(0), empty(1), empty(2), ours(3), ours(4), ours(5)]
    const told = (minute: number) =>
      theirs(minute, REST, { notional: null, taker_buy_volume: null, trade_count: null })
    const result = await reconciled('coinbase', {
      minutes,
      candles: [told(0), told(3), told(5)],
    })
    expect(result.sources.rest).toEqual(tally(6, 5, 2))
    expect(result.told).toEqual([
      { minute: 4, source: 'rest', label: 'venue_inconsistent', fields: 'status' },
    ])
  })

  test('several minutes left out in which we hold trades were never asked for', async () => {
    const minutes = [0, 1, 2, 3, 4].map((minute) => ours(minute))
    const result = await reconciled('coinbase', {
      minutes,
      candles: [theirs(0, REST), theirs(4, REST)],
    })
    expect(result.sources.rest).toEqual(tally(2, 2))
  })

  test('Binance tells an empty minute as a flat candle; one left out tells nothing', async () => {
    const result = await reconciled('binance-us', {
      minutes: [ours(0), empty(1), ours(2), ours(3), ours(4)],
      candles: [...[0, 2, 4].map((minute) => theirs(minute, REST)), flat(1, REST), flat(9, REST)],
    })
    expect(result.sources.rest).toEqual(tally(5, 5, 2))
    expect(result.told).toEqual([])
  })

  test('a flat candle over trades of ours is a difference', async () => {
    const result = await reconciled('binance-us', { minutes: [ours(0)], candles: [flat(0, REST)] })
    expect(result.told).toMatchObject([{ label: 'venue_inconsistent', fields: 'status' }])
  })

  test('Kraken cuts its average to the price step, and does not round it', async () => {
    // 701 / 7 is 100.142857…; 100.1 is that cut, 100.2 is not.
    const told = (minute: number, vwap: string) => theirs(minute, REST, { vwap, notional: null })
    const result = await reconciled('kraken', {
      minutes: [ours(0), ours(1), ours(2, { notional: '701.3' })],
      // 701.3 / 7 is 100.1857…: rounded it would be 100.2.
      candles: [told(0, '100.1'), told(1, '100.2'), told(2, '100.1')],
    })
    expect(result.told).toMatchObject([{ minute: 1, fields: 'vwap' }])
  })

  test('numbers are compared, not texts', async () => {
    const result = await reconciled('coinbase', {
      minutes: [ours(0)],
      candles: [theirs(0, REST, { open: '100.00', volume: '7.0' })],
    })
    expect(result.sources.rest).toEqual(tally(1, 1))
  })
})

describe('left out of a comparison are', () => {
  test('open candles, minutes that are not over, and spans we do not answer for', async () => {
    const result = await reconciled('binance-us', {
      minutes: [ours(0)],
      candles: [
        theirs(0, WS, { close: '1', closed: 0 }),
        theirs(60, REST),
        // Of an imported file of candles, before anything was collected.
        theirs(-30, 2),
        theirs(12, REST),
      ],
    })
    expect(result.sources).toEqual({ ws: tally(0, 0), rest: tally(0, 0), import: tally(0, 0) })
  })
})

const EXPORTED: Rows = {
  instruments: [
    instrumentRow({ venue: 'kraken', symbol: 'BTC/USD', base: 'BTC', quote: 'USD' }),
    instrumentRow({
      ...{ instrument_id: 2, venue: 'binance-us', symbol: '1000REKTUSDT' },
      ...{ base: 'REKT', quote: 'USDT', multiplier: 1000 },
    }),
    instrumentRow({ instrument_id: 3, venue: 'odd', symbol: 'A/B=%', base: null, quote: null }),
  ],
  minutes: [
    ours(0),
    empty(1),
    empty(2, { status: 'venue_down' }),
    empty(3, { status: 'unknown', complete: 0 }),
    ours(0, { instrument_id: 2 }),
    ours(0, { instrument_id: 3 }),
  ],
}
const DAY = 'year=2026/month=11/day=20/hour=23/candles.jsonl'
const NEXT_DAY = 'year=2026/month=11/day=21/hour=00/candles.jsonl'
const SPAN = ['--from', '2026-11-20T23:58', '--to', '2026-11-21T00:02']

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
}

describe('an export of candles', () => {
  let data: readonly string[]
  beforeAll(async () => {
    data = ['--data', await filled(EXPORTED)]
  })

  test('is a file for each instrument and hour, in the product’s folders', async () => {
    const out = tempFolder()
    const report = await assayJson('export', 'candles', '--out', out, ...SPAN, ...data)
    expect(report).toEqual({ out, instruments: 3, files: 4, rows: 6 })
    expect(filesBelow(out)).toEqual([
      `exchange=binance-us/symbol=REKT-USDT/interval_minutes=1/${DAY}`,
      `exchange=kraken/symbol=BTC-USD/interval_minutes=1/${DAY}`,
      `exchange=kraken/symbol=BTC-USD/interval_minutes=1/${NEXT_DAY}`,
      `exchange=odd/symbol=A%2FB%3D%25/interval_minutes=1/${DAY}`,
    ])
  })

  test('holds exact decimals, what is truly quoted, and why a minute has no trades', async () => {
    const out = tempFolder()
    await assayJson('export', 'candles', '--out', out, ...SPAN, ...data)
    const read = (path: string) =>
      readFileSync(join(out, path), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    const kraken = 'exchange=kraken/symbol=BTC-USD/interval_minutes=1'
    expect(read(`${kraken}/${DAY}`)).toEqual([
      {
        ...{ venue: 'kraken', symbol: 'BTC/USD', base: 'BTC', quote: 'USD', multiplier: 1 },
        ...{ open_time: '2026-11-20T23:58:00.000Z', ...FACTS, ...SUMS },
        ...{ vwap: '100.142857142857142857', status: 'traded', complete: true, revision: 0 },
      },
      expect.objectContaining({ status: 'no_trades', open: null, volume: '0', trade_count: 0 }),
    ])
    expect(read(`${kraken}/${NEXT_DAY}`)).toMatchObject([
      { open_time: '2026-11-21T00:00:00.000Z', status: 'venue_down', close: null },
      { open_time: '2026-11-21T00:01:00.000Z', status: 'unknown', complete: false },
    ])
    const rekt = `exchange=binance-us/symbol=REKT-USDT/interval_minutes=1/${DAY}`
    expect(read(rekt)).toMatchObject([{ symbol: '1000REKTUSDT', quote: 'USDT', multiplier: 1000 }])
  })

  test('is the same bytes again, and leaves no part of a file', async () => {
    const out = tempFolder()
    const bytes = () => filesBelow(out).map((path) => readFileSync(join(out, path), 'utf8'))
    await assayJson('export', 'candles', '--out', out, ...SPAN, ...data)
    const first = bytes()
    await assayJson('export', 'candles', '--out', out, ...SPAN, ...data)
    expect(bytes()).toEqual(first)
    expect(filesBelow(out).filter((path) => path.endsWith('.part'))).toEqual([])
  })

  test('may be of some instruments, of one venue, or of nothing', async () => {
    const to = (...more: string[]) =>
      assayJson('export', 'candles', ...more, '--out', tempFolder(), ...SPAN, ...data)
    expect(await to('kraken:BTC-USD')).toMatchObject({ instruments: 1, files: 2, rows: 4 })
    // What is quoted in USDT answers to the name in USD where nothing else does.
    expect(await to('REKT-USD')).toMatchObject({ instruments: 1, rows: 1 })
    expect(await to('--venue', 'odd')).toMatchObject({ instruments: 1, rows: 1 })
    expect(await to('--venue', 'nobody')).toMatchObject({ instruments: 0, files: 0, rows: 0 })
  })

  test('that ends within an hour gives the file of that hour whole', async () => {
    const out = tempFolder()
    const some = ['--from', '2026-11-20T23:59', '--to', '2026-11-21T00:01']
    const report = await assayJson('export', 'candles', '--out', out, ...some, ...data)
    expect(report).toMatchObject({ files: 4, rows: 6 })
  })

  test('into what cannot be written fails with its cure', async () => {
    const folder = tempFolder()
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const closed = join(folder, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0o500)
    const places = process.getuid?.() === 0 ? [file] : [file, closed]
    for (const place of places) {
      const { status, stdout, stderr } = await assay(
        ...['export', 'candles', '--out', place, ...SPAN, ...data, '--json'],
      )
      expect(status).toBe(1)
      expect(JSON.parse(stdout).error.code).toBe('ASSAY_READ_ONLY')
      expect(stderr).toContain('hint: ')
    }
  })
})

describe('incidents', () => {
  const incident = (row: Partial<IncidentRow>): IncidentRow => ({
    ...{ venue: 'kraken', from_us: at(0), cause: 'stale', channel: 'trade', symbol: 'BTC/USD' },
    ...{ to_us: at(1), detail: 'nothing for 9 s' },
    ...row,
  })
  const incidents = [
    incident({ from_us: at(0), to_us: null, cause: 'refused' }),
    incident({ from_us: at(3) }),
    incident({ from_us: at(5), venue: 'coinbase', channel: '', symbol: '', cause: 'silent' }),
    incident({ from_us: at(9), to_us: at(9) + 1500 }),
  ]

  async function shown(...args: readonly string[]) {
    const instruments = [instrumentRow({ venue: 'kraken', symbol: 'BTC/USD' })]
    const dataDir = await filled({ instruments, incidents, minutes: [ours(0)] })
    return assayJson('incidents', ...args, '--data', dataDir)
  }

  test('are told with their times and causes, those that last first', async () => {
    const rows = await shown()
    expect(rows.map(({ cause }: { cause: string }) => cause)).toEqual([
      ...['refused', 'stale', 'silent', 'stale'],
    ])
    expect(rows[0]).toEqual({
      ...{ venue: 'kraken', cause: 'refused', channel: 'trade', symbol: 'BTC/USD' },
      ...{ from: formatTimeUs(at(0)), to: null, seconds: null, detail: 'nothing for 9 s' },
    })
    expect(rows[1]).toMatchObject({ seconds: 0.0015 })
    expect(rows[2]).toMatchObject({ venue: 'coinbase', channel: null, symbol: null })
  })

  test('are narrowed by venue, by time, to those that last, and to a number', async () => {
    expect(await shown('--venue', 'coinbase')).toHaveLength(1)
    expect(await shown('--open')).toHaveLength(1)
    expect(await shown('--from', formatTimeUs(at(7)))).toHaveLength(2)
    expect(await shown('--to', formatTimeUs(at(5)))).toHaveLength(2)
    expect(await shown('--limit', '2')).toMatchObject([{ cause: 'refused' }, { cause: 'stale' }])
  })

  test('and the venues they are of stand in the status', async () => {
    const instruments = [instrumentRow({ venue: 'kraken', symbol: 'BTC/USD' })]
    const dataDir = await filled({ instruments, incidents, minutes: [ours(0)] })
    const { warehouse } = await assayJson('status', '--data', dataDir)
    expect(warehouse.venues).toEqual([
      {
        ...{ venue: 'kraken', instruments: 1, trades: 0, snapshots: 0, newest: null },
        ...{ gaps_open: 0, incidents_open: 1 },
      },
    ])
    expect(warehouse.incidents).toMatchObject([{ venue: 'kraken', cause: 'refused', to: null }])
    const { stdout } = await assay('incidents', '--data', dataDir)
    expect(stdout).toMatch(/kraken +refused +trade +BTC\/USD +2026-11-20 23:58:00 +lasts/)
  })
})
