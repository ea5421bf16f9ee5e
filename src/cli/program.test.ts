import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openJournal } from '../bronze/index.ts'
import { systemClock } from '../core/clock.ts'
import { formatTimeUs, MINUTE_US } from '../market/bucket.ts'
import type { NewRecord } from '../market/record.ts'
import { SELF_DIALECT } from '../market/self-record.ts'
import { Refiner } from '../silver/refiner.ts'
import { openWarehouse } from '../warehouse/index.ts'
import { reportFailure } from './boundary.ts'
import { createProgram } from './program.ts'

// A whole minute; trades stand in this one and the next.
const START_US = 1_790_689_500_000_000

let data: string
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'assay-data-'))
  await fillLog()
  await refine()
})
afterAll(() => rmSync(data, { recursive: true, force: true }))

/** A live log: a subscription, five trades with one missing, one that cannot be read, silence. */
async function fillLog(): Promise<void> {
  const records = [
    self(START_US, {
      event: 'subscribe',
      venue: 'coinbase',
      channel: 'matches',
      symbols: ['BTC-USD'],
      fact: true,
    }),
    match(101, 1, '64000.01', '0.5'),
    match(102, 2, '64000.02', '0.25'),
    match(104, 30, '63999.98', '1'),
    match(105, 61, '64001', '0.125'),
    match(106, 62, '64002.5', '0.00000001'),
    match(107, 63, '1e400', '1'),
    self(START_US + 4 * MINUTE_US, { event: 'tick' }),
  ]
  await using journal = await openJournal({ dataDir: data, name: 'collect', clock: systemClock })
  for (const record of records) journal.append(record)
  await journal.flush()
}

let frame = 0
function record(part: Pick<NewRecord, 'dialect' | 'channel' | 'symbol' | 'origin'>, at: number) {
  frame += 1
  return (payload: object): NewRecord => ({
    ...part,
    receivedTimeUs: at,
    conn: 'test',
    frame,
    request: null,
    payload: Buffer.from(JSON.stringify(payload)),
  })
}

function self(atUs: number, event: object): NewRecord {
  const part = { dialect: SELF_DIALECT, channel: 'self', symbol: null, origin: 'self' } as const
  return record(part, atUs)(event)
}

/** A match as Coinbase sends it: the side is the maker's, who sold here. */
function match(id: number, second: number, price: string, size: string): NewRecord {
  const part = {
    dialect: 'coinbase/exchange',
    channel: 'matches',
    symbol: 'BTC-USD',
    origin: 'ws',
  } as const
  const timeUs = START_US + second * 1e6
  return record(
    part,
    timeUs + 30_000,
  )({
    type: 'match',
    trade_id: id,
    maker_order_id: '8e9a1c0e-0000-4000-8000-000000000001',
    taker_order_id: '8e9a1c0e-0000-4000-8000-000000000002',
    side: 'sell',
    size,
    price,
    product_id: 'BTC-USD',
    sequence: id * 10,
    time: formatTimeUs(timeUs),
  })
}

async function refine(): Promise<void> {
  const clock = systemClock
  const url = `sqlite:${join(data, 'warehouse')}`
  await using warehouse = await openWarehouse({ url, mode: 'write', clock })
  await using refiner = await Refiner.open({
    warehouse,
    dataDir: data,
    clock,
    holder: 'a test',
    graceUs: 10_000_000,
  })
  await refiner.refine()
}

interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, and tells what it printed and its exit status. */
async function run(...args: string[]): Promise<Ended> {
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += text.toString()
      return true
    })
  }
  let status: number
  try {
    await createProgram().parseAsync(['node', 'assay', ...args, '--data', data])
    status = Number(process.exitCode ?? 0)
  } catch (error) {
    status = reportFailure(error, { json: args.includes('--json'), verbose: false })
  } finally {
    vi.restoreAllMocks()
    process.exitCode = undefined
  }
  return { status, ...printed }
}

async function json(...args: string[]) {
  const { status, stdout, stderr } = await run(...args, '--json')
  expect(stderr).not.toContain('error')
  expect(stdout.trimEnd()).not.toContain('\n')
  return { status, value: JSON.parse(stdout) }
}

test('candles are exact, in a half-open span, with every field a program needs', async () => {
  const from = formatTimeUs(START_US)
  const to = String((START_US + 2 * MINUTE_US) / 1e6)
  const { status, value } = await json('candles', 'BTC-USD', '1m', '--from', from, '--to', to)
  expect(status).toBe(0)
  expect(value).toEqual([
    {
      open_time: '2026-09-29T13:45:00.000Z',
      open: '64000.01',
      high: '64000.02',
      low: '63999.98',
      close: '63999.98',
      volume: '1.75',
      notional: '111999.99',
      vwap: '63999.994285714285714286',
      trade_count: 3,
      taker_buy_volume: '1.75',
      status: 'traded',
      complete: false,
      revision: expect.any(Number),
    },
    expect.objectContaining({ open_time: '2026-09-29T13:46:00.000Z', close: '64002.5' }),
  ])
})

test('people see the newest candles as a table, spreadsheets as CSV', async () => {
  const table = await run('candles', 'coinbase:BTC-USD', '1m', '--limit', '3')
  const csv = await run('candles', 'btc-usd', '1m', '--limit', '3', '--csv')
  expect(table.stdout).toMatch(/^open time, UTC +open +high/)
  expect(table.stdout).toContain('2026-09-29 13:46:00')
  expect(table.stdout).not.toContain('\u001b')
  const lines = csv.stdout.split('\r\n')
  expect(lines[0]).toBe(
    'open_time,open,high,low,close,volume,notional,vwap,trade_count,taker_buy_volume,status,' +
      'complete,revision',
  )
  expect(lines.length).toBeLessThanOrEqual(5)
})

