import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forEachRecord, openJournal, openLogReader } from '../bronze/index.ts'
import { createManualClock } from '../core/clock.ts'
import type { RawRecord } from '../market/record.ts'
import { createTradeSlot } from '../market/trade.ts'
import type { Decoder, Feed, Venue } from '../venues/venue.ts'
import type { ReplayOptions, ReplayResult } from './replay.ts'
import { replayCapture } from './replay.ts'
import { countFrames } from './replay-count.ts'
import { parseSubscribe } from './replay-subscribe.ts'

const WIRE = resolve(import.meta.dirname, '../../../shared/data/wire')
const NOW_US = 1_790_000_000_000_000

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-replay-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A venue that knows just enough to be replayed: two feeds, frames typed by `type`. */
const decode: Decoder = (record, sink) => {
  const { type } = JSON.parse(
    Buffer.from(record.bytes.subarray(record.start, record.end)).toString(),
  )
  if (type === 'subscriptions') return 'control'
  if (type === 'bad') return 'rejected'
  if (type !== 'match' && type !== 'last_match') return 'raw_only'
  sink.trade(createTradeSlot())
  return 'event'
}

function feed(dialect: string, factChannel: string): Feed {
  const route = (frame: Uint8Array) => {
    const { type = 'unknown', product_id = null } = JSON.parse(Buffer.from(frame).toString())
    return { kind: 'data', channel: type, symbol: product_id, lastId: -1, eventTimeUs: 0 } as const
  }
  return { dialect, factChannel, route, url: `wss://${dialect}` } as unknown as Feed
}

const venue = {
  id: 'coinbase',
  feeds: {
    exchange: feed('coinbase/exchange', 'matches'),
    advanced: feed('coinbase/advanced', 'market_trades'),
  },
  decoders: { 'coinbase/exchange': decode },
  classify: (url: string, kind: string) => {
    if (kind === 'rest') return { dialect: 'coinbase/rest', channel: 'products' }
    const dialect = url.includes('advanced-trade-ws') ? 'coinbase/advanced' : 'coinbase/exchange'
    return { dialect, channel: 'unknown' }
  },
} as unknown as Venue

interface Replayed {
  result: ReplayResult
  records: RawRecord[]
  diary: Record<string, unknown>[]
  counts: ReturnType<typeof countFrames>
}

async function run(path: string, over: Partial<ReplayOptions> = {}): Promise<Replayed> {
  const dataDir = mkdtempSync(join(folder, 'data-'))
  const clock = createManualClock(NOW_US)
  await using journal = await openJournal({ dataDir, name: 'replay', clock, commitWindowMs: 0 })
  const result = await replayCapture({ path, venue, journal, clock, version: '1.0.0', ...over })
  const records: RawRecord[] = []
  using reader = openLogReader({ dataDir, name: 'replay' })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, (record) => {
      const bytes = Buffer.from(record.bytes.subarray(record.start, record.end))
      records.push({ ...record, bytes, start: 0, end: bytes.length })
    })
  }
  const diary = records
    .filter(({ origin }) => origin === 'self')
    .map(({ bytes, receivedTimeUs }) => ({
      ...JSON.parse(Buffer.from(bytes).toString()),
      receivedTimeUs,
    }))
  const decoderOf = (dialect: string) => venue.decoders[dialect]
  const range = { fromPos: result.firstPos, toPos: result.endPos }
  return { result, records, diary, counts: countFrames({ reader, ...range, decoderOf }) }
}

function write(name: string, lines: readonly unknown[]): string {
  const path = join(folder, name)
  writeFileSync(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  )
  return path
}

const SUBSCRIBE = { type: 'subscribe', product_ids: ['BTC-USD', 'ETH-USD'], channels: ['matches'] }
const MATCH = '{"type":"match","product_id":"BTC-USD","price":"1.50" }'

