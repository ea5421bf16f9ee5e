import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lineage } from '../../src/assets/lineage/index.ts'
import { formatTimeUs } from '../../src/market/bucket.ts'
import type { NewRecord } from '../../src/market/record.ts'
import { runCli, runJson } from '../integration/cli-support.ts'
import { openRefinery, type Refinery, tempFolder, writeLog } from '../playback/support.ts'

/** 2026-01-01T00:00:00Z. */
const HOUR_US = 1_767_225_600_000_000

function match(id: number): NewRecord {
  const timeUs = HOUR_US + id * 20_000_000
  const payload = {
    ...{ type: 'match', trade_id: id, maker_order_id: 'm', taker_order_id: 't', side: 'sell' },
    ...{ size: '0.5', price: `6400${id % 10}.01`, product_id: 'BTC-USD', sequence: id },
    time: formatTimeUs(timeUs),
  }
  return {
    ...{ dialect: 'coinbase/exchange', channel: 'matches', symbol: 'BTC-USD', origin: 'ws' },
    ...{ receivedTimeUs: timeUs + 30_000, conn: 'c', frame: id, request: null },
    payload: Buffer.from(JSON.stringify(payload)),
  }
}

let dataDir: string
let writer: Refinery
beforeAll(async () => {
  dataDir = tempFolder()
  const ids = Array.from({ length: 100 }, (_, at) => at + 1)
  const fact = { event: 'subscribe', venue: 'coinbase', channel: 'matches', fact: true }
  const self = { dialect: 'assay/self', channel: 'self', origin: 'self', symbol: null } as const
  const payload = Buffer.from(JSON.stringify({ ...fact, symbols: ['BTC-USD'] }))
  await writeLog(dataDir, 'collect', [{ ...match(0), ...self, payload }, ...ids.map(match)])
  writer = await openRefinery(dataDir)
  await writer.settle()
})
// Held open all the while: what is asked here is asked beside a running writer.
afterAll(() => writer[Symbol.asyncDispose]())

const ask = (...args: readonly string[]) => runCli('lineage', ...args, '--data', dataDir)

describe('assay lineage, while another process writes', () => {
  test('tells programs of a candle: rows, ids, positions', async () => {
    const selector = ['gold.candles', 'coinbase:BTC-USD', '1h', '2026-01-01T00']
    const lineage = await runJson<Lineage>('lineage', ...selector, '--data', dataDir, '--json')
    expect(lineage).toMatchObject({
      ...{ dataset: 'gold.candles', name: 'coinbase:BTC-USD', interval: '1h' },
      ...{ time: '2026-01-01T00:00:00.000Z', totals: { trades: 100, records: 100 } },
      tree: { what: 'candles of 1h', rows: 1 },
      runs: [],
    })
    expect(lineage.sources.map(({ pos }) => pos)).toEqual([1, 100])
  })

  test('draws people a tree, and shows the venue’s own words', async () => {
    const selector = ['gold.candles', 'coinbase:BTC-USD', '1h', '2026-01-01T00:30']
    const { stdout, status } = await ask(...selector, '--raw')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^gold\.candles coinbase:BTC-USD 1h 2026-01-01 00:00:00$/m)
    expect(stdout).toMatch(/└─ 100 trades silver\.trades/)
    expect(stdout).toContain('ids 1–100: 100 trades')
    expect(stdout).toContain('positions 1–100')
    expect(stdout).toContain('100 trades, 100 raw records.')
    expect(stdout).toContain('"trade_id":1,')
    expect(stdout).toContain('"trade_id":100,')
  })

  test('finds a trade by its id, in the venue’s words as far as is asked', async () => {
    const { stdout } = await ask('silver.trades', 'coinbase:BTC-USD', 'id:7', '--raw', '--json')
    const { sources } = JSON.parse(stdout) as { sources: { raw: string }[] }
    expect(sources.length).toBe(1)
    expect(JSON.parse(sources[0]?.raw ?? '')).toMatchObject({ trade_id: 7 })
  })

  test.each([
    [['gold.candles', 'coinbase:BTC-USD', '1h', '2026-01-03'], 1, /the nearest: 2026-01-01T00:00/],
    [['gold.candles', 'coinbase:BTC-USD', '2026-01-01'], 2, /has several intervals/],
    [['gold.candles', 'coinbase:BTC-USD', '1h'], 2, /name the time after it/],
    [['gold.candles', 'coinbase:BTC-USD', '2h', '2026-01-01'], 2, /2h is no interval/],
    [['ops.runs', 'coinbase:BTC-USD', '2026-01-01'], 2, /ops.runs cannot be traced; one of gold/],
    [['gold.candles', 'coinbase:BTC-US', '1h', '2026-01-01'], 1, /there is coinbase:BTC-USD/],
    [['gold.daily_kpis', 'coinbase:BTC-USD', '2026-01-01'], 1, /there is none at all/],
    [['silver.trades', 'coinbase:BTC-USD', 'id:101'], 1, /no trade 101 of coinbase:BTC-USD/],
    [['silver.trades', 'coinbase:BTC-USD', 'yesterday'], 2, /yesterday is no time/],
  ])('%j ends with status %i', async (args, status, message) => {
    const ended = await ask(...args)
    expect(ended.stderr).toMatch(message)
    expect(ended.status).toBe(status)
  })
})

describe('assay datasets', () => {
  test('lists every dataset with what is held of it', async () => {
    const rows = await runJson<readonly { name: string }[]>('datasets', '--data', dataDir, '--json')
    const of = (name: string) => rows.find((row) => row.name === name)
    expect(of('silver.trades')).toMatchObject({ rows: 100, rows_exact: false })
    expect(of('bronze.log')).toMatchObject({ rows: 101, rows_exact: true })
    expect(of('gold.candles')).toMatchObject({ rows_exact: true })
    expect(of('gold.indicators')).toMatchObject({ rows: 0, newest: null })
  })

  test('shows one in full, and the catalogue alone where there is no warehouse', async () => {
    const { stdout } = await runCli('datasets', 'gold_candles', '--data', dataDir)
    expect(stdout).toMatch(/^key +instrument_id, interval_us, open_time_us$/m)
    expect(stdout).toMatch(/^notional +notional, or null +quote/m)
    const bare = await runCli('datasets', 'silver.trades', '--json', '--data', tempFolder())
    const told = JSON.parse(bare.stdout) as { rows: unknown; columns: readonly object[] }
    expect(told.rows).toBeNull()
    expect(told.columns[0]).toMatchObject({ name: 'instrument_id', type: 'integer' })
    const unknown = await runCli('datasets', 'silver.trade', '--data', dataDir)
    expect(unknown).toMatchObject({ status: 2 })
  })
})
