import { describe, expect, test } from 'vitest'
import { openJournal, openLogReader } from '../../src/bronze/index.ts'
import { replayCapture } from '../../src/collect/replay.ts'
import { countFrames } from '../../src/collect/replay-count.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { type Decoded, decodeAll, recordOf } from '../../src/venues/decoded.ts'
import { decoderOf } from '../../src/venues/index.ts'
import { kraken } from '../../src/venues/kraken/index.ts'
import { countBy, type Heard, hasRecording, playCapture, readRecording } from './capture.ts'
import { DATA } from './folders.ts'
import { START_US, tempFolder } from './support.ts'

const V1 = 'wire/kraken_v1_ws_20210417.jsonl.gz'
const MINA = 'wire/kraken_v2_book_MINAGBP_d25_20260816.ndjson'
const ALGO = 'wire/kraken_v2_book_ALGOUSD_20241003.jsonl'
const MESSAGES = 'wire/misc_msgs_kraken_cryptomsgparser.jsonl'

const decoder = new TextDecoder()

function messageOf({ record }: Heard): unknown {
  const { bytes, start, end } = record
  return JSON.parse(decoder.decode(bytes.subarray(start, end)))
}

/** What a message of the older WebSocket is called: its event, or its channel. */
function nameOf(message: unknown): string {
  if (Array.isArray(message)) return String(message.at(-2))
  const { event, feed } = message as { event?: string; feed?: string }
  return event ?? `futures ${feed ?? 'answer'}`
}

/** Replays a recording by the path of `assay replay`, and counts what became of its frames. */
async function replay(name: string) {
  const dataDir = tempFolder()
  const clock = createManualClock(START_US)
  const path = `${DATA}/${name}`
  const replayed = await (async () => {
    await using journal = await openJournal({ dataDir, name: 'replay', clock, commitWindowMs: 0 })
    return await replayCapture({ path, venue: kraken, journal, clock, version: '0.0.0' })
  })()
  using reader = openLogReader({ dataDir, name: 'replay' })
  const { firstPos: fromPos, endPos: toPos } = replayed
  return { replayed, counts: countFrames({ reader, fromPos, toPos, decoderOf }) }
}

describe.skipIf(!hasRecording(V1))('the older WebSocket of 17 April 2021', () => {
  const heard = playCapture(V1, kraken)
  const frames = heard.filter(({ record }) => record.origin === 'ws')

  test('has every frame accounted for', () => {
    expect(countBy(heard, ({ record, kind }) => `${record.dialect} ${kind}`)).toEqual({
      'kraken/rest event': 1,
      'kraken/v1 control': 125,
      'kraken/v1 raw_only': 4305,
    })
    expect(countBy(frames, (each) => `${each.kind} ${nameOf(messageOf(each))}`)).toEqual({
      'control systemStatus': 3,
      'control subscriptionStatus': 30,
      'control heartbeat': 92,
      'raw_only book-1000': 4279,
      'raw_only ticker': 18,
      'raw_only trade': 8,
    })
    expect(heard.flatMap(({ rejections }) => rejections)).toEqual([])
    // Without ids they are nobody's facts.
    expect(heard.flatMap(({ trades }) => trades)).toEqual([])
  })

  test('lists pairs by the symbols of today, whatever they were called, without dark pools', () => {
    const listings = heard.flatMap((each) => each.listings)
    expect(listings).toHaveLength(293)
    expect(new Set(listings.map(({ symbol }) => symbol)).size).toBe(293)
    const symbols = listings.map(({ symbol }) => symbol)
    expect(symbols).toEqual(expect.arrayContaining(['BTC/USD', 'ETH/BTC', 'DOGE/USD', 'XTZ/USD']))
    expect(symbols.filter((symbol) => /X?XBT|XDG|ZUSD/.test(symbol))).toEqual([])
    expect(listings.find(({ symbol }) => symbol === 'BTC/USD')).toEqual({
      symbol: 'BTC/USD',
      kind: 'spot',
      base: 'BTC',
      quote: 'USD',
      multiplier: 1,
      priceStep: '0.1',
      sizeStep: '0.00000001',
      active: true,
    })
  })

  test('is routed by channel and symbol, as its subscriptions name them', () => {
    const routes = frames
      .map(({ record }) => kraken.feeds.v2?.route(record.bytes.subarray(record.start, record.end)))
      .filter((route) => route?.kind === 'data')
    expect(countBy(routes, (route) => String(route?.channel))).toEqual({
      'book-1000': 4279,
      ticker: 18,
      trade: 8,
    })
    const symbols = new Set(routes.map((route) => route?.symbol))
    expect(symbols).toContain('KSM/BTC')
    expect(symbols).not.toContain('KSM/XBT')
  })

  test('is replayed whole', async () => {
    const { replayed, counts } = await replay(V1)
    expect(replayed).toMatchObject({ frames: 4430, restPages: 1, sends: 3, unreadable: 0 })
    expect(counts).toMatchObject({ frames: 4430, control: 125, raw_only: 4305, rejected_frames: 0 })
  })
})

