import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { logPaths } from '../src/bronze/layout.ts'
import { systemClock } from '../src/core/clock.ts'
import { makeFolder } from '../src/warehouse/sqlite/folder.ts'
import { closeHandle } from '../src/warehouse/sqlite/handle.ts'
import { openWritten } from '../src/warehouse/sqlite/open.ts'
import { type CandleDigest, digestCandles } from './candle-digest.ts'
import { answerJob } from './job.ts'

/**
 * The floor: what a competent person writes in an afternoon. One thread reads and splits lines,
 * parses each as JSON, its time and decimals exactly, folds minutes in bigints, and inserts row
 * by row, in large transactions, into the very table and with the very settings of a rebuild.
 *
 * It does less than a rebuild: no check of sums, no validation, no duplicates, no coverage, no
 * larger candles, no sync at the end.
 */

/** A log to be turned into trades and candles. */
export interface FloorTask {
  readonly dataDir: string
  readonly name: string
  readonly folder: string
}

/** How it went. */
export interface FloorResult extends CandleDigest {
  readonly trades: number
  readonly ms: number
}

interface Line {
  readonly pos: number
  readonly symbol: string
  readonly receivedTimeUs: number
  readonly data: Match
}

interface Match {
  readonly type: string
  readonly trade_id: number
  readonly side: string
  readonly size: string
  readonly price: string
  readonly product_id: string
  readonly time: string
}

interface Minute {
  readonly symbol: string
  readonly openTimeUs: number
  first: readonly [timeUs: number, id: number, price: bigint]
  last: readonly [timeUs: number, id: number, price: bigint]
  high: bigint
  low: bigint
  volume: bigint
  notional: bigint
  takerBuy: bigint
  trades: number
}

const READ_BYTES = 1024 * 1024
const ROWS_PER_COMMIT = 50_000
const MINUTE_US = 60_000_000
// No price or size of this venue has more.
const DECIMALS = 8

const INSERT_TRADE = `
  insert into silver_trades (instrument_id, tape_id, trade_id, event_time_us, price, size, side,
    trade_count, origin, received_time_us, log_id, pos, item)
  values (?, 0, ?, ?, ?, ?, ?, 1, 0, ?, 1, ?, 0)`
const INSERT_MINUTE = `
  insert into silver_candles_1m (instrument_id, open_time_us, open, high, low, close, volume,
    notional, taker_buy_volume, trade_count, tape_id, first_trade_us, first_trade_id,
    last_trade_us, last_trade_id, other_count, source, status, complete, repaired, revision,
    change_seq)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, 0, 'trades', 'traded', 1, 0, 0, 1)`

async function runFloor(task: FloorTask): Promise<FloorResult> {
  const startMs = performance.now()
  makeFolder(task.folder)
  const handle = await openWritten(task.folder, 'gen-000001', 'build', { clock: systemClock })
  const { database } = handle
  const instruments = new Map<string, number>()
  const minutes = new Map<string, Minute>()
  const insert = database.prepare(INSERT_TRADE)
  let trades = 0
  database.exec('begin')
  for (const text of readLines(join(logPaths(task.dataDir, task.name).journal))) {
    const line = JSON.parse(text) as Line
    if (line.data?.type !== 'match') continue
    const { data } = line
    const instrument = instrumentOf(instruments, data.product_id)
    const timeUs = parseTime(data.time)
    // The venue says the maker's side; kept is the taker's.
    const side = data.side === 'sell' ? 0 : 1
    foldTrade(minutes, data, timeUs)
    const { price, size, trade_id: id } = data
    insert.run(instrument, id, timeUs, price, size, side, line.receivedTimeUs, line.pos)
    trades += 1
    if (trades % ROWS_PER_COMMIT === 0) database.exec('commit; begin')
  }
  insertMinutes(database, instruments, minutes)
  database.exec('commit')
  await closeHandle(handle)
  const ms = performance.now() - startMs
  return { trades, ms, ...digestCandles([...minutes.values()].map(candleOf)) }
}

