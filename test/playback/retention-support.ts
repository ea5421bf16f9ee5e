import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { listLogs, openLogReader, sealLog } from '../../src/bronze/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { configSchema } from '../../src/core/config-schema.ts'
import { formatTimeUs } from '../../src/market/bucket.ts'
import type { NewRecord } from '../../src/market/record.ts'
import { SELF_DIALECT } from '../../src/market/self-record.ts'
import { applyRetention, type RetentionReport } from '../../src/quality/retention.ts'
import { openWarehouse, proveWarehouse, type Warehouse } from '../../src/warehouse/index.ts'
import { urlOf } from './folders.ts'
import { openRefinery, START_US, tempFolder, writeLog } from './support.ts'

/** 2026-01-05T00:00:00Z. */
export const FIRST_DAY_US = 1_767_571_200_000_000
export const DAY_US = 86_400_000_000
const HOUR_US = 3_600_000_000
const STEP_US = HOUR_US / 5
/** Trades of one product and day: in two of its hours, two of them in each minute that has any. */
export const PER_DAY = 20

/** Returns when the trade of an id was made. */
export function tradeTimeUs(id: number): number {
  const day = Math.floor((id - 1) / PER_DAY)
  const at = (id - 1) % PER_DAY
  const inDayUs = HOUR_US + Math.floor(at / 2) * STEP_US + (at % 2) * 15_000_000 + 5_000_000
  return FIRST_DAY_US + day * DAY_US + inDayUs
}

/** Returns the record of a trade as the socket brings it. */
export function tradeRecord(
  symbol: string,
  id: number,
  more: { readonly receivedTimeUs?: number; readonly price?: string } = {},
): NewRecord {
  const timeUs = tradeTimeUs(id)
  return record(symbol, more.receivedTimeUs ?? timeUs + 250_000, {
    type: 'match',
    trade_id: id,
    maker_order_id: '8a8c1c11-1111-4111-8111-111111111111',
    taker_order_id: '9b9d2d22-2222-4222-8222-222222222222',
    side: id % 3 === 0 ? 'sell' : 'buy',
    size: `0.${(id % 89) + 1}`,
    price: more.price ?? `${100 + (id % 7)}.${id % 10}5`,
    product_id: symbol,
    sequence: id * 7,
    time: formatTimeUs(timeUs),
  })
}

/** Writes days of two products' trades, from the first of all on, less the ids left out. */
export function daysOfTrades(days: number, leftOut: readonly number[] = []): NewRecord[] {
  const symbols = ['BTC-USD', 'ETH-USD']
  const trades: NewRecord[] = []
  for (let id = 1; id <= days * PER_DAY; id += 1) {
    for (const symbol of symbols) {
      if (symbol === 'BTC-USD' && leftOut.includes(id)) continue
      trades.push(tradeRecord(symbol, id))
    }
  }
  return [subscribe(symbols), ...trades]
}

function subscribe(symbols: readonly string[]): NewRecord {
  const event = { event: 'subscribe', venue: 'coinbase', channel: 'matches', symbols, fact: true }
  return {
    dialect: SELF_DIALECT,
    channel: 'self',
    symbol: null,
    origin: 'self',
    receivedTimeUs: FIRST_DAY_US,
    conn: 'c-0',
    frame: 0,
    request: null,
    payload: Buffer.from(JSON.stringify(event)),
  }
}

let frames = 0
function record(symbol: string, receivedTimeUs: number, payload: unknown): NewRecord {
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

const clock = createManualClock(START_US)
/** Days that are recorded. */
export const DAYS = 4
const NONE = configSchema.shape.retention.parse({ snapshots: null, runs: null })

/** Days of some datasets; the rest is kept. */
export type Days = Partial<typeof NONE>

/** Opens the warehouse of a data folder. */
export async function openStore(
  dataDir: string,
  mode: 'read' | 'share' = 'share',
): Promise<Warehouse> {
  return openWarehouse({ url: urlOf(dataDir), mode, clock })
}

/** Applies retention. */
export async function retain(
  dataDir: string,
  days: Days,
  more: { readonly dryRun?: boolean; readonly tables?: Warehouse } = {},
): Promise<RetentionReport> {
  await using own = await openStore(dataDir)
  const { tables = own, dryRun = false } = more
  const options = { tables, dataDir, days: { ...NONE, ...days }, clock, holder: 'a test', dryRun }
  return await applyRetention(options)
}

/** Proves what stands. */
export async function proofOf(dataDir: string) {
  await using warehouse = await openStore(dataDir, 'read')
  return await proveWarehouse(warehouse)
}

/** Records some days, refined and sealed. */
export async function recorded(leftOut: readonly number[] = []): Promise<string> {
  const dataDir = tempFolder()
  await writeLog(dataDir, 'collect', daysOfTrades(DAYS, leftOut))
  await settle(dataDir)
  for (const name of listLogs(dataDir)) {
    using reader = openLogReader({ dataDir, name })
    await sealLog({ dataDir, name, belowPos: reader.durablePos, clock })
  }
  return dataDir
}

/** Refines what is recorded, folds gold and proves it. */
export async function settle(dataDir: string) {
  await using refinery = await openRefinery(dataDir)
  const proof = await refinery.settle()
  return { proof, totals: refinery.totals }
}

/** Returns the ids of one product's stored trades. */
export async function tradeIds(dataDir: string): Promise<number[]> {
  await using warehouse = await openStore(dataDir, 'read')
  const rows = await warehouse.read((db) =>
    db.selectFrom('silver_trades').select('trade_id').where('instrument_id', '=', 1).execute(),
  )
  return rows.map((row) => row.trade_id)
}

/** Reads the archived rows of a dataset. */
export function archived(dataDir: string, dataset: string): Record<string, unknown>[] {
  const folder = join(dataDir, 'archive', `dataset=${dataset}`)
  if (!existsSync(folder)) return []
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.zst'))
    .flatMap((file) =>
      zstdDecompressSync(readFileSync(join(folder, file)))
        .toString()
        .split('\n'),
    )
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** A time of receipt at the end of what is recorded, in its last minute. */
export const LAST_US = tradeTimeUs(DAYS * PER_DAY) + 300_000

/** Notes that the venue does not give out a trade any more. */
export async function giveUp(dataDir: string, id: number): Promise<void> {
  const at = { venue: 'coinbase', symbol: 'BTC-USD', firstId: id, lastId: id }
  const event = { event: 'give_up', ...at, verdict: 'unrecoverable', evidence: 'asked for' }
  const [entry] = daysOfTrades(1) as [NewRecord]
  const payload = Buffer.from(JSON.stringify(event))
  await writeLog(dataDir, 'backfill', [{ ...entry, receivedTimeUs: LAST_US, payload }])
}
