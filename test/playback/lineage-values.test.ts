import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Lineage,
  type LineageNode,
  type ReachedTrade,
  type TraceLimits,
  traceValue,
  type ValueQuery,
} from '../../src/assets/lineage/index.ts'
import { openLogReader } from '../../src/bronze/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { formatTimeUs, type IntervalName } from '../../src/market/bucket.ts'
import { IGNORE_EVENTS } from '../../src/market/event.ts'
import type { NewRecord } from '../../src/market/record.ts'
import { decoderOf } from '../../src/venues/index.ts'
import { findInstrument, openWarehouse, type Warehouse } from '../../src/warehouse/index.ts'
import { urlOf } from './folders.ts'
import { importInto, openRefinery, tempFolder, writeLog } from './support.ts'

/** 2026-01-05T10:00:00Z, and two hours of trades from there, one each 7 seconds. */
const HOUR_US = 1_767_607_200_000_000
const SECOND_US = 1_000_000
const TRADES = 1028
/** Ids that the socket never told; REST did. */
const isMissed = (id: number) => id >= 300 && id < 310
const timeOf = (id: number) => HOUR_US + id * 7 * SECOND_US

let frames = 0
function record(at: number, part: Partial<NewRecord>, payload: unknown): NewRecord {
  const base = { dialect: 'coinbase/exchange', channel: 'matches', symbol: 'BTC-USD' }
  frames += 1
  return {
    ...{ ...base, origin: 'ws', receivedTimeUs: at, conn: 'c-1', frame: frames, request: null },
    ...part,
    payload: Buffer.from(JSON.stringify(payload)),
  }
}

const fact = (id: number) => ({
  trade_id: id,
  side: id % 3 === 0 ? 'buy' : 'sell',
  size: `0.${id}`,
  price: `${60_000 + (id % 97)}.5`,
  time: formatTimeUs(timeOf(id)),
})

function match(id: number): NewRecord {
  const ids = { maker_order_id: 'm', taker_order_id: 't', product_id: 'BTC-USD' }
  return record(timeOf(id) + 40_000, {}, { type: 'match', ...fact(id), ...ids, sequence: id * 10 })
}

/** What another product says meanwhile, so that positions do not follow each other. */
function noise(id: number): NewRecord {
  const said = { ...fact(id), product_id: 'ETH-USD', maker_order_id: 'm', taker_order_id: 't' }
  const payload = { type: 'match', ...said, sequence: id }
  return record(timeOf(id) + 50_000, { symbol: 'ETH-USD' }, payload)
}

function page(): NewRecord {
  const rows = Array.from({ length: 10 }, (_, at) => fact(309 - at))
  const url = 'https://api.exchange.coinbase.com/products/BTC-USD/trades?limit=10'
  const part = { dialect: 'coinbase/rest', channel: 'trades', origin: 'rest' as const }
  return record(timeOf(330), { ...part, request: { url, status: 200 } }, rows)
}

function subscribe(): NewRecord {
  const said = { event: 'subscribe', venue: 'coinbase', channel: 'matches', fact: true }
  const part = { dialect: 'assay/self', channel: 'self', symbol: null, origin: 'self' as const }
  return record(HOUR_US - SECOND_US, part, { ...said, symbols: ['BTC-USD', 'ETH-USD'] })
}

let dataDir: string
beforeAll(async () => {
  dataDir = tempFolder()
  const told = Array.from({ length: TRADES }, (_, id) => id)
    .filter((id) => id > 0)
    .flatMap((id) => [...(isMissed(id) ? [] : [match(id)]), ...(id % 5 === 0 ? [noise(id)] : [])])
  const records = [subscribe(), ...told, page()]
  records.sort((a, b) => a.receivedTimeUs - b.receivedTimeUs)
  await writeLog(dataDir, 'collect', records)
  await using refinery = await openRefinery(dataDir)
  await refinery.settle()
})

