import { describe, expect, test } from 'vitest'
import { parseTimeUs } from '../../src/market/bucket.ts'
import { canonicalDecimal } from '../../src/market/decimal.ts'
import { coinbase } from '../../src/venues/coinbase/index.ts'
import { type DecodedTrade, decodeAll, recordOf } from '../../src/venues/decoded.ts'
import { decoderOf } from '../../src/venues/index.ts'
import { countBy, type Heard, hasRecording, playCapture, readRecording } from './capture.ts'

const EXCHANGE = 'wire/coinbase_exchange_ws_20210417.jsonl.gz'
const ADVANCED = 'wire/coinbase_advanced_ws_20260809.jsonl.gz'
const MESSAGES = 'wire/misc_msgs_coinbase_pro_cryptomsgparser.jsonl'

const text = new TextDecoder()

function messageOf({ record }: Heard): Record<string, unknown> {
  const { bytes, start, end } = record
  return JSON.parse(text.decode(bytes.subarray(start, end))) as Record<string, unknown>
}

/** Ids by product: how many, how many of them differ, the least and the greatest. */
function spans(trades: readonly DecodedTrade[]): object {
  const groups = Map.groupBy(trades, ({ symbol }) => symbol)
  return Object.fromEntries(
    [...groups].map(([symbol, group]) => {
      const ids = group.map(({ tradeId }) => tradeId)
      const [least, greatest] = [Math.min(...ids), Math.max(...ids)]
      return [symbol, [ids.length, new Set(ids).size, least, greatest]]
    }),
  )
}

/** Ids follow each other without a gap and none comes twice. */
function expectContiguous(trades: readonly DecodedTrade[]): void {
  for (const [count, distinct, least, greatest] of Object.values(spans(trades)) as number[][]) {
    expect(distinct).toBe(count)
    expect(greatest! - least! + 1).toBe(count)
  }
}

function expectSound(trades: readonly DecodedTrade[]): void {
  for (const { price, size, side, eventTimeUs } of trades) {
    expect(canonicalDecimal(price)).not.toBeNull()
    expect(canonicalDecimal(size)).not.toBeNull()
    expect(['buy', 'sell']).toContain(side)
    expect(eventTimeUs).toBeGreaterThan(1_600_000_000_000_000)
  }
}

describe.skipIf(!hasRecording(EXCHANGE))('the Exchange feed of 17 April 2021', () => {
  const heard = playCapture(EXCHANGE, coinbase)
  const trades = heard.flatMap((each) => each.trades)

  test('has every frame accounted for', () => {
    expect(heard).toHaveLength(9947)
    expect(countBy(heard, ({ record, kind }) => `${record.dialect} ${kind}`)).toEqual({
      'coinbase/rest event': 1,
      'coinbase/exchange event': 107,
      'coinbase/exchange control': 3,
      'coinbase/exchange raw_only': 9836,
    })
    const raw = heard.filter(({ kind }) => kind === 'raw_only')
    expect(countBy(raw, (each) => String(messageOf(each).type))).toEqual({
      snapshot: 10,
      ticker: 107,
      l2update: 9719,
    })
    expect(heard.flatMap(({ listings }) => listings)).toHaveLength(162)
    expect(heard.flatMap(({ rejections }) => rejections)).toEqual([])
    expect(heard.flatMap(({ witnesses }) => witnesses)).toEqual([])
  })

  test('holds 107 trades of ten products, without gap or duplicate', () => {
    expectSound(trades)
    expectContiguous(trades)
    expect(spans(trades)).toEqual({
      'BAND-GBP': [5, 5, 881613, 881617],
      'SKL-GBP': [2, 2, 82007, 82008],
      'NU-GBP': [2, 2, 563678, 563679],
      'YFI-BTC': [1, 1, 889760, 889760],
      'SKL-BTC': [9, 9, 280231, 280239],
      'CRV-EUR': [1, 1, 99021, 99021],
      'BAND-BTC': [9, 9, 1287325, 1287333],
      'DASH-BTC': [16, 16, 923560, 923575],
      'NMR-EUR': [9, 9, 868598, 868606],
      'SKL-USD': [53, 53, 1568267, 1568319],
    })
  })

  test('tells the side of the taker, as its tickers do for the same trades', () => {
    const byId = new Map(trades.map((trade) => [`${trade.symbol} ${trade.tradeId}`, trade]))
    const tickers = heard.map(messageOf).filter(({ type }) => type === 'ticker')
    for (const ticker of tickers) {
      const trade = byId.get(`${ticker.product_id} ${ticker.trade_id}`)
      expect(trade).toMatchObject({
        side: ticker.side,
        price: ticker.price,
        eventTimeUs: parseTimeUs(String(ticker.time)),
      })
    }
    expect(tickers).toHaveLength(107)
  })

  test('acknowledges what was asked, channel after channel', () => {
    const acks = heard
      .map(({ record }) =>
        coinbase.feeds.exchange?.route(record.bytes.subarray(record.start, record.end)),
      )
      .filter((route) => route?.kind === 'ack')
    const whole = acks.map((route) => (route?.ack?.kind === 'whole' ? route.ack.subscriptions : []))
    expect(whole.map((list) => countBy(list, ({ channel }) => channel))).toEqual([
      { level2: 10 },
      { level2: 10, ticker: 10 },
      { ticker: 10, matches: 10, level2: 10 },
    ])
  })
})