test('keeps a capture’s own times and bytes, and ends its subscriptions with it', async () => {
  const addr = 'wss://ws-feed.pro.coinbase.com'
  const path = write('capture.jsonl', [
    { t: 'header', exchange: 'COINBASE' },
    {
      t: 'http',
      conn: 'A',
      ts: 1618677816.5,
      url: 'https://api.pro.coinbase.com/products',
      data: '[]',
    },
    { t: 'connect', conn: 'B', ts: 1618677816.8434298, addr },
    { t: 'send', conn: 'B', ts: 1618677817.020616, addr, data: JSON.stringify(SUBSCRIBE) },
    { t: 'recv', conn: 'B', ts: 1618677817.0618958, data: MATCH },
    { t: 'recv', conn: 'B', ts: 1618677817.1, data: '{"type":"bad"}' },
    'not a line of a capture',
    `{"t":"recv","conn":"B","ts":1618677847.84646999999,"data":"{\\"type\\":\\"ticker\\"}"}`,
  ])
  const { result, records, diary, counts } = await run(path)
  expect(result).toMatchObject({
    frames: 3,
    restPages: 1,
    sends: 1,
    unreadable: 1,
    firstPos: 0,
    endPos: records.length,
    complete: true,
  })
  const conn = `replay-${result.sha256.slice(0, 12)}`
  const frames = records.filter(({ origin }) => origin === 'ws')
  expect(frames[0]).toMatchObject({
    dialect: 'coinbase/exchange',
    channel: 'match',
    symbol: 'BTC-USD',
    conn: `${conn}-B`,
    frame: 0,
    receivedTimeUs: 1_618_677_817_061_895,
  })
  expect(Buffer.from(frames[0]!.bytes).toString()).toBe(MATCH)
  expect(frames.map(({ frame }) => frame)).toEqual([0, 1, 2])
  expect(records.find(({ origin }) => origin === 'rest')).toMatchObject({
    dialect: 'coinbase/rest',
    channel: 'products',
    receivedTimeUs: 1_618_677_816_500_000,
    request: { url: 'https://api.pro.coinbase.com/products' },
  })
  const scope = {
    venue: 'coinbase',
    channel: 'matches',
    symbols: ['BTC-USD', 'ETH-USD'],
    fact: true,
  }
  const end = { receivedTimeUs: 1_618_677_847_846_469 }
  expect(diary).toMatchObject([
    { event: 'start', command: 'replay', receivedTimeUs: 1_618_677_816_500_000 },
    { event: 'connect', url: addr, failures: 0, receivedTimeUs: 1_618_677_816_843_429 },
    { event: 'subscribe', ...scope, receivedTimeUs: 1_618_677_817_020_616 },
    { event: 'unsubscribe', ...scope, ...end },
    { event: 'close', ...end },
    { event: 'stop', reason: 'end of file', ...end },
  ])
  expect(counts).toEqual({
    frames: 3,
    event_frames: 1,
    control: 0,
    raw_only: 1,
    rejected_frames: 1,
    events: 1,
    rejected_events: 0,
  })
  // The same capture again is the same records.
  const strip = (all: readonly RawRecord[]) => all.map((record) => ({ ...record, pos: 0 }))
  expect(strip((await run(path)).records)).toEqual(strip(records))
})

test('takes a plain file of frames as received now, by the default feed', async () => {
  const path = write('frames.jsonl', [MATCH, '', '{"type":"subscriptions"}'])
  const { result, records, counts } = await run(path)
  expect(result).toMatchObject({ frames: 2, restPages: 0, sends: 0, unreadable: 0 })
  expect(records[1]).toMatchObject({
    dialect: 'coinbase/exchange',
    receivedTimeUs: NOW_US,
    frame: 0,
  })
  expect(counts).toMatchObject({ frames: 2, event_frames: 1, control: 1 })
})

test('stops when told to, and still ends what it began', async () => {
  const stop = new AbortController()
  const long = JSON.stringify({ type: 'ticker', padding: 'x'.repeat(1_048_576) })
  const path = write('stop.jsonl', [long, long, long])
  const { result, diary } = await run(path, {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  })
  expect(result).toMatchObject({ frames: 1, complete: false })
  expect(diary.at(-1)).toMatchObject({ event: 'stop', reason: 'interrupted' })
})

test('writes of another market as of itself, by the streams its address names', async () => {
  const addr = 'wss://stream.binance.com:9443/stream?streams=btcusdt@aggTrade/btcusdt@depth@100ms'
  const at = { conn: 'A', ts: 1618677816.5 }
  const path = write('cousin.jsonl', [
    { t: 'connect', ...at, addr },
    { t: 'recv', ...at, data: '{"type":"aggTrade"}' },
    { t: 'http', ...at, url: 'https://api.binance.com/api/v3/depth', data: '{}' },
  ])
  const classify: Venue['classify'] = (_url, kind) => ({
    dialect: kind === 'ws' ? 'binance/stream' : 'binance/rest',
    channel: 'depth',
  })
  const us = {
    ...venue,
    id: 'binance-us',
    feeds: { stream: feed('binance-us/stream', 'aggTrade') },
  }
  const { records, diary } = await run(path, { venue: { ...us, classify } as unknown as Venue })
  const events = diary.filter(({ event }) => event !== 'start' && event !== 'stop')
  const told = events.map((each) => [each.event, each.venue, each.channel, each.fact])
  expect(told).toEqual([
    ['connect', 'binance', undefined, undefined],
    ['subscribe', 'binance', 'aggTrade', true],
    ['subscribe', 'binance', 'depth@100ms', false],
    ['unsubscribe', 'binance', 'aggTrade', true],
    ['unsubscribe', 'binance', 'depth@100ms', false],
    ['close', 'binance', undefined, undefined],
  ])
  expect(diary.find(({ channel }) => channel === 'aggTrade')?.symbols).toEqual(['BTCUSDT'])
  const dialects = records.filter(({ origin }) => origin !== 'self').map(({ dialect }) => dialect)
  expect(dialects).toEqual(['binance/stream', 'binance/rest'])
})