async function reading<T>(work: (warehouse: Warehouse) => Promise<T>, folder = dataDir) {
  const clock = createManualClock(HOUR_US)
  await using warehouse = await openWarehouse({ url: urlOf(folder), mode: 'read', clock })
  return await work(warehouse)
}

interface Traced {
  readonly lineage: Lineage
  readonly reached: readonly ReachedTrade[]
}

/** Traces a value of BTC-USD, and keeps every trade that is reached. */
function trace(
  query: Omit<ValueQuery, 'instrument'>,
  folder = dataDir,
  limits: TraceLimits = {},
): Promise<Traced> {
  return reading(async (warehouse) => {
    const instrument = await findInstrument(warehouse, 'coinbase:BTC-USD')
    const reached: ReachedTrade[] = []
    const onTrade = (trade: ReachedTrade) => void reached.push(trade)
    const options = { dataDir: folder, onTrade, ...limits }
    const lineage = await warehouse.read((db) => traceValue(db, { ...query, instrument }, options))
    return { lineage, reached }
  }, folder)
}

const candle = (interval: IntervalName, timeUs: number) =>
  ({ dataset: 'gold.candles', interval, timeUs }) as const

function* nodesOf(node: LineageNode): Generator<LineageNode> {
  yield node
  for (const below of node.made_from) yield* nodesOf(below)
}

function nodes(lineage: Lineage, dataset: string): LineageNode[] {
  return [...nodesOf(lineage.tree)].filter((node) => node.dataset === dataset)
}

const idsOf = (trades: readonly ReachedTrade[]) =>
  trades.map((trade) => trade.trade_id).sort((a, b) => a - b)
const idsWithin = (fromUs: number, toUs: number) =>
  Array.from({ length: TRADES }, (_, id) => id).filter(
    (id) => id > 0 && timeOf(id) >= fromUs && timeOf(id) < toUs,
  )

