import { createRandom, type Random } from '../../src/core/random.ts'
import { formatTimeUs } from '../../src/market/bucket.ts'
import type { NewRecord, RecordRequest } from '../../src/market/record.ts'
import type { SelfEvent } from '../../src/market/self-record.ts'
import { venueRecords } from './synthetic-venues.ts'

const VENUE = 'coinbase'
const SYMBOLS = ['BTC-USD', 'ETH-USD', 'QUIET-USD']
/** 2026-01-05T10:00:30Z. */
const BEGIN_US = 1_767_607_230_000_000
const SECOND_US = 1_000_000
const MINUTE_US = 60_000_000

/** A trade as it truly was made. */
interface Made {
  readonly symbol: string
  readonly id: number
  readonly timeUs: number
  readonly price: string
  readonly size: string
  readonly maker: 'buy' | 'sell'
}

/** Records of each log, in the order in which they came. */
export type SyntheticLogs = Readonly<Record<string, readonly NewRecord[]>>

/**
 * Writes a small history with everything in it that makes order matter: holes, repeats from
 * elsewhere and repeats that disagree, late trades, times that go back, ids that never were,
 * witnesses, outages, subscriptions that end and begin again, files with and without ids.
 */
export function syntheticLogs(seed: number): SyntheticLogs {
  const random = createRandom(`synthetic ${seed}`)
  const symbols = SYMBOLS.slice(0, random.int(1, 3))
  const made = symbols.flatMap((symbol) => makeTrades(symbol, random))
  const collect = [
    ...made.flatMap((trade) => socketReports(trade, random)),
    ...symbols.flatMap((symbol) => heartbeats(symbol, made, random)),
    ...symbols.flatMap((symbol) => diary(symbol, made, random)),
    ...symbols.flatMap((symbol) => restPages(symbol, made, random)),
  ].sort((a, b) => a.receivedTimeUs - b.receivedTimeUs)
  return {
    collect,
    import: symbols.flatMap((symbol) => files(symbol, made, random)),
    replay: replayed(symbols, made, random),
    venues: venueRecords(random),
  }
}

function makeTrades(symbol: string, random: Random): Made[] {
  const trades: Made[] = []
  let id = random.next() < 0.4 ? 1 : random.int(50, 90)
  let timeUs = BEGIN_US + random.int(0, 90) * SECOND_US
  const meanUs = random.pick([4, 15, 70]) * SECOND_US
  const count = random.int(8, 45)
  for (let at = 0; at < count; at += 1) {
    const draw = random.next()
    // Some share a time, and some lie before the one that was numbered before them.
    if (draw < 0.6) timeUs += Math.round(random.exponential(meanUs))
    else if (draw > 0.92) timeUs = Math.max(BEGIN_US, timeUs - random.int(1, 200) * SECOND_US)
    const maker = random.pick(['buy', 'sell'] as const)
    trades.push({ symbol, id, timeUs, price: price(random), size: size(random), maker })
    id += random.next() < 0.05 ? random.int(2, 4) : 1
  }
  return trades
}

function price(random: Random): string {
  if (random.next() < 0.06) return `${digits(random, 16)}.${digits(random, 4)}`
  return `${random.int(98, 102)}.${random.pick(['00', '10', '25', '5'])}`
}

function size(random: Random): string {
  if (random.next() < 0.06) return `${digits(random, 8)}.${digits(random, 18)}`
  return random.pick(['1', '0.10', '2.50000000', '0.00000001', '17.125'])
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.int(1, 9)).join('')
}

function socketReports(trade: Made, random: Random): NewRecord[] {
  const reports: NewRecord[] = []
  // A stretch of ids is missed together, as when a connection is down.
  const missed = (trade.id >> 2) % 5 === 3 || random.next() < 0.05
  if (!missed) reports.push(match(trade, random))
  if (random.next() < 0.08)
    reports.push(match(random.next() < 0.4 ? vary(trade, random) : trade, random))
  return reports
}

/** Returns another word on the same trade. */
function vary(trade: Made, random: Random): Made {
  switch (random.int(0, 4)) {
    case 0:
      return { ...trade, price: '77.7' }
    case 1:
      return { ...trade, size: '3.3' }
    case 2:
      return { ...trade, maker: trade.maker === 'buy' ? 'sell' : 'buy' }
    case 3:
      return { ...trade, timeUs: trade.timeUs + random.int(-900, 900) }
    default:
      return { ...trade, timeUs: trade.timeUs + random.int(-3, 3) * MINUTE_US }
  }
}

