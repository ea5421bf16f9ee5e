import type { Random } from '../../src/core/random.ts'
import { formatTimeUs } from '../../src/market/bucket.ts'
import type { NewRecord, Origin } from '../../src/market/record.ts'
import type { SelfEvent } from '../../src/market/self-record.ts'

const SECOND_US = 1_000_000
const MINUTE_US = 60_000_000
/** 2026-01-05T08:40:00Z: before the history of the other logs, and over it. */
const BEGIN_US = 1_767_602_400_000_000
const MINUTES = 170
const DAY_US = 86_400 * SECOND_US

/** Bitcoin at three venues, as each spells it; the first is also the other logs' first symbol. */
const VENUES = [
  { venue: 'coinbase', symbol: 'BTC-USD' },
  { venue: 'kraken', symbol: 'BTC/USD' },
  { venue: 'binance-us', symbol: 'BTCUSD' },
] as const

let frames = 0
function record(
  about: Partial<NewRecord> & Pick<NewRecord, 'dialect'>,
  payload: string,
): NewRecord {
  return {
    channel: 'unknown',
    symbol: null,
    origin: 'ws',
    receivedTimeUs: BEGIN_US + DAY_US,
    conn: 'c-2',
    frame: frames++,
    request: null,
    payload: Buffer.from(payload),
    ...about,
  }
}

/**
 * Writes what three venues said over three hours: files of candles with silences in them, of
 * which some are outages and some are broken by what other records tell; aggregates told whole,
 * in part, one by one and wrongly; listings, incidents and holes of ids.
 */
export function venueRecords(random: Random): NewRecord[] {
  return [
    ...VENUES.flatMap((at) => candleFile(at, random)),
    ...aggregates(random),
    ...krakenTrades(random),
    ...diary(random),
    ...(random.next() < 0.3 ? [listing(random)] : []),
  ]
}

type At = (typeof VENUES)[number]

/** Minutes in which nothing is told, in at most two stretches; one is long enough for an outage. */
function silentMinutes(random: Random): Set<number> {
  const silent = new Set<number>()
  while (random.next() < 0.55 && silent.size < 60) {
    const from = random.int(0, MINUTES - 1)
    const length = random.pick([3, 9, 10, 11, 25, 40])
    for (let minute = from; minute < from + length; minute += 1) silent.add(minute)
  }
  return silent
}

function candleFile({ venue, symbol }: At, random: Random): NewRecord[] {
  const header = ['open_time', 'open', 'high', 'low', 'close', 'volume']
  const columns = {
    ...Object.fromEntries(header.map((name) => [name, name])),
    open_time: 'open_time:us',
  }
  const silent = silentMinutes(random)
  const first = random.pick([0, 0, 30, 90])
  const lines: string[] = []
  for (let minute = first; minute < MINUTES; minute += 1) {
    if (silent.has(minute) || random.next() < 0.02) continue
    // A silence may be written out as flat candles, too.
    const volume = random.next() < 0.03 ? '0' : '1.5'
    lines.push(`${BEGIN_US + minute * MINUTE_US},100,100,100,100,${volume}`)
  }
  const records: NewRecord[] = []
  for (let at = 0; at < lines.length; at += 12) {
    const request = { url: 'k', file: `k-${venue}`, columns, header, firstLine: at + 1 }
    const about = { channel: 'candles_1m', symbol, origin: 'import' as const, request }
    const some = lines.slice(at, at + 12).join('\n')
    records.push(record({ dialect: `${venue}/klines`, ...about }, some))
  }
  return records
}

/** An aggregate as Binance tells it. */
interface Aggregate {
  readonly first: number
  readonly last: number
  readonly timeUs: number
  readonly price: string
  readonly size: string
}

function aggregates(random: Random): NewRecord[] {
  const records: NewRecord[] = []
  let id = random.next() < 0.3 ? 1 : 500
  let timeUs = BEGIN_US + random.int(60, 120) * MINUTE_US
  for (let at = 0; at < random.int(5, 45); at += 1) {
    const count = random.pick([1, 1, 1, 2, 3, 7])
    const made = { first: id, last: id + count - 1, timeUs, price: '100.5', size: `${count}.0` }
    // Some share their millisecond with the one before; some come late by minutes.
    if (random.next() < 0.75) timeUs += random.int(0, 40) * SECOND_US
    id += count + (random.next() < 0.06 ? random.int(1, 3) : 0)
    if (random.next() < 0.8) records.push(streamed(made, random))
    if (random.next() < 0.3) records.push(paged(made, random))
    if (random.next() < 0.2) records.push(...oneByOne(made, random))
    if (random.next() < 0.12) records.push(wrong(made, random))
    if (random.next() < 0.1) records.push(closedKline(made, random))
  }
  return records
}

function reported(made: Aggregate, random: Random): string {
  const size = random.next() < 0.05 ? '9.9' : made.size
  const fields = { a: made.first * 3, p: made.price, q: size, f: made.first, l: made.last }
  return JSON.stringify({ ...fields, T: made.timeUs / 1000, m: true, M: true })
}

function received(timeUs: number, random: Random): number {
  return timeUs + (random.next() < 0.1 ? random.int(1, 300) * SECOND_US : random.int(1, 900_000))
}

function streamed(made: Aggregate, random: Random): NewRecord {
  const body = reported(made, random).slice(1)
  const text = `{"e":"aggTrade","E":${made.timeUs / 1000},"s":"BTCUSD",${body}`
  const receivedTimeUs = received(made.timeUs, random)
  return record({ dialect: 'binance-us/stream', channel: 'aggTrade', receivedTimeUs }, text)
}

