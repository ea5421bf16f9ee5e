import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { storedInstrument } from '../../silver/state.ts'
import { openWarehouse } from '../../warehouse/index.ts'
import { createProgram } from '../program.ts'

const START_US = 1_790_689_500_000_000

let data: string
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'assay-books-'))
  const url = `sqlite:${join(data, 'warehouse')}`
  await using warehouse = await openWarehouse({ url, mode: 'write', clock: systemClock })
  await warehouse.write(async (tx) => {
    const { instrument_id } = await storedInstrument(tx, { venue: 'kraken', symbol: 'BTC/USD' })
    const seconds = [0, 1, 3].map((second) => ({
      instrument_id,
      second_us: START_US + second * 1_000_000,
      bid: '64000.1',
      bid_size: '1',
      ask: second === 3 ? null : '64000.2',
      ask_size: second === 3 ? null : '2',
      bid_depth: '10.5',
      ask_depth: second === 3 ? '0' : '12',
      spread: second === 3 ? null : '0.1',
      imbalance: second === 3 ? null : '-0.333333333333333333',
      microprice: second === 3 ? null : '64000.133333333333333333',
      updates: 4 + second,
      change_seq: tx.changeSeq,
    }))
    await tx.upsert('silver_book_seconds', seconds)
    await tx.upsert('silver_book_breaks', [
      {
        instrument_id,
        conn: 'c1',
        frame: 7,
        time_us: START_US + 2_000_000,
        cause: 'no_snapshot',
        detail: 'updates began without a snapshot',
      },
    ])
  })
})
afterAll(() => rmSync(data, { recursive: true, force: true }))

/** Runs `assay books` in this process, and returns what it printed. */
async function run(...args: string[]): Promise<string> {
  let printed = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text.toString()
    return true
  })
  try {
    await createProgram().parseAsync(['node', 'assay', '--data', data, 'books', ...args])
  } finally {
    spy.mockRestore()
  }
  return printed
}

test('programs are given every column of the seconds there are', async () => {
  const seconds = JSON.parse(await run('kraken:BTC/USD', '--json')) as Record<string, unknown>[]
  expect(seconds).toHaveLength(3)
  expect(seconds[0]).toEqual({
    second: '2026-09-29T13:45:00.000Z',
    bid: '64000.1',
    bid_size: '1',
    ask: '64000.2',
    ask_size: '2',
    bid_depth: '10.5',
    ask_depth: '12',
    spread: '0.1',
    imbalance: '-0.333333333333333333',
    microprice: '64000.133333333333333333',
    updates: 4,
  })
  expect(seconds[2]).toMatchObject({ ask: null, spread: null, microprice: null, ask_depth: '0' })
})

test('a span is half-open, and a limit keeps its beginning, or the newest', async () => {
  const from = ['--from', '2026-09-29T13:45:01Z', '--to', '2026-09-29T13:45:03Z']
  const updates = async (...args: string[]) =>
    (JSON.parse(await run('BTC/USD', '--json', ...args)) as { updates: number }[]).map(
      (row) => row.updates,
    )
  expect(await updates(...from)).toEqual([5])
  expect(await updates('--limit', '2')).toEqual([5, 7])
  expect(await updates('--from', '2026-09-29', '--limit', '2')).toEqual([4, 5])
})

test('people are shown as many places as tell something', async () => {
  const table = await run('BTC/USD')
  expect(table).toContain('64000.133')
  expect(table).not.toContain('64000.1333')
  expect(table).toContain('-0.333')
})

test('broken chains are listed, of one book or of all', async () => {
  const row = {
    time: '2026-09-29T13:45:02.000Z',
    venue: 'kraken',
    symbol: 'BTC/USD',
    cause: 'no_snapshot',
    detail: 'updates began without a snapshot',
    conn: 'c1',
    frame: 7,
  }
  expect(JSON.parse(await run('--breaks', '--json'))).toEqual([row])
  expect(JSON.parse(await run('BTC/USD', '--breaks', '--json'))).toEqual([row])
  expect(JSON.parse(await run('--breaks', '--venue', 'coinbase', '--json'))).toEqual([])
  expect(await run('--breaks')).toContain('no snapshot')
})

test('without an instrument there is nothing to show but breaks', async () => {
  await expect(run()).rejects.toMatchObject({ code: 'ASSAY_USAGE' })
})