function match(trade: Made, random: Random): NewRecord {
  const late = random.next() < 0.05 ? random.int(60, 400) * SECOND_US : random.int(1, 900_000)
  return frame(trade.symbol, Math.max(trade.timeUs, BEGIN_US) + late, {
    type: random.next() < 0.05 ? 'last_match' : 'match',
    trade_id: trade.id,
    maker_order_id: '8a8c1c11-1111-4111-8111-111111111111',
    taker_order_id: '9b9d2d22-2222-4222-8222-222222222222',
    side: trade.maker,
    size: trade.size,
    price: trade.price,
    product_id: trade.symbol,
    sequence: trade.id * 7,
    time: formatTimeUs(trade.timeUs),
  })
}

let frames = 0
function frame(symbol: string, receivedTimeUs: number, payload: unknown): NewRecord {
  return {
    dialect: 'coinbase/exchange',
    channel: 'matches',
    symbol,
    origin: 'ws',
    receivedTimeUs,
    conn: 'c-1',
    frame: frames++,
    request: null,
    payload: Buffer.from(JSON.stringify(payload)),
  }
}

function heartbeats(symbol: string, made: readonly Made[], random: Random): NewRecord[] {
  const of = made.filter((trade) => trade.symbol === symbol)
  const endUs = endOf(of) + random.int(0, 200) * SECOND_US
  const beats: NewRecord[] = []
  for (let timeUs = BEGIN_US; timeUs < endUs; timeUs += random.int(5, 60) * SECOND_US) {
    if (random.next() < 0.3) continue
    const lastId = Math.max(0, ...of.filter((one) => one.timeUs <= timeUs).map((one) => one.id))
    // Now and then the venue's word is older than its time.
    const said = random.next() < 0.1 ? Math.max(0, lastId - 1) : lastId
    const late = random.next() < 0.1 ? random.int(0, 150) * SECOND_US : random.int(0, 1_000_000)
    beats.push(
      frame(symbol, timeUs + late, {
        type: 'heartbeat',
        last_trade_id: said,
        product_id: symbol,
        sequence: said * 7,
        time: formatTimeUs(timeUs),
      }),
    )
  }
  return beats
}

function endOf(made: readonly Made[]): number {
  return Math.max(BEGIN_US, ...made.map((trade) => trade.timeUs))
}

function diary(symbol: string, made: readonly Made[], random: Random): NewRecord[] {
  const of = made.filter((trade) => trade.symbol === symbol)
  const span = endOf(of) - BEGIN_US + 2 * MINUTE_US
  const when = () => BEGIN_US + random.int(-60 * SECOND_US, span)
  const entries: NewRecord[] = []
  const say = (timeUs: number, event: SelfEvent) => entries.push(entry(timeUs, event, null))
  const fact = { venue: VENUE, channel: 'matches', symbols: [symbol], fact: true }
  if (random.next() < 0.85) say(when(), { event: 'subscribe', ...fact })
  while (random.next() < 0.4) {
    const event = random.pick(['subscribe', 'unsubscribe'] as const)
    say(when(), { event, ...fact })
  }
  while (random.next() < 0.5) say(when(), { event: 'tick' })
  if (random.next() < 0.3) {
    const timeUs = when()
    const downSinceUs = timeUs - random.int(30, 400) * SECOND_US
    const blame = random.pick(['venue', 'venue', 'network'] as const)
    say(timeUs, { event: 'connect', venue: VENUE, url: 'wss://x', failures: 2, downSinceUs, blame })
  }
  if (random.next() < 0.3) {
    const fromUs = when()
    const toUs = fromUs + random.int(1, 300) * SECOND_US
    const ids = { firstId: null, lastId: null }
    const asked = { venue: VENUE, symbol, fromUs, toUs, ...ids }
    say(when(), { event: 'backfill', cause: 'request', attempt: 1, ...asked })
  }
  while (random.next() < 0.35) {
    const firstId = random.pick(of).id + random.int(-2, 2)
    if (firstId < 1) continue
    const lastId = firstId + random.int(0, 4)
    const verdict = random.next() < 0.7 ? 'never_existed' : 'unrecoverable'
    say(when(), { event: 'give_up', venue: VENUE, symbol, firstId, lastId, verdict, evidence: 'e' })
  }
  return entries
}

function entry(timeUs: number, event: SelfEvent, request: RecordRequest | null): NewRecord {
  return {
    dialect: 'assay/self',
    channel: 'self',
    symbol: null,
    origin: 'self',
    receivedTimeUs: timeUs,
    conn: 'd-1',
    frame: frames++,
    request,
    payload: Buffer.from(JSON.stringify(event)),
  }
}