/** Gives the lines of a folder's files, in order of their names. */
function* readLines(folder: string): Generator<string> {
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  for (const name of readdirSync(folder).sort()) {
    const file = openSync(join(folder, name), 'r')
    let rest = ''
    for (;;) {
      const length = readSync(file, buffer, 0, READ_BYTES, null)
      if (length === 0) break
      // What the venue sends is ASCII, so no character is cut in two.
      const lines = (rest + buffer.toString('latin1', 0, length)).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
    closeSync(file)
  }
}

function instrumentOf(instruments: Map<string, number>, symbol: string): number {
  const known = instruments.get(symbol)
  if (known !== undefined) return known
  instruments.set(symbol, instruments.size + 1)
  return instruments.size
}

/** Reads `2025-03-03T00:00:00.064311Z` as epoch microseconds. */
function parseTime(text: string): number {
  return Date.parse(`${text.slice(0, 23)}Z`) * 1000 + Number(text.slice(23, 26))
}

/** Reads decimal text as a whole number of 10^-8. */
function parseDecimal(text: string): bigint {
  const point = text.indexOf('.')
  if (point < 0) return BigInt(text) * 100_000_000n
  const fraction = text.slice(point + 1).padEnd(DECIMALS, '0')
  return BigInt(text.slice(0, point) + fraction)
}

function foldTrade(minutes: Map<string, Minute>, data: Match, timeUs: number): void {
  const price = parseDecimal(data.price)
  const size = parseDecimal(data.size)
  const { trade_id: id, product_id: symbol } = data
  const openTimeUs = timeUs - (timeUs % MINUTE_US)
  const name = `${symbol} ${openTimeUs}`
  let minute = minutes.get(name)
  if (minute === undefined) {
    const at = [timeUs, id, price] as const
    const sums = { volume: 0n, notional: 0n, takerBuy: 0n, trades: 0 }
    minute = { symbol, openTimeUs, first: at, last: at, high: price, low: price, ...sums }
    minutes.set(name, minute)
  }
  const { first, last } = minute
  if (timeUs < first[0] || (timeUs === first[0] && id < first[1]))
    minute.first = [timeUs, id, price]
  if (timeUs > last[0] || (timeUs === last[0] && id > last[1])) minute.last = [timeUs, id, price]
  if (price > minute.high) minute.high = price
  if (price < minute.low) minute.low = price
  minute.volume += size
  minute.notional += price * size
  if (data.side === 'sell') minute.takerBuy += size
  minute.trades += 1
}

function insertMinutes(
  database: DatabaseSync,
  instruments: ReadonlyMap<string, number>,
  minutes: ReadonlyMap<string, Minute>,
): void {
  const insert = database.prepare(INSERT_MINUTE)
  for (const minute of minutes.values()) {
    const { open, high, low, close, volume, notional, takerBuy, trades } = candleOf(minute)
    const [firstUs, firstId] = minute.first
    const [lastUs, lastId] = minute.last
    const id = instruments.get(minute.symbol) as number
    const prices = [open, high, low, close, volume, notional, takerBuy]
    const bounds = [firstUs, firstId, lastUs, lastId]
    insert.run(id, minute.openTimeUs, ...prices, trades, ...bounds)
  }
}

function candleOf(minute: Minute) {
  const { symbol, openTimeUs, trades } = minute
  return {
    symbol,
    openTimeUs,
    open: decimalText(minute.first[2], DECIMALS),
    high: decimalText(minute.high, DECIMALS),
    low: decimalText(minute.low, DECIMALS),
    close: decimalText(minute.last[2], DECIMALS),
    volume: decimalText(minute.volume, DECIMALS),
    notional: decimalText(minute.notional, 2 * DECIMALS),
    takerBuy: decimalText(minute.takerBuy, DECIMALS),
    trades,
  }
}

function decimalText(value: bigint, scale: number): string {
  const digits = value.toString().padStart(scale + 1, '0')
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return text.replace(/0+$/, '').replace(/\.$/, '')
}

await answerJob(runFloor)