describe.skipIf(!hasRecording(MINA))('a book of 16 August 2026', () => {
  test('is replayed whole, by the stopwatch it was recorded with', async () => {
    const { replayed, counts } = await replay(MINA)
    expect(replayed).toMatchObject({ frames: 92, sends: 1, unreadable: 0, complete: true })
    expect(counts).toEqual({
      frames: 92,
      event_frames: 0,
      // The status, the ack and sixty heartbeats.
      control: 62,
      raw_only: 30,
      rejected_frames: 0,
      events: 0,
      rejected_events: 0,
    })
  })

  test('never is silent for as long as means death', () => {
    const [, , ...lines] = readRecording(MINA).trim().split('\n')
    const times = lines.map((line) => Number(/"rx_ns": ([0-9]+)/.exec(line)?.[1]) / 1e6)
    const gaps = times.slice(1).map((time, at) => time - (times[at] as number))
    expect(Math.max(...gaps)).toBeLessThan((kraken.feeds.v2?.limits.silenceMsMax ?? 0) / 4)
  })
})

describe.skipIf(!hasRecording(ALGO))('a book of 3 October 2024', () => {
  test('is replayed whole', async () => {
    const { replayed, counts } = await replay(ALGO)
    expect(replayed).toMatchObject({ frames: 3, unreadable: 0 })
    expect(counts).toMatchObject({ frames: 3, control: 1, raw_only: 2, rejected_frames: 0 })
  })
})

describe.skipIf(!hasRecording(MESSAGES))('messages picked from the years 2021 to 2023', () => {
  const lines = readRecording(MESSAGES).trim().split('\n')
  const decode = (line: string): Decoded => {
    const isAnswer = line.startsWith('{"error":')
    const about = isAnswer
      ? { dialect: 'kraken/rest', channel: 'Depth' }
      : { dialect: 'kraken/v1', channel: 'unknown' }
    return decodeAll(decoderOf(about.dialect), recordOf(line, about))
  }

  test('are each understood, but for those of Kraken Futures, which are told apart', () => {
    const told = lines.map((line) => {
      const { kind, rejections } = decode(line)
      const reasons = rejections.map(({ reason }) => reason).join()
      return `${nameOf(JSON.parse(line))} ${kind} ${reasons}`.trim()
    })
    expect(countBy(told, (each) => each)).toEqual({
      'trade raw_only': 1,
      'book-25 raw_only': 4,
      'spread raw_only': 1,
      'ohlc-1 event': 1,
      'ticker raw_only': 1,
      // The answer of REST, of spot.
      'futures answer raw_only': 1,
      'futures trade_snapshot rejected unknown_dialect': 2,
      'futures trade rejected unknown_dialect': 2,
      'futures book_snapshot rejected unknown_dialect': 2,
      'futures book rejected unknown_dialect': 2,
      'futures ticker rejected unknown_dialect': 2,
      'futures answer rejected unknown_dialect': 2,
    })
    expect(lines).toHaveLength(21)
  })

  test('hold one candle, of the minute that ended with its second time', () => {
    expect(lines.flatMap((line) => decode(line).candles)).toEqual([
      {
        item: 0,
        symbol: 'BTC/USD',
        openTimeUs: 1_675_209_600_000_000,
        intervalUs: 60_000_000,
        open: '23135',
        high: '23135.4',
        low: '23135',
        close: '23135.4',
        volume: '0.39012812',
        notional: null,
        takerBuyVolume: null,
        tradeCount: 7,
        vwap: '23135.13297',
        closed: false,
      },
    ])
  })
})
