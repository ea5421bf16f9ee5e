import { describe, expect, test } from 'vitest'
import { canonicalDecimal } from '../../src/market/decimal.ts'
import { binanceUs } from '../../src/venues/binance-us/index.ts'
import { type Decoded, type DecodedTrade, decodeAll, recordOf } from '../../src/venues/decoded.ts'
import { decoderOf } from '../../src/venues/index.ts'
import { countBy, type Heard, hasRecording, playCapture, readRecording } from './capture.ts'

const text = new TextDecoder()

interface Message {
  readonly stream?: string
  readonly data?: Readonly<Record<string, unknown>>
}

function messageOf({ record }: Heard): Message {
  const { bytes, start, end } = record
  return JSON.parse(text.decode(bytes.subarray(start, end))) as Message
}

function linesOf(name: string): string[] {
  return readRecording(name)
    .split('\n')
    .filter((line) => line.trim() !== '')
}

/** Every aggregate begins where the one before it of its symbol ended. */
function expectUnbroken(trades: readonly DecodedTrade[]): void {
  for (const group of Map.groupBy(trades, ({ symbol }) => symbol).values()) {
    for (const [i, trade] of group.entries()) {
      expect(trade.tradeId).toBe(trade.firstId)
      expect(trade.tradeCount).toBe(trade.lastId - trade.firstId + 1)
      if (i > 0) expect(trade.firstId).toBe((group[i - 1] as DecodedTrade).lastId + 1)
    }
  }
}

function expectSound(trades: readonly DecodedTrade[]): void {
  for (const { price, size, side, eventTimeUs } of trades) {
    expect(canonicalDecimal(price)).not.toBeNull()
    expect(canonicalDecimal(size)).not.toBeNull()
    expect(['buy', 'sell']).toContain(side)
    expect(eventTimeUs).toBeGreaterThan(1_500_000_000_000_000)
    expect(eventTimeUs % 1000).toBe(0)
  }
}

/** Counts what frames and answers decoded to: `binance/stream depth@100ms raw_only`. */
function account(heard: readonly Heard[]): object {
  return countBy(heard, (each) => {
    const { dialect, channel } = each.record
    const about =
      each.record.origin === 'rest' ? channel : messageOf(each).stream?.split(/@(.*)/)[1]
    return `${dialect} ${about} ${each.kind}`
  })
}

const CAPTURES = [
  {
    name: 'Binance.US on 5 April 2021',
    path: 'wire/binanceus_ws_20210405.jsonl.gz',
    accounted: {
      'binance-us/rest depth raw_only': 10,
      'binance-us/stream aggTrade event': 188,
      'binance-us/stream depth@100ms raw_only': 3196,
      'binance-us/stream bookTicker raw_only': 2624,
    },
    trades: [188, 9, 207],
    candles: [0, 0],
    listings: 0,
  },
  {
    name: 'Binance.US on 17 April 2021',
    path: 'wire/binanceus_ws_20210417.jsonl.gz',
    accounted: {
      'binance-us/rest exchangeInfo event': 1,
      'binance-us/rest depth raw_only': 10,
      'binance-us/stream aggTrade event': 18,
      'binance-us/stream depth@100ms raw_only': 807,
      'binance-us/stream bookTicker raw_only': 458,
    },
    trades: [18, 5, 18],
    candles: [0, 0],
    listings: 109,
  },
  {
    name: 'Binance.com on 5 April 2021',
    path: 'wire/binance_ws_20210405.jsonl.gz',
    accounted: {
      'binance/rest depth raw_only': 10,
      'binance/stream aggTrade event': 1240,
      'binance/stream depth@100ms raw_only': 4709,
      'binance/stream bookTicker raw_only': 5408,
    },
    trades: [1240, 8, 1457],
    candles: [0, 0],
    listings: 0,
  },
  {
    name: 'Binance.com on 17 April 2021',
    path: 'wire/binance_ws_20210417.jsonl.gz',
    accounted: {
      'binance/rest exchangeInfo event': 1,
      'binance/rest depth raw_only': 10,
      'binance/stream aggTrade event': 24,
      'binance/stream kline_1m event': 20,
      'binance/stream depth@100ms raw_only': 614,
      'binance/stream bookTicker raw_only': 570,
    },
    trades: [24, 6, 30],
    candles: [20, 0],
    listings: 1405,
  },
  {
    name: 'Binance.com on 14 August 2021',
    path: 'wire/binance_ws_20210814.jsonl.gz',
    accounted: {
      'binance/rest exchangeInfo event': 1,
      'binance/rest depth raw_only': 4,
      'binance/stream aggTrade event': 28,
      'binance/stream kline_1m event': 17,
      'binance/stream depth@100ms raw_only': 546,
      'binance/stream bookTicker raw_only': 412,
    },
    trades: [28, 3, 29],
    candles: [17, 2],
    listings: 1589,
  },
] as const