describe('the lineage of a candle', () => {
  test('reaches every trade of the hour exactly once', async () => {
    const { lineage, reached } = await trace(candle('1h', HOUR_US + 1_234_567))
    const ids = idsWithin(HOUR_US, HOUR_US + 3_600_000_000)
    expect(idsOf(reached)).toEqual(ids)
    expect(lineage.totals.trades).toBe(ids.length)
    expect(lineage.row).toMatchObject({ trade_count: ids.length, open_time_us: HOUR_US })
    const [trades] = nodes(lineage, 'silver.trades')
    expect(trades?.ids).toEqual([
      {
        tape: '0',
        trades: ids.length,
        ranges: [{ first_id: 1, last_id: ids.at(-1), trades: ids.length }],
        left_out: 0,
      },
    ])
  })

  test('climbs down the ladder of intervals to the minutes', async () => {
    const { lineage } = await trace(candle('1h', HOUR_US))
    const ladder = [...nodesOf(lineage.tree)].slice(0, 5)
    expect(ladder.map(({ what, rows }) => [what, rows])).toEqual([
      ['candles of 1h', 1],
      ['candles of 30m', 2],
      ['candles of 15m', 4],
      ['candles of 5m', 12],
      ['minutes, by precedence', 60],
    ])
  })

  test('names positions that, read back from the log, hold those trades', async () => {
    const all = { rangesMax: 10_000 }
    const { lineage, reached } = await trace(candle('1h', HOUR_US), dataDir, all)
    using reader = openLogReader({ dataDir, name: 'collect' })
    const held = new Map<number, number[]>()
    const cited = new Set(reached.map(({ pos }) => pos))
    const listed = nodes(lineage, 'bronze.log').flatMap(({ records }) => records?.ranges ?? [])
    const positions = listed.flatMap(({ first_pos, last_pos }) =>
      Array.from({ length: last_pos - first_pos + 1 }, (_, at) => first_pos + at),
    )
    expect(positions.toSorted((a, b) => a - b)).toEqual([...cited].sort((a, b) => a - b))
    for (const pos of positions) {
      const found = reader.record(pos)
      if (found === null) throw new Error(`nothing at ${pos}`)
      const ids: number[] = []
      const trade = ({ tradeId }: { readonly tradeId: number }) => void ids.push(tradeId)
      decoderOf(found.dialect)(found, { ...IGNORE_EVENTS, trade })
      held.set(pos, ids)
    }
    for (const trade of reached) expect(held.get(trade.pos)?.[trade.item]).toBe(trade.trade_id)
    expect(lineage.totals.records).toBe(cited.size)
  })

  test('tells repaired trades, and the answer they came by, from those of the socket', async () => {
    const { lineage } = await trace(candle('1h', HOUR_US))
    const [trades] = nodes(lineage, 'silver.trades')
    expect(trades?.notes).toEqual(['10 that the socket never told came over REST'])
    const [ws, rest] = nodes(lineage, 'bronze.log').map(({ records }) => records)
    expect(rest).toMatchObject({ log: 'collect', origin: 'rest', records: 1, facts: 10 })
    expect(rest?.dialects).toEqual(['coinbase/rest'])
    expect(rest?.requests[0]?.url).toContain('/products/BTC-USD/trades')
    expect(ws).toMatchObject({ origin: 'ws', facts: lineage.totals.trades - 10, lost: 0 })
    expect(ws?.dialects).toEqual(['coinbase/exchange'])
    expect(ws?.received_from).toBe(formatTimeUs(timeOf(1) + 40_000))
    const [minutes] = nodes(lineage, 'silver.candles_1m')
    expect(minutes?.notes.join()).toContain('repaired')
  })

  test('of a day reaches every trade once, and lists no more than it is allowed', async () => {
    const { reached } = await trace(candle('1d', HOUR_US))
    expect(idsOf(reached)).toEqual(idsWithin(0, Number.MAX_SAFE_INTEGER))
    const lineage = await reading(async (warehouse) => {
      const instrument = await findInstrument(warehouse, 'coinbase:BTC-USD')
      const query = { ...candle('1d', HOUR_US), instrument }
      const options = { dataDir, rowsMax: 3, rangesMax: 2, sourcesMax: 4 }
      return warehouse.read((db) => traceValue(db, query, options))
    })
    for (const node of nodesOf(lineage.tree)) {
      expect(node.listed.length).toBeLessThanOrEqual(3)
      if (node.records === null) expect(node.listed.length + node.left_out).toBe(node.rows)
      else expect(node.records.ranges.length).toBeLessThanOrEqual(2)
    }
    const [ws] = nodes(lineage, 'bronze.log').map(({ records }) => records)
    expect(ws).toMatchObject({ joined: true })
    expect(ws?.ranges.reduce((sum, range) => sum + range.records, 0)).toBe(ws?.records)
    expect(lineage.sources.map(({ time }) => time)).toEqual(
      [1, 2, 3, 4].map((id) => formatTimeUs(timeOf(id))),
    )
  })

  test('that is not there says which are nearest', async () => {
    const asked = trace(candle('1h', HOUR_US - 86_400_000_000))
    await expect(asked).rejects.toMatchObject({
      code: 'ASSAY_NO_SUCH_ROW',
      message:
        'no 1h candle of coinbase:BTC-USD at 2026-01-04T10:00:00.000Z; the nearest: ' +
        '2026-01-05T09:00:00.000Z',
    })
  })
})

