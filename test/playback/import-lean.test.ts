import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type CandlePart, foldCandles } from '../../src/gold/fold-candles.ts'
import { bucketStart, MINUTE_US } from '../../src/market/bucket.ts'
import type { EventSink, VenueCandle } from '../../src/market/event.ts'
import { decodeTape } from '../../src/venues/tape/index.ts'
import { DATA } from './folders.ts'

const fileOf = (width: string, day: string) =>
  join(DATA, `candles/lean_coinbase_${width}_BTCUSD_${day}.csv.gz`)

const HEADER = ['time', 'open', 'high', 'low', 'close', 'volume']

/** Decodes a day of candles as a `klines` file whose times count from the day's start. */
function decodeDay(width: 'second' | 'minute', day: string): VenueCandle[] {
  const bytes = gunzipSync(readFileSync(fileOf(width, day)))
  const date = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`
  const candles: VenueCandle[] = []
  const refuse: EventSink['reject'] = (rejection) => {
    throw new Error(`${rejection.reason}: ${rejection.detail}`)
  }
  const none = () => {}
  const sink: EventSink = {
    trade: none,
    witness: none,
    listing: none,
    snapshot: none,
    reject: refuse,
    candle: (candle) => candles.push(candle),
  }
  const columns = Object.fromEntries(HEADER.slice(1).map((name) => [name, name]))
  const kind = decodeTape(
    {
      pos: 0,
      dialect: 'coinbase/klines',
      channel: width === 'second' ? 'candles_1s' : 'candles_1m',
      symbol: 'BTC-USD',
      origin: 'import',
      receivedTimeUs: 0,
      conn: 'lean',
      frame: 0,
      request: {
        url: 'lean.csv',
        file: 'lean',
        columns: { ...columns, open_time: `time:ms@${date}` },
        header: HEADER,
        firstLine: 1,
      },
      form: 'text',
      bytes,
      start: 0,
      end: bytes.length,
    },
    sink,
  )
  expect(kind).toBe('event')
  return candles
}

function partOf(candle: VenueCandle): CandlePart {
  return {
    open_time_us: candle.openTimeUs,
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume,
    notional: candle.notional,
    taker_buy_volume: candle.takerBuyVolume,
    trade_count: candle.tradeCount,
    status: 'traded',
    complete: 1,
    repaired: 0,
    minutes_traded: 0,
    minutes_known: 0,
  }
}

test.skipIf(!existsSync(fileOf('second', '20161007'))).each([
  ['20161007', 1419],
  ['20161008', 1400],
])('Lean’s seconds of %s roll up to its %i minutes exactly', (day, count) => {
  const seconds = Map.groupBy(decodeDay('second', day), ({ openTimeUs }) =>
    bucketStart(openTimeUs, MINUTE_US),
  )
  const minutes = decodeDay('minute', day)
  expect(minutes.length).toBe(count)
  const rolled = [...seconds].map(([minute, parts]) => {
    const { open, high, low, close, volume } = foldCandles(parts.map(partOf), 60)
    return { minute, open, high, low, close, volume }
  })
  const told = minutes.map(({ openTimeUs: minute, open, high, low, close, volume }) => {
    return { minute, open, high, low, close, volume }
  })
  expect(rolled).toEqual(told)
})