describe.each(CAPTURES)('the stream of $name', ({ path, ...expected }) => {
  const heard = playCapture(path, binanceUs)
  const trades = heard.flatMap((each) => each.trades)
  const there = hasRecording(path)

  test.skipIf(!there)('has every frame and answer accounted for', () => {
    expect(account(heard)).toEqual(expected.accounted)
    expect(heard.flatMap(({ rejections }) => rejections)).toEqual([])
    expect(heard.flatMap(({ listings }) => listings)).toHaveLength(expected.listings)
  })

  test.skipIf(!there)('tells its trades without a gap between their ids', () => {
    expectSound(trades)
    expectUnbroken(trades)
    const symbols = new Set(trades.map(({ symbol }) => symbol))
    const held = trades.reduce((sum, { tradeCount }) => sum + tradeCount, 0)
    expect([trades.length, symbols.size, held]).toEqual(expected.trades)
  })

  test.skipIf(!there)('tells its book in an unbroken chain', () => {
    const ends = new Map<string, number>()
    for (const each of heard) {
      const { data } = messageOf(each)
      if (data?.e !== 'depthUpdate') continue
      const [symbol, first, last] = [String(data.s), Number(data.U), Number(data.u)]
      if (ends.has(symbol)) expect(first).toBe(ends.get(symbol)! + 1)
      ends.set(symbol, last)
    }
    expect(ends.size).toBeGreaterThan(0)
  })

  test.skipIf(!there)('tells minutes that its trades bear out', () => {
    const candles = heard.flatMap((each) => each.candles)
    const closed = candles.filter((candle) => candle.closed)
    expect([candles.length, closed.length]).toEqual(expected.candles)
    for (const candle of candles) {
      expect(candle.openTimeUs % 60_000_000).toBe(0)
      expect(candle.intervalUs).toBe(60_000_000)
    }
    // No trade that a kline knows of came to us with a time after the end that it names.
    for (const { symbol, lastId, timeUs } of heard.flatMap((each) => each.witnesses)) {
      for (const trade of trades.filter((one) => one.symbol === symbol)) {
        if (trade.firstId > lastId) expect(trade.eventTimeUs).toBeGreaterThanOrEqual(timeUs)
      }
    }
  })

  test.skipIf(!there)('is routed as it is decoded', () => {
    const feed = binanceUs.feeds.stream!
    const astray = heard.filter((each) => {
      if (each.record.origin !== 'ws') return false
      const { bytes, start, end } = each.record
      const route = feed.route(bytes.subarray(start, end))
      const [symbol = '', channel] = messageOf(each).stream?.split(/@(.*)/) ?? []
      const [trade] = each.trades
      const { lastId = route.lastId, eventTimeUs = route.eventTimeUs } = trade ?? {}
      return (
        route.kind !== 'data' ||
        route.channel !== channel ||
        route.symbol !== symbol.toUpperCase() ||
        route.lastId !== lastId ||
        route.eventTimeUs !== eventTimeUs
      )
    })
    expect(astray).toEqual([])
  })
})

const MESSAGES = 'wire/misc_msgs_binance_cryptomsgparser.jsonl'
const OLD_MESSAGES = 'wire/misc_msgs_binance_tardis.jsonl'

function decodeLine(line: string, dialect: string): Decoded {
  return decodeAll(decoderOf(dialect), recordOf(line, { dialect }))
}

/** What a line is, in the words of its stream or of its payload. */
function nameOf(line: string): string {
  const message = JSON.parse(line) as Message
  return message.stream?.split(/(?<=.)@(.*)/)[1] ?? message.stream ?? Object.keys(message).join()
}

