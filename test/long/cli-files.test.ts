import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { lastLine, runCli, runJson, tempFolder } from '../integration/cli-support.ts'

// Many processes at once: on a busy machine each takes its time to start.
vi.setConfig({ testTimeout: 60_000 })

const DATA = resolve(import.meta.dirname, '../../../shared/data')
const GOLD = join(DATA, 'gold/binancefut_trades_BTCUSDT_20200222_0000-0124.csv.gz')
const CAPTURE = join(DATA, 'wire/coinbase_exchange_ws_20210417.jsonl.gz')

const VENUE = ['--venue', 'binance-futures', '--symbol', 'BTC-USDT']
const COLUMNS = 'trade_id=id,time=timestamp:us,price=price,size=amount,side=side'
const START_US = 1_582_329_600_000_000
const MINUTE_US = 60_000_000

/** Trades of three minutes: one twice, one with no price, one missing between 104 and 106. */
const TAPE = [
  'timestamp,id,price,amount,side',
  `${START_US + 1e6},101,9701.5,0.25,buy`,
  `${START_US + 2e6},102,9700,1,sell`,
  `${START_US + 2e6},102,9700,1,sell`,
  `${START_US + MINUTE_US},103,9702.25,0.5,buy`,
  `${START_US + MINUTE_US + 1},104,9702,0.003,buy`,
  `${START_US + 2 * MINUTE_US},106,9699.99,2,sell`,
  `${START_US + 2 * MINUTE_US + 5},107,none,2,sell`,
].join('\n')

const MATCH = {
  type: 'match',
  trade_id: 10,
  maker_order_id: '8e9a1c0e-0000-4000-8000-000000000001',
  taker_order_id: '8e9a1c0e-0000-4000-8000-000000000002',
  side: 'sell',
  size: '0.5',
  price: '64000.01',
  product_id: 'BTC-USD',
  sequence: 100,
  time: '2026-09-29T14:25:01.000000Z',
}
const FRAMES = [
  { type: 'subscriptions', channels: [{ name: 'matches', product_ids: ['BTC-USD'] }] },
  MATCH,
  MATCH,
  { ...MATCH, trade_id: 11, price: undefined },
  { ...MATCH, trade_id: 12, time: '2026-09-29T14:25:02.000000Z' },
]

async function importTape(folder: string): Promise<readonly string[]> {
  const file = join(folder, 'tape.csv')
  writeFileSync(file, TAPE)
  return [file, ...VENUE, '--columns', COLUMNS, '--data', join(folder, 'data'), '--json']
}