describe.skipIf(!hasRecording(ADVANCED))('the Advanced Trade feed of 9 August 2026', () => {
  const heard = playCapture(ADVANCED, coinbase)
  const trades = heard.flatMap((each) => each.trades)

  test('has every frame accounted for', () => {
    expect(heard).toHaveLength(1031)
    expect(countBy(heard, ({ record, kind }) => `${record.dialect} ${kind}`)).toEqual({
      'coinbase/rest event': 1,
      'coinbase/advanced event': 59,
      'coinbase/advanced control': 30,
      'coinbase/advanced raw_only': 941,
    })
    const frames = heard.filter(({ record }) => record.origin === 'ws').map(messageOf)
    expect(countBy(frames, ({ channel }) => String(channel))).toEqual({
      market_trades: 59,
      subscriptions: 5,
      heartbeats: 25,
      candles: 6,
      ticker: 160,
      l2_data: 775,
    })
    expect(heard.flatMap(({ listings }) => listings)).toHaveLength(920)
    expect(heard.flatMap(({ rejections }) => rejections)).toEqual([])
  })

  test('holds 279 trades of two products, without gap or duplicate', () => {
    expectSound(trades)
    expectContiguous(trades)
    expect(spans(trades)).toEqual({
      'BTC-USD': [147, 147, 1068571991, 1068572137],
      'ETH-USD': [132, 132, 833140679, 833140810],
    })
  })

  test('orders trades by id as by time, newest first in each frame', () => {
    for (const { trades: frame } of heard) {
      for (const [i, trade] of frame.entries()) {
        const before = frame[i - 1]
        if (before === undefined) continue
        expect(trade.tradeId).toBeLessThan(before.tradeId)
        expect(trade.eventTimeUs).toBeLessThanOrEqual(before.eventTimeUs)
      }
    }
  })
})

describe.skipIf(!hasRecording(MESSAGES))('messages picked from the years 2021 and 2022', () => {
  test('are each understood, but for an answer of REST that is no message', () => {
    const kinds = readRecording(MESSAGES)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const record = recordOf(line, { dialect: 'coinbase/exchange' })
        const { kind, trades, rejections } = decodeAll(decoderOf(record.dialect), record)
        const { type } = JSON.parse(line) as { type?: string }
        return [type, kind, trades.length, rejections.map(({ reason }) => reason).join()]
      })
    expect(kinds).toEqual([
      ['last_match', 'event', 1, ''],
      ['snapshot', 'raw_only', 0, ''],
      ['l2update', 'raw_only', 0, ''],
      ['open', 'raw_only', 0, ''],
      ['ticker', 'raw_only', 0, ''],
      [undefined, 'rejected', 0, 'missing_field'],
    ])
  })
})