test.skipIf(!hasRecording(MESSAGES))('messages of spot and futures are each understood', () => {
  const lines = linesOf(MESSAGES)
  const decoded = lines.map((line) => ({ line, ...decodeLine(line, 'binance-futures/stream') }))
  expect(countBy(decoded, ({ line, kind }) => `${nameOf(line)} ${kind}`)).toEqual({
    'aggTrade event': 5,
    'kline_1m event': 4,
    'kline_1M raw_only': 1,
    'depth@100ms raw_only': 5,
    'depth20 raw_only': 5,
    'depth5 raw_only': 1,
    'bookTicker raw_only': 2,
    '!bookTicker raw_only': 3,
    'ticker raw_only': 5,
    'arr raw_only': 7,
    'markPrice raw_only': 2,
    'TRADE_ALL raw_only': 1,
    'TICKER_ALL raw_only': 1,
    // Answers of REST among the messages: books are known by their shape, open interest is not.
    'lastUpdateId,bids,asks raw_only': 1,
    'lastUpdateId,E,T,bids,asks raw_only': 2,
    'lastUpdateId,E,T,symbol,pair,bids,asks raw_only': 2,
    'symbol,openInterest,time rejected': 2,
    'symbol,pair,openInterest,contractType,time rejected': 2,
  })
  expectSound(decoded.flatMap(({ trades }) => trades))
  expect(decoded.flatMap(({ trades }) => trades.map(({ symbol }) => symbol))).toEqual([
    ...['BTCUSDT', 'BTCUSD_210625', 'BTCUSDT_210625', 'BTCUSD_PERP', 'BTCUSDT'],
  ])
})

test.skipIf(!hasRecording(OLD_MESSAGES))('messages of 2019 are understood and kept raw', () => {
  const kinds = linesOf(OLD_MESSAGES).map((line) => decodeLine(line, 'binance/stream').kind)
  expect(kinds).toEqual(Array(10).fill('raw_only'))
})

const ANSWERS = 'wire/binance_rest_responses_gct.jsonl.gz'

describe.skipIf(!hasRecording(ANSWERS))('the answers of 2018 to 2023', () => {
  const answers = hasRecording(ANSWERS) ? linesOf(ANSWERS).map(playAnswer) : []

  function playAnswer(line: string) {
    const { path, query, response } = JSON.parse(line) as Record<string, unknown>
    const url = `https://api.binance.com${path}?${query}`
    const about = { ...binanceUs.classify(url, 'rest'), request: { url, status: 200 } }
    const record = recordOf(JSON.stringify(response), { ...about, origin: 'rest' })
    return { channel: about.channel, url, ...decodeAll(decoderOf(about.dialect), record) }
  }

  test('are each accounted for', () => {
    expect(answers).toHaveLength(45)
    expect(countBy(answers, ({ channel, kind }) => `${channel} ${kind}`)).toEqual({
      'aggTrades event': 19,
      // Their authors took the maker's flag out of every row.
      'aggTrades rejected': 4,
      'klines event': 10,
      'ticker24hr event': 5,
      'exchangeInfo event': 1,
      'depth raw_only': 1,
      'trades raw_only': 2,
      'historicalTrades raw_only': 1,
      'bookTicker raw_only': 1,
      'tickerPrice raw_only': 1,
    })
    const sum = (list: 'trades' | 'candles' | 'witnesses' | 'listings') =>
      answers.reduce((total, answer) => total + answer[list].length, 0)
    expect({
      trades: sum('trades'),
      candles: sum('candles'),
      witnesses: sum('witnesses'),
      listings: sum('listings'),
    }).toEqual({ trades: 1042, candles: 1752, witnesses: 11, listings: 25 })
    const refused = answers.flatMap(({ rejections }) => rejections)
    expect(countBy(refused, ({ reason, detail }) => `${reason}: ${detail}`)).toEqual({
      'missing_field: m is missing': 9,
    })
  })

  test('hold sound trades', () => expectSound(answers.flatMap(({ trades }) => trades)))
})

const TICKERS = 'wire/binance_rest_ticker_rec.json'

test.skipIf(!hasRecording(TICKERS))(
  'a day’s summary witnesses the last trade of each symbol',
  () => {
    const about = { dialect: 'binance/rest', channel: 'ticker24hr' } as const
    const record = recordOf(readRecording(TICKERS), { ...about, origin: 'rest' })
    const { kind, witnesses } = decodeAll(decoderOf(about.dialect), record)
    expect([kind, witnesses.length]).toEqual(['event', 8])
    expect(witnesses[0]).toEqual({
      symbol: 'ETHBTC',
      lastId: 430415329,
      timeUs: 1_705_262_460_667_000,
    })
  },
)

const AGGREGATES = 'trades/binance_aggtrades_XRPETH_20191011-13_raw.jsonl.gz'