describe.concurrent('what commands tell programs', () => {
  test('of an import, once and again', async () => {
    using folder = tempFolder()
    const args = await importTape(folder.path)
    const counts = { rejected: 1, gaps: 1, edges: 2 }
    expect(await runJson('import', ...args)).toEqual({
      ...{ read: 7, accepted: 5, duplicates: 1 },
      ...counts,
      // No published checksum lies beside it.
      verified: false,
    })
    expect(await runJson('import', ...args)).toMatchObject({ read: 7, accepted: 0 })
  })

  test('of candles, with every number as exact text', async () => {
    using folder = tempFolder()
    await runJson('import', ...(await importTape(folder.path)))
    const span = ['--from', '2020-02-22T00:00:00Z', '--to', '2020-02-22T00:02:00Z']
    const data = ['--data', join(folder.path, 'data')]
    expect(await runJson('candles', 'BTC-USDT', '1m', ...span, ...data, '--json')).toEqual([
      {
        open_time: '2020-02-22T00:00:00.000Z',
        open: '9701.5',
        high: '9701.5',
        low: '9700',
        close: '9700',
        volume: '1.25',
        notional: '12125.375',
        vwap: '9700.3',
        trade_count: 2,
        taker_buy_volume: '0.25',
        status: 'traded',
        complete: false,
        revision: 0,
      },
      {
        open_time: '2020-02-22T00:01:00.000Z',
        open: '9702.25',
        high: '9702.25',
        low: '9702',
        close: '9702',
        volume: '0.503',
        notional: '4880.231',
        vwap: '9702.248508946322067594',
        trade_count: 2,
        taker_buy_volume: '0.503',
        status: 'traded',
        complete: false,
        revision: 0,
      },
    ])
  })

  test('of a rebuild, which is the same from nothing', async () => {
    using folder = tempFolder()
    await runJson('import', ...(await importTape(folder.path)))
    const data = ['--data', join(folder.path, 'data'), '--json']
    const carried = { carried_trades: 0, horizon: [] }
    const checked = await runJson('rebuild', '--check', ...data)
    expect(checked).toEqual({
      rows: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      equal: true,
      ...carried,
    })
    rmSync(join(folder.path, 'data', 'warehouse'), { recursive: true })
    const { rows, sha256 } = checked
    expect(await runJson('rebuild', ...data)).toEqual({ rows, sha256, ...carried })
    expect(await runJson('log', 'verify', ...data)).toMatchObject({ ok: true })
  })

  test('of a replay, in which every frame is accounted for', async () => {
    using folder = tempFolder()
    const file = join(folder.path, 'capture.jsonl')
    writeFileSync(file, `${FRAMES.map((frame) => JSON.stringify(frame)).join('\n')}\n`)
    const data = ['--data', join(folder.path, 'data'), '--json']
    expect(await runJson('replay', file, '--venue', 'coinbase', ...data)).toMatchObject({
      frames: 5,
      event_frames: 3,
      control: 1,
      raw_only: 0,
      rejected_frames: 1,
      events: 3,
      rejected_events: 0,
      duplicates: 1,
    })
  })

  test('of a failure: its code and its words', async () => {
    using folder = tempFolder()
    const data = ['--data', folder.path, '--json']
    const ended = await runCli('import', 'nowhere.csv', ...VENUE, '--columns', COLUMNS, ...data)
    expect(ended.status).toBe(1)
    expect(lastLine(ended).error).toMatchObject({ code: 'ASSAY_FILE_UNREADABLE' })
  })
})

describe.concurrent('recorded data, where it is at hand', () => {
  test.skipIf(!existsSync(GOLD))('the gold tape is imported whole', async () => {
    using folder = tempFolder()
    const data = ['--data', folder.path, '--json']
    expect(await runJson('import', GOLD, ...VENUE, '--columns', COLUMNS, ...data)).toEqual({
      read: 6844,
      accepted: 6844,
      duplicates: 0,
      rejected: 0,
      gaps: 0,
      edges: 2,
      verified: false,
    })
    const span = ['--from', '2020-02-22T00:00:00Z', '--to', '2020-02-22T01:24:00Z']
    const candles = await runJson<readonly object[]>('candles', 'BTC-USDT', '1m', ...span, ...data)
    expect(candles).toHaveLength(84)
    expect(candles[0]).toMatchObject({ complete: false, status: 'traded' })
    expect(candles[1]).toMatchObject({ complete: true, open_time: '2020-02-22T00:01:00.000Z' })
  })

  test.skipIf(!existsSync(CAPTURE))('a capture is replayed, each frame told of once', async () => {
    using folder = tempFolder()
    const data = ['--data', folder.path, '--json']
    const told = await runJson<Record<string, number>>(
      'replay',
      CAPTURE,
      '--venue',
      'coinbase',
      ...data,
    )
    const { frames, event_frames, control, raw_only, rejected_frames } = told
    const sum = [event_frames, control, raw_only, rejected_frames].reduce((a = 0, b = 0) => a + b)
    expect(sum).toBe(frames)
    expect(frames).toBeGreaterThan(0)
    const again = await runJson('replay', CAPTURE, '--venue', 'coinbase', ...data)
    expect(again).toMatchObject({ frames, events: told.events })
  })
})
