import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openJournal, openLogReader } from '../bronze/index.ts'
import { createManualClock } from '../core/clock.ts'
import type { NewRecord } from '../market/record.ts'
import type { Batch } from './batch.ts'
import { DecodeStage } from './decode-stage.ts'

const NOW_US = 1_790_000_000_000_000

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-decode-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function record(payload: unknown, over: Partial<NewRecord> = {}): NewRecord {
  return {
    dialect: 'coinbase/exchange',
    channel: 'matches',
    symbol: 'BTC-USD',
    origin: 'ws',
    receivedTimeUs: NOW_US,
    conn: 'c',
    frame: 0,
    request: null,
    payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    ...over,
  }
}

function match(trade_id: number, over: Readonly<Record<string, unknown>> = {}): NewRecord {
  const time = '2026-09-21T12:00:00.000001Z'
  const facts = { side: 'buy', size: '0.10', price: '100', product_id: 'BTC-USD', time }
  return record({ type: 'match', trade_id, ...facts, ...over })
}

const csv = (lines: string, request: object, over: Partial<NewRecord> = {}) =>
  record(lines, {
    dialect: 'any/csv',
    origin: 'import',
    request: { url: 'f', file: 'f', firstLine: 1, ...request },
    ...over,
  })

/** Writes records into a log and decodes them as one batch. */
async function decode(...records: readonly NewRecord[]): Promise<Batch> {
  const dataDir = mkdtempSync(join(folder, 'data-'))
  const clock = createManualClock(NOW_US)
  await using journal = await openJournal({ dataDir, name: 'l', clock, commitWindowMs: 0 })
  for (const one of records) journal.append(one)
  await journal.flush()
  using reader = openLogReader({ dataDir, name: 'l' })
  const stage = new DecodeStage('l')
  for (const block of reader.blocks(0)) stage.feed(block)
  return stage.takeBatch()
}

describe('decoding a log', () => {
  test('accounts for every frame, and keeps trades by columns', async () => {
    const batch = await decode(
      match(5),
      record({ type: 'ticker' }),
      record({ type: 'subscriptions' }),
      record('<html>'),
      record({ event: 'tick' }, { dialect: 'assay/self', origin: 'self' }),
      record('{}', { dialect: 'nobody/knows' }),
    )
    const tally = { frames: 6, event: 1, raw_only: 1, control: 1, rejected: 2, self: 1 }
    expect(batch.tally).toEqual(tally)
    expect(batch.trades.count).toBe(1)
    expect(batch.keys).toEqual([{ venue: 'coinbase', symbol: 'BTC-USD', tape: '' }])
    expect(batch.rejected.map((one) => [one.pos, one.reason])).toEqual([
      [3, 'not_json'],
      [5, 'unknown_dialect'],
    ])
    expect([batch.checkpoint, batch.timeUs]).toEqual([6, NOW_US])
  })

  test('sets a record aside whose decoder throws, and goes on with the next', async () => {
    // A header that is no list is nothing an import writes; no decoder is prepared for it.
    const columns = { time: 'a', price: 'b', size: 'c' }
    const broken = csv('1,2,3', { columns, header: 5 })
    const batch = await decode(match(5), broken, match(6))
    expect(batch.trades.count).toBe(2)
    expect(batch.rejected).toMatchObject([{ pos: 1, item: 0, reason: 'fold_failed' }])
    expect(batch.tally).toMatchObject({ frames: 3, event: 2, rejected: 1 })
  })

  test('refuses single trades of a record and keeps the others', async () => {
    const lines = ['1,1790000000000000,5,1', '2,1790000000000000,-5,1', '3,x,5,1', '4,1,5,1']
    const columns = { trade_id: 'i', time: 't:us', price: 'p', size: 's' }
    const batch = await decode(csv(lines.join('\n'), { columns, header: ['i', 't', 'p', 's'] }))
    expect([...batch.trades.tradeId.subarray(0, batch.trades.count)]).toEqual([1])
    expect(batch.rejected.map((one) => [one.item, one.reason])).toEqual([
      [1, 'not_positive'],
      [2, 'bad_time'],
      [3, 'time_implausible'],
    ])
    const minute = NOW_US - (NOW_US % 60_000_000)
    expect(batch.spans).toEqual([
      { key: 0, evidence: 'f', fromUs: minute, toUs: minute + 60_000_000 },
    ])
  })

  test('refuses candles that are no minutes, or that no column could hold', async () => {
    const columns = { open_time: 't:us', open: 'o', high: 'o', low: 'o', close: 'o', volume: 'v' }
    const at = NOW_US - (NOW_US % 60_000_000)
    const lines = [`${at},5,0`, `${at + 1},5,1`, `${at},1e30,1`, `${at},0,1`, `${at},5,-1`]
    const request = { columns, header: ['t', 'o', 'v'] }
    const over = { dialect: 'any/klines', channel: 'candles_1m' }
    const batch = await decode(csv(lines.join('\n'), request, over))
    expect(batch.candles.length).toBe(1)
    const reasons = ['bad_time', 'too_precise', 'not_positive', 'not_positive']
    expect(batch.rejected.map((one) => one.reason)).toEqual(reasons)
  })

  test('refuses a witness from the future, which would prove what is yet to come', async () => {
    const beat = (time: string) =>
      record({ type: 'heartbeat', last_trade_id: 5, product_id: 'BTC-USD', sequence: 1, time })
    const batch = await decode(beat('2026-09-21T12:00:00Z'), beat('2100-01-01T00:00:00Z'))
    expect(batch.witnesses.length).toBe(1)
    expect(batch.rejected).toMatchObject([{ pos: 1, reason: 'time_implausible' }])
  })

  test.each([
    'null',
    '7',
    '"tick"',
    '{}',
    '{"event":"subscribe"}',
    '{"event":"subscribe","venue":"v","symbols":[7],"fact":true}',
    '{"event":"backfill","venue":"v","symbol":"s","cause":"hole","fromUs":"x"}',
    '{"event":"give_up","venue":"v","symbol":"s","firstId":1,"lastId":2,"verdict":"x"}',
    'not json',
  ])('refuses %s as an entry of the diary', async (payload) => {
    const batch = await decode(record(payload, { dialect: 'assay/self', origin: 'self' }))
    expect(batch.selves).toEqual([])
    expect(batch.rejected).toMatchObject([{ reason: 'malformed', dialect: 'assay/self' }])
  })

  test('takes an entry of a kind yet unknown, for its time', async () => {
    const entry = record({ event: 'later' }, { dialect: 'assay/self', origin: 'self' })
    const batch = await decode(entry)
    expect(batch.selves.length).toBe(1)
    expect(batch.rejected).toEqual([])
  })
})