describe('the lineage of facts', () => {
  test('of a minute and of a trade is a part of the hour’s', async () => {
    const minute = await trace({ dataset: 'silver.candles_1m', timeUs: HOUR_US + 61 * SECOND_US })
    expect(idsOf(minute.reached)).toEqual(
      idsWithin(HOUR_US + 60 * SECOND_US, HOUR_US + 120 * SECOND_US),
    )
    const one = await trace({ dataset: 'silver.trades', timeUs: timeOf(305) })
    expect(idsOf(one.reached)).toEqual([305])
    expect(one.lineage.sources).toMatchObject([{ kind: 'trade', item: 4 }])
    const byId = await trace({ dataset: 'silver.trades', timeUs: 0, tradeId: 305 })
    expect(byId.lineage.tree).toEqual(one.lineage.tree)
    const none = trace({ dataset: 'silver.trades', timeUs: timeOf(305) + 1 })
    await expect(none).rejects.toMatchObject({
      context: { nearest: [formatTimeUs(timeOf(305)), formatTimeUs(timeOf(306))] },
    })
  })

  test('names runs that made the partitions, its own first', async () => {
    const folder = tempFolder()
    await writeLog(folder, 'collect', [subscribe(), ...[1, 2, 3].map(match)])
    await using refinery = await openRefinery(folder)
    await refinery.settle()
    const partition = (asset: string, atUs: number) => ({
      ...{ asset, partition_us: atUs, run_id: `run of ${asset}`, code_version: '1' },
      ...{ input_version: 'i', output_version: 'o', rows: 3, materialized_us: atUs },
    })
    await refinery.warehouse.write((tx) =>
      tx.upsert('ops_partitions', [
        partition('gold.candles_1h', HOUR_US),
        partition('gold.candles_1h', HOUR_US + 3_600_000_000),
        partition('silver.trades', HOUR_US),
        partition('gold.candles_4h', HOUR_US - (HOUR_US % 86_400_000_000)),
      ]),
    )
    const { lineage } = await trace(candle('1h', HOUR_US), folder)
    expect(lineage.runs.map(({ asset, partition: key }) => `${asset} ${key}`)).toEqual([
      'gold.candles_1h 2026-01-05T10',
      'silver.trades 2026-01-05T10',
    ])
    const day = await trace(candle('4h', HOUR_US), folder)
    expect(day.lineage.runs[0]).toMatchObject({ partition: '2026-01-05', state: null })
    expect(day.lineage.runs.length).toBe(4)
  })
})

describe('a venue’s candle that stands for minutes', () => {
  test('is told as such, found in the log, and the trades it beats are not counted', async () => {
    const folder = tempFolder()
    const path = join(folder, 'klines.csv')
    const minute = (at: number) => HOUR_US + at * 60 * SECOND_US
    const lines = [0, 1, 2].map((at) => `${minute(at)},1,2,0.5,1.5,7,9`)
    writeFileSync(path, ['open_time,open,high,low,close,volume,count', ...lines].join('\n'))
    const columns = {
      ...Object.fromEntries(['open', 'high', 'low', 'close', 'volume'].map((one) => [one, one])),
      ...{ open_time: 'open_time:us', trade_count: 'count' },
    }
    const venue = { venue: 'coinbase', symbol: 'BTC-USD' }
    await importInto(folder, { path, ...venue, kind: 'klines', columns })
    await writeLog(folder, 'collect', [subscribe(), match(2), match(4), match(300)])
    await using refinery = await openRefinery(folder)
    await refinery.settle()
    const { lineage } = await trace(candle('5m', HOUR_US), folder)
    expect(lineage.row).toMatchObject({ volume: '21', trade_count: 27 })
    expect(lineage.totals).toMatchObject({ trades: 0, venue_candles: 3 })
    const [minutes] = nodes(lineage, 'silver.candles_1m')
    expect(minutes?.notes.join()).toContain('2 trades of 1 minutes are held and not used')
    const [candles] = nodes(lineage, 'silver.venue_candles')
    expect(candles).toMatchObject({ what: 'candles of the venue, import', rows: 3 })
    const [records] = nodes(lineage, 'bronze.log')
    expect(records?.records).toMatchObject({ log: 'import', origin: 'import', facts: 3 })
    expect(records?.records?.requests[0]?.url).toBe('klines.csv')
  })
})