test.skipIf(!hasRecording(AGGREGATES))('two days of aggregates lack none of their trades', () => {
  const lines = linesOf(AGGREGATES)
  const page = `[${lines.join(',')}]`
  const about = { dialect: 'binance/rest', channel: 'aggTrades', symbol: 'XRPETH' } as const
  const rest = decodeAll(decoderOf(about.dialect), recordOf(page, { ...about, origin: 'rest' }))
  expect([rest.trades.length, rest.rejections.length]).toEqual([12_477, 0])
  expectUnbroken(rest.trades)
  expect(rest.trades.reduce((sum, { tradeCount }) => sum + tradeCount, 0)).toBe(14_672)
  expect(rest.trades.filter(({ tradeCount }) => tradeCount > 1)).toHaveLength(1283)
  // As a file that somebody brought, the same.
  const columns = {
    ...{ trade_id: 'a', first_id: 'f', last_id: 'l' },
    ...{ time: 'T', price: 'p', size: 'q', side: 'm:maker' },
  }
  const request = { url: 'file.jsonl', file: 'hash', columns }
  const tape = { dialect: 'binance/jsonl', symbol: 'XRPETH', request, origin: 'import' } as const
  const imported = decodeAll(decoderOf(tape.dialect), recordOf(lines.join('\n'), tape))
  expect(imported.trades).toEqual(rest.trades)
})

const FILLS = 'trades/binance_tradestream_TRXUSDT_20250304.csv.gz'

test.skipIf(!hasRecording(FILLS))('a file in microseconds says so, and loses none', () => {
  const [header = '', ...rows] = linesOf(FILLS)
  const columns = {
    ...{ trade_id: 'TradeId', time: 'TransactionTime:us', price: 'Price', size: 'Quantity' },
    ...{ side: 'IsBuyerMarketMaker:maker', symbol: 'Symbol' },
  }
  const request = { url: 'file.csv', file: 'hash', columns, header: header.split(',') }
  const about = { dialect: 'binance/csv', request, origin: 'import' } as const
  const { trades, rejections } = decodeAll(
    decoderOf(about.dialect),
    recordOf(rows.join('\n'), about),
  )
  expect([trades.length, rejections.length]).toEqual([10_000, 0])
  expectUnbroken(trades)
  expect([trades[0]?.tradeId, trades.at(-1)?.tradeId]).toEqual([348656870, 348666869])
  expect(trades[0]?.eventTimeUs).toBe(1_741_046_401_271_497)
})

const LEVELS = 'wire/binance_depthdiff_rows_TRXUSDT_20250304.csv.gz'

test.skipIf(!hasRecording(LEVELS))('books taken apart into rows are refused, each counted', () => {
  const kinds = linesOf(LEVELS).map((line) => {
    const { kind, rejections } = decodeLine(line, 'binance/stream')
    return `${kind} ${rejections[0]?.reason}`
  })
  expect(countBy(kinds, (kind) => kind)).toEqual({ 'rejected not_json': 10_001 })
})

const MINUTES = 'candles/binanceus_klines1m_BTCUSDT_20230301-21_iaqf.csv.gz'

test.skipIf(!hasRecording(MINUTES))(
  'three weeks of minutes are candles, the empty ones too',
  () => {
    const rows = linesOf(MINUTES).slice(1)
    const page = rows.map((row) => JSON.stringify(row.split(',').map(cellOf)))
    const about = { dialect: 'binance-us/rest', channel: 'klines', symbol: 'BTCUSDT' } as const
    const record = recordOf(`[${page.join(',')}]`, { ...about, origin: 'rest' })
    const { candles, rejections } = decodeAll(decoderOf(about.dialect), record)
    expect([candles.length, rejections.length]).toEqual([30_240, 0])
    const empty = candles.filter(({ volume }) => volume === '0')
    expect(empty).toHaveLength(658)
    for (const { open, close, tradeCount } of empty) expect([open, tradeCount]).toEqual([close, 0])
    for (const [i, candle] of candles.entries()) {
      expect(candle.closed).toBe(true)
      if (i > 0) expect(candle.openTimeUs - candles[i - 1]!.openTimeUs).toBe(60_000_000)
    }
  },
)

/** Times and the count are numbers over REST, everything else is text. */
function cellOf(cell: string, column: number): string | number {
  return column === 0 || column === 6 || column === 8 ? Number(cell) : cell
}