test('calls no channel a fact whose format is another than the feed’s', async () => {
  const addr = 'wss://ws.kraken.com'
  const sent = { event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'trade' } }
  const path = write('older.jsonl', [
    { t: 'connect', conn: 'A', ts: 1618677816.5, addr },
    { t: 'send', conn: 'A', ts: 1618677816.5, data: JSON.stringify(sent) },
  ])
  const kraken = { ...venue, id: 'kraken', feeds: { v2: feed('kraken/v2', 'trade') } }
  const classify: Venue['classify'] = () => ({ dialect: 'kraken/v1', channel: 'unknown' })
  const { diary } = await run(path, { venue: { ...kraken, classify } as unknown as Venue })
  const subscribed = diary.find(({ event }) => event === 'subscribe')
  expect(subscribed).toMatchObject({ venue: 'kraken', channel: 'trade', fact: false })
})

test('takes answers of a venue that has no feed', async () => {
  const http = { t: 'http', conn: 'A', ts: 1618677816.5, url: 'https://host/coins', data: '[]' }
  const classify: Venue['classify'] = () => ({ dialect: 'coingecko/rest', channel: 'markets' })
  const plain = { id: 'coingecko', feeds: {}, history: { dialect: 'coingecko/rest' }, decoders: {} }
  const { result, records } = await run(write('answers.jsonl', [http]), {
    venue: { ...plain, classify } as unknown as Venue,
  })
  expect(result.restPages).toBe(1)
  const page = records.find(({ origin }) => origin === 'rest')
  expect(page).toMatchObject({ dialect: 'coingecko/rest', channel: 'markets' })
})

test('reads subscriptions out of what was sent, in every venue’s form', () => {
  const symbols = ['BTC-USD', 'ETH-USD']
  const mixed = {
    ...SUBSCRIBE,
    channels: ['matches', { name: 'ticker', product_ids: ['SOL-USD'] }],
  }
  expect(parseSubscribe(JSON.stringify(mixed))).toEqual([
    { event: 'subscribe', channel: 'matches', symbols },
    { event: 'subscribe', channel: 'ticker', symbols: [...symbols, 'SOL-USD'] },
  ])
  const advanced = { type: 'unsubscribe', product_ids: symbols, channel: 'market_trades' }
  expect(parseSubscribe(JSON.stringify(advanced))).toEqual([
    { event: 'unsubscribe', channel: 'market_trades', symbols },
  ])
  const binance = { method: 'SUBSCRIBE', params: ['btcusd@aggTrade', '!ticker@arr'], id: 1 }
  expect(parseSubscribe(JSON.stringify(binance))).toEqual([
    { event: 'subscribe', channel: 'aggTrade', symbols: ['BTCUSD'] },
  ])
  const kraken = { method: 'unsubscribe', params: { channel: 'trade', symbol: ['BTC/USD'] } }
  expect(parseSubscribe(JSON.stringify(kraken))).toEqual([
    { event: 'unsubscribe', channel: 'trade', symbols: ['BTC/USD'] },
  ])
  for (const other of [
    '',
    '[]',
    'null',
    '{"type":"subscribe"}',
    '{"method":"LIST_SUBSCRIPTIONS","id":3}',
    '{"type":"subscribe","channels":[1]}',
  ]) {
    expect(parseSubscribe(other)).toEqual([])
  }
})

describe.skipIf(!existsSync(WIRE))('real captures (skipped where ../shared/data is absent)', () => {
  test('replays the Coinbase Exchange capture frame by frame', async () => {
    const { result, records, diary, counts } = await run(
      join(WIRE, 'coinbase_exchange_ws_20210417.jsonl.gz'),
    )
    expect(result).toMatchObject({ frames: 9946, restPages: 1, sends: 3, unreadable: 0 })
    expect(counts).toMatchObject({
      frames: 9946,
      event_frames: 107,
      control: 3,
      raw_only: 9836,
      events: 107,
    })
    const frames = records.filter(({ origin }) => origin === 'ws')
    expect(frames.at(-1)?.receivedTimeUs).toBe(1_618_677_847_846_469)
    const subscribed = diary.filter(({ event }) => event === 'subscribe')
    expect(subscribed.map(({ channel, fact }) => [channel, fact])).toEqual([
      ['level2', false],
      ['ticker', false],
      ['matches', true],
    ])
    expect(subscribed[2]?.symbols).toHaveLength(10)
  })

  test('replays the Coinbase Advanced Trade capture in its own dialect', async () => {
    const { result, records } = await run(join(WIRE, 'coinbase_advanced_ws_20260809.jsonl.gz'))
    expect(result).toMatchObject({ frames: 1030, restPages: 1, sends: 5, unreadable: 0 })
    const frames = records.filter(({ origin }) => origin === 'ws')
    expect(new Set(frames.map(({ dialect }) => dialect))).toEqual(new Set(['coinbase/advanced']))
    expect(frames[0]?.receivedTimeUs).toBe(1_786_309_548_629_007)
  })
})