test('trades have the taker’s side, and with --raw what the venue said', async () => {
  const { value } = await json('trades', 'BTC-USD', '--limit', '2', '--raw')
  expect(value).toHaveLength(2)
  expect(value[1]).toMatchObject({
    trade_id: '106',
    price: '64002.5',
    size: '0.00000001',
    side: 'buy',
    venue_side: 'sell',
    log: 'collect',
    pos: 5,
  })
  expect(JSON.parse(value[1].raw)).toMatchObject({ trade_id: 106, side: 'sell', sequence: 1060 })
})

test('a product that is not held is an error that names what is', async () => {
  const { status, stderr, stdout } = await run('trades', 'BTC-USDT', '--json')
  expect(status).toBe(1)
  expect(stderr).toMatch(/^error ASSAY_UNKNOWN_PRODUCT: .*coinbase:BTC-USD/)
  expect(JSON.parse(stdout).error.code).toBe('ASSAY_UNKNOWN_PRODUCT')
})

test('gaps tell which ids are missing, and what became of them', async () => {
  const { value } = await json('gaps', 'BTC-USD', '--open')
  expect(value).toContainEqual(
    expect.objectContaining({
      venue: 'coinbase',
      symbol: 'BTC-USD',
      cause: 'ids',
      first_id: '103',
      last_id: '103',
      missing: 1,
      verdict: 'open',
      attempts: 0,
      last_attempt: null,
    }),
  )
})

test('what was refused is listed with its reason and its place', async () => {
  const { value } = await json('quarantine', '--reason', 'bad_decimal')
  const table = await run('quarantine', '--show')
  const reasons = table.stdout
  expect(reasons).toContain('1e400')
  for (const item of value)
    expect(item).toMatchObject({ log: 'collect', pos: 6, reason: 'bad_decimal' })
})

test('status tells how far the log is refined, and what is held', async () => {
  const { value } = await json('status')
  expect(value.logs).toEqual([
    expect.objectContaining({ log: 'collect', records: 8, refined: 8, lag: 0, writer: null }),
  ])
  expect(value.warehouse.instruments).toEqual([
    expect.objectContaining({ symbol: 'BTC-USD', newest_trade: '2026-09-29T13:46:02.000Z' }),
  ])
  expect(value.warehouse.holes.open).toBeGreaterThan(0)
  const { stdout } = await run('status')
  expect(stdout).toMatch(/^collect +8 +\d/m)
})

test('who writes a log is told while they do', async () => {
  await using _journal = await openJournal({ dataDir: data, name: 'collect', clock: systemClock })
  const { value } = await json('status')
  expect(value.logs[0].writer).toContain(`process ${process.pid}`)
})

test('the log is printed as it stands, by position, channel and symbol', async () => {
  const some = await run(
    'log',
    'cat',
    '--from',
    '1',
    '--to',
    '7',
    '--channel',
    'matches',
    '--limit',
    '2',
  )
  const none = await run('log', 'cat', '--symbol', 'ETH-USD')
  const lines = some.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ pos }) => pos)).toEqual([1, 2])
  expect(lines[0].data.trade_id).toBe(101)
  expect(none).toMatchObject({ status: 0, stdout: '' })
})

test('the log is listed and sealed, and a flipped byte is found', async () => {
  const { value: before } = await json('log', 'ls')
  expect(before).toEqual([expect.objectContaining({ log: 'collect', records: 8, segments: 1 })])
  expect((await json('log', 'verify')).value).toMatchObject({ ok: true })
  const folder = join(data, 'log', 'collect', 'journal')
  const path = join(folder, readdirSync(folder)[0] as string)
  const bytes = readFileSync(path)
  const flipped = Buffer.from(bytes)
  flipped[40] = (flipped[40] as number) ^ 1
  writeFileSync(path, flipped)
  const { status, stdout } = await run('log', 'verify')
  expect(status).toBe(1)
  expect(stdout).toMatch(/^collect: DAMAGED/)
  writeFileSync(path, bytes)
  const { stdout: sealed } = await run('log', 'seal', '--json')
  expect(JSON.parse(sealed)[0]).toMatchObject({ log: 'collect', belowPos: 8, records: 8, hours: 1 })
  expect((await json('trades', 'BTC-USD', '--raw')).value).toHaveLength(5)
})

test('retention and compaction without anything to do say so by their status', async () => {
  const dry = await run('retention', '--dry-run', '--json')
  expect(dry.status).toBe(3)
  const report = JSON.parse(dry.stdout)
  expect(report).toMatchObject({ dry_run: true, changed: false, logs: [] })
  expect(report.datasets.map((one: { dataset: string }) => one.dataset)).toEqual([
    'snapshots',
    'runs',
  ])
  const kept = await run('retention')
  expect(kept).toMatchObject({ status: 3 })
  expect(kept.stdout).toMatch(/^snapshots: 0 rows before 2025-/m)
  const compacted = await run('log', 'compact', '--older-than', '0', '--json')
  expect(compacted.status).toBe(3)
  expect(JSON.parse(compacted.stdout)[0]).toMatchObject({ name: 'collect', damaged: [] })
  const { value } = await json('rebuild', '--check')
  expect(value).toMatchObject({ carried_trades: 0, horizon: [] })
})