function paged(made: Aggregate, random: Random): NewRecord {
  const request = { url: 'https://api.binance.us/api/v3/aggTrades?symbol=BTCUSD', status: 200 }
  const about = { channel: 'aggTrades', symbol: 'BTCUSD', origin: 'rest' as const, request }
  const receivedTimeUs = received(made.timeUs, random)
  const text = `[${reported(made, random)}]`
  return record({ dialect: 'binance-us/rest', receivedTimeUs, ...about }, text)
}

/** A file that tells some trades of an aggregate singly. */
function oneByOne(made: Aggregate, random: Random): NewRecord[] {
  const header = ['id', 'timestamp', 'price', 'amount']
  const columns = { trade_id: 'id', time: 'timestamp:us', price: 'price', size: 'amount' }
  const lines: string[] = []
  for (let id = made.first; id <= made.last; id += 1) {
    if (random.next() < 0.7) lines.push(`${id},${made.timeUs},${made.price},1`)
  }
  if (lines.length === 0) return []
  const request = { url: 't', file: 't-binance', columns, header, firstLine: 1 }
  const about = { channel: 'trades', symbol: 'BTCUSD', origin: 'import' as const, request }
  return [record({ dialect: 'binance-us/csv', ...about }, lines.join('\n'))]
}

/** Ranges that overlap what was made at an end, or hold several, as no venue should tell. */
function wrong(made: Aggregate, random: Random): NewRecord {
  const first = Math.max(1, made.first + random.int(-4, 2))
  const last = Math.max(first, made.last + random.int(-2, 4))
  return streamed({ ...made, first, last, price: random.pick(['100.5', '99']) }, random)
}

/** A kline, closed or not, whose last id is also a witness. */
function closedKline(made: Aggregate, random: Random): NewRecord {
  const openUs = made.timeUs - (made.timeUs % MINUTE_US)
  const closed = random.next() < 0.7
  const times = { t: openUs / 1000, T: (openUs + MINUTE_US) / 1000 - 1, i: '1m', s: 'BTCUSD' }
  const ids = { f: made.first, L: made.last + random.int(0, 1), n: random.int(1, 6), x: closed }
  const prices = { o: '100.5', c: '100.5', h: '101', l: '99', v: '4', q: '400', V: '0', Q: '0' }
  const k = { ...times, ...prices, ...ids }
  const text = JSON.stringify({ e: 'kline', E: times.T, s: 'BTCUSD', k })
  const receivedTimeUs = received(openUs + MINUTE_US, random)
  return record({ dialect: 'binance-us/stream', channel: 'kline_1m', receivedTimeUs }, text)
}

/** Trades at Kraken, several of one time, which now and then fall into a silence of its file. */
function krakenTrades(random: Random): NewRecord[] {
  const records: NewRecord[] = []
  let id = 70
  let timeUs = BEGIN_US + random.int(0, 100) * MINUTE_US
  while (random.next() < 0.9) {
    const count = random.int(1, 4)
    const data = Array.from({ length: count }, (_, at) => {
      const told = { symbol: 'BTC/USD', side: 'buy', price: 100.5 + at, qty: 1e-4 }
      return { ...told, ord_type: 'limit', trade_id: id + at, timestamp: formatTimeUs(timeUs) }
    })
    const text = JSON.stringify({ channel: 'trade', type: 'update', data })
    const receivedTimeUs = received(timeUs, random)
    records.push(record({ dialect: 'kraken/v2', channel: 'trade', receivedTimeUs }, text))
    id += count + (random.next() < 0.15 ? random.int(1, 5) : 0)
    timeUs += random.int(0, 1500) * SECOND_US
  }
  return records
}

function diary(random: Random): NewRecord[] {
  const origin: Origin = 'self'
  const when = () => BEGIN_US + random.int(0, MINUTES) * MINUTE_US
  const say = (event: SelfEvent) =>
    record({ dialect: 'assay/self', origin, receivedTimeUs: when() }, JSON.stringify(event))
  const records: NewRecord[] = []
  for (const { venue, symbol } of VENUES) {
    const channel = 'x'
    const of = { venue, channel, symbols: [symbol], fact: true }
    if (random.next() < 0.4) records.push(say({ event: 'subscribe', ...of }))
    if (random.next() < 0.2) records.push(say({ event: 'unsubscribe', ...of }))
    if (random.next() < 0.3) {
      const fromUs = when()
      const about = { venue, cause: 'stale' as const, channel, symbol, fromUs }
      for (const toUs of [null, fromUs + 5, fromUs + 9]) {
        if (random.next() < 0.6) {
          records.push(say({ event: 'incident', ...about, toUs, detail: `until ${toUs}` }))
        }
      }
    }
  }
  return records
}

/** A listing that renames what is traded: its silences are compared with others' from then on. */
function listing(random: Random): NewRecord {
  const base_currency = random.pick(['BTC', 'XBT'])
  const product = { id: 'BTC-USD', base_currency, quote_currency: 'USD' }
  const rest = { base_increment: '0.1', quote_increment: '0.1', status: 'online' }
  const request = { url: 'https://api.exchange.coinbase.com/products', status: 200 }
  const about = { channel: 'products', origin: 'rest' as const, request }
  const text = JSON.stringify([{ ...product, ...rest, trading_disabled: false }])
  return record({ dialect: 'coinbase/rest', ...about }, text)
}