/** Pages of history, which heal some holes and repeat what the socket told. */
function restPages(symbol: string, made: readonly Made[], random: Random): NewRecord[] {
  const of = made.filter((trade) => trade.symbol === symbol)
  const pages: NewRecord[] = []
  while (random.next() < 0.75) {
    const from = random.int(0, of.length - 1)
    const some = of.slice(from, from + random.int(1, 12)).reverse()
    const rows = some.map((trade) => {
      const told = random.next() < 0.06 ? vary(trade, random) : trade
      const time = formatTimeUs(told.timeUs)
      return { trade_id: told.id, side: told.maker, size: told.size, price: told.price, time }
    })
    const url = `https://api.exchange.coinbase.com/products/${symbol}/trades?limit=1000`
    pages.push({
      ...frame(symbol, endOf(some) + random.int(1, 300) * SECOND_US, rows),
      dialect: 'coinbase/rest',
      channel: 'trades',
      origin: 'rest',
      request: { url, status: 200 },
    })
  }
  return pages
}

const HEADER = ['id', 'timestamp', 'price', 'amount', 'side']
const COLUMNS = { time: 'timestamp:us', price: 'price', size: 'amount', side: 'side' }

/** Imports: with ids, without (two files may tell of the same minutes), and venue candles. */
function files(symbol: string, made: readonly Made[], random: Random): NewRecord[] {
  const of = made.filter((trade) => trade.symbol === symbol)
  const records: NewRecord[] = []
  for (const file of ['aa', 'bb', 'cc', 'dd']) {
    if (random.next() < 0.55) continue
    const from = random.int(0, of.length - 1)
    const some = of.slice(from, from + random.int(1, 20))
    const columns = file > 'c' ? { ...COLUMNS, trade_id: 'id' } : COLUMNS
    for (let at = 0; at < some.length; at += 5) {
      const lines = some.slice(at, at + 5).map((trade) => {
        const side = trade.maker === 'buy' ? 'sell' : 'buy'
        return [trade.id, trade.timeUs, trade.price, trade.size, side].join(',')
      })
      const request = { url: file, file: `${file}-${symbol}`, columns, header: HEADER }
      records.push(block(symbol, lines, { ...request, firstLine: at + 1 }))
    }
  }
  if (random.next() < 0.6) records.push(...klines(symbol, of, random))
  return records
}

function block(symbol: string, lines: readonly string[], request: RecordRequest): NewRecord {
  return {
    ...frame(symbol, BEGIN_US + 86_400 * SECOND_US, ''),
    dialect: 'coinbase/csv',
    channel: 'trades',
    origin: 'import',
    request,
    payload: Buffer.from(lines.join('\n')),
  }
}

function klines(symbol: string, of: readonly Made[], random: Random): NewRecord[] {
  const header = ['open_time', 'open', 'high', 'low', 'close', 'volume', 'count']
  const columns = {
    ...Object.fromEntries(header.slice(0, 6).map((name) => [name, name])),
    open_time: 'open_time:us',
    trade_count: 'count',
  }
  const minutes = new Set(of.map(({ timeUs }) => timeUs - (timeUs % MINUTE_US)))
  return [...minutes]
    .filter(() => random.next() < 0.6)
    .map((minute) => {
      const count = of.filter(({ timeUs }) => timeUs - (timeUs % MINUTE_US) === minute).length
      const line = `${minute},100,${random.int(100, 103)},99,100,5.5,${count + random.int(0, 1)}`
      const request = { url: 'k', file: 'k', columns, header, firstLine: 1 }
      const record = block(symbol, [line], request)
      return { ...record, dialect: 'coinbase/klines', channel: 'candles_1m' }
    })
}

/** A capture in a log of its own, whose diary names the file it was read from. */
function replayed(symbols: readonly string[], made: readonly Made[], random: Random): NewRecord[] {
  if (random.next() < 0.5) return []
  const of = made.filter((trade) => trade.symbol === symbols[0])
  const from = random.int(0, of.length - 1)
  const some = of.slice(from, from + 10)
  const request = { url: 'capture', file: 'ee' }
  const fact = { venue: VENUE, channel: 'matches', symbols: symbols.slice(0, 1), fact: true }
  const begin = Math.min(...some.map((trade) => trade.timeUs))
  return [
    entry(begin - random.int(0, 90) * SECOND_US, { event: 'subscribe', ...fact }, request),
    ...some.map((trade) => match(trade, random)),
    entry(endOf(some) + 1, { event: 'unsubscribe', ...fact }, request),
  ]
}
