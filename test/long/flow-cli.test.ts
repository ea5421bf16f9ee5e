import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, suite, test } from 'vitest'
import { lastLine, runCli, runJson, tempFolder } from '../integration/cli-support.ts'

/** Two days of a trade every ten seconds, of an exchange whose ids leave none out. */
const FROM_S = Date.UTC(2026, 0, 1) / 1000
const TRADES = 2 * 8640
const HOUR = '2026-01-01T05'
const DAY = '2026-01-01'

interface Made {
  readonly state: string
  readonly version: string
  readonly rows: number
  readonly run_id: string
  readonly reason: string | null
  readonly checks: readonly { readonly name: string; readonly passed: boolean }[]
}

suite('assets by the command line', () => {
  const folder = tempFolder()
  const data = ['--data', folder.path]
  const make = async (...args: readonly string[]) => {
    const ended = await runCli('materialize', ...args, ...data, '--json')
    return { status: ended.status, ...lastLine<Made>(ended) }
  }
  const sql = (text: string) => {
    using database = new DatabaseSync(join(folder.path, 'warehouse', 'gen-000001.sqlite'))
    return database.prepare(text).all()
  }

  beforeAll(async () => {
    const lines = ['id,time,price,amount,side']
    for (let at = 0; at < TRADES; at += 1) {
      const price = (20_000 + 50 * Math.sin(at / 700) + (at % 7)).toFixed(2)
      const side = at % 3 === 0 ? 'buy' : 'sell'
      lines.push(`${1000 + at},${FROM_S + at * 10},${price},0.0${1 + (at % 9)},${side}`)
    }
    const file = join(folder.path, 'trades.csv')
    writeFileSync(file, `${lines.join('\n')}\n`)
    const columns = 'trade_id=id,time=time:s,price=price,size=amount,side=side'
    const about = ['--venue', 'coinbase', '--symbol', 'BTC-USD', '--columns', columns]
    await runJson('import', file, ...about, ...data, '--json')
  })
  afterAll(() => folder[Symbol.dispose]())

  test('a dry run says what would be made, in order, and makes nothing', async () => {
    const args = ['gold.daily_kpis', '-p', DAY, '--upstream', '--dry-run', '--json']
    const { steps } = await runJson<{ steps: { asset: string }[] }>('materialize', ...args, ...data)
    const keys = [...new Set(steps.map(({ asset }) => asset))]
    expect(keys.at(-1)).toBe('gold.daily_kpis')
    expect(keys.indexOf('silver.trades')).toBeLessThan(keys.indexOf('gold.candles_1h'))
    expect(sql('select count(*) as runs from ops_runs')).toMatchObject([{ runs: 0 }])
  })

  test('an hour is made once, and then unchanged', async () => {
    const first = await make('gold.candles_1h', '-p', HOUR)
    expect(first).toMatchObject({ status: 0, state: 'succeeded', rows: 1 })
    const second = await make('gold.candles_1h', '-p', HOUR)
    expect(second).toMatchObject({ status: 3, state: 'skipped', reason: 'unchanged' })
    expect(second.version).toBe(first.version)
    const forced = await make('gold.candles_1h', '-p', HOUR, '--force')
    expect(forced).toMatchObject({ status: 0, version: first.version })
  })

  test('what was deleted by hand is made again, identical', async () => {
    const rows = () => sql('select * from gold_candles where interval_us = 3600000000')
    const told = ({ revision: _, change_seq: __, ...row }: Record<string, unknown>) => row
    const before = rows().map(told)
    sql('delete from gold_candles where interval_us = 3600000000')
    const again = await make('gold.candles_1h', '-p', HOUR)
    expect(again).toMatchObject({ status: 0, state: 'succeeded' })
    expect(rows().map(told)).toEqual(before.filter((row) => row.open_time_us === 1767243600000000))
  })

  test('the same run key is done once, and belongs to one partition', async () => {
    const first = await make('gold.candles_5m', '-p', HOUR, '--run-key', 'a')
    const second = await make('gold.candles_5m', '-p', HOUR, '--run-key', 'a', '--force')
    expect(second.run_id).toBe(first.run_id)
    const other = await runCli(
      'materialize',
      'gold.candles_5m',
      '-p',
      '2026-01-01T06',
      '--run-key',
      'a',
      ...data,
    )
    expect(other.status).toBe(2)
  })

  test('what is made from others makes those first, and passes its checks', async () => {
    const made = await make('gold.daily_kpis', '-p', DAY, '--upstream')
    expect(made).toMatchObject({ status: 0, state: 'succeeded', rows: 1 })
    const { assets } = await runJson<{ assets: { key: string; newest: string | null }[] }>(
      ...['assets', '--json', '--from', '2026-01-01', ...data],
    )
    const newest = new Map(assets.map(({ key, newest: part }) => [key, part]))
    expect(newest.get('silver.trades')).toBe('2026-01-01T23')
    expect(newest.get('gold.candles_1d')).toBe(DAY)
    const proof = await make('ops.rebuild_proof', '-p', DAY)
    expect(proof).toMatchObject({ status: 0, checks: [{ name: 'rebuilt_equal', passed: true }] })
  })

  test('a backfill makes what lacks, and then there is nothing to do', async () => {
    const span = ['--from', '2026-01-01', '--to', '2026-01-03', ...data]
    const plan = await runCli('backfill-assets', 'gold.candles_15m', ...span, '--dry-run', '--json')
    expect(lastLine(plan)).toMatchObject({ partitions: expect.any(Array) })
    const made = await runJson('backfill-assets', 'gold.candles_15m', ...span, '--json')
    expect(made).toMatchObject({ succeeded: 24, skipped: 0, failed: 0 })
    const again = await runCli('backfill-assets', 'gold.candles_15m', ...span, '--json')
    expect(again.status).toBe(3)
  })

  test('runs are listed, shown with their items, and repeated', async () => {
    const runs = await runJson<{ run_id: string; asset: string }[]>(
      'runs',
      '--json',
      '--limit',
      '500',
      ...data,
    )
    const run = runs.find(({ asset }) => asset === 'silver.trades')
    const shown = await runJson('runs', 'show', run?.run_id ?? '', '--json', ...data)
    expect(shown).toMatchObject({
      state: 'succeeded',
      items: [{ item: 'coinbase:BTC-USD', state: 'done', rows: 360 }],
      checks: [{ name: 'exactly_once', passed: true }],
    })
    expect(await runJson('runs', 'retry', run?.run_id ?? '', '--json', ...data)).toMatchObject({
      state: 'succeeded',
    })
    expect((await runCli('runs', 'cancel', run?.run_id ?? '', ...data)).status).toBe(2)
    expect((await runCli('runs', 'show', 'ffffffff', ...data)).status).toBe(2)
  })

  test('what comes late is no longer unchanged, nor is what is made from it', async () => {
    const before = await make('silver.trades', '-p', HOUR)
    expect(before).toMatchObject({ status: 3, reason: 'unchanged' })
    const lines = Array.from({ length: 10 }, (_, at) => {
      return `${1 + at},${FROM_S + 5 * 3600 + at * 60},100.5,0.5,sell`
    })
    const file = join(folder.path, 'late.csv')
    writeFileSync(file, `${['id,time,price,amount,side', ...lines].join('\n')}\n`)
    const columns = 'trade_id=id,time=time:s,price=price,size=amount,side=side'
    const about = ['--venue', 'coinbase', '--symbol', 'ETH-USD', '--columns', columns]
    await runJson('import', file, ...about, ...data, '--json')
    const after = await make('silver.trades', '-p', HOUR)
    expect(after).toMatchObject({ status: 0, state: 'succeeded', rows: before.rows + 10 })
    const minutes = await make('silver.candles_1m', '-p', HOUR)
    expect(minutes).toMatchObject({ status: 0, state: 'succeeded' })
    const candles = await make('gold.candles_1h', '-p', HOUR)
    expect(candles).toMatchObject({ status: 0, state: 'succeeded', rows: 2 })
  })

  test('wrong words are refused, saying what would be right', async () => {
    for (const args of [
      ['gold.candles'],
      ['gold.candles_1h'],
      ['gold.candles_1h', '-p', '2026-01-01'],
      ['gold.candles_1d', '-p', HOUR],
      ['gold.candles_1h', '-p', HOUR, '--only', 'colour=red'],
      ['market.instruments', '-p', HOUR],
    ]) {
      const ended = await runCli('materialize', ...args, ...data)
      expect([ended.status, args], ended.stderr).toEqual([2, args])
    }
  })

  test('the graph is told as text and as Mermaid', async () => {
    const text = await runCli('assets', 'graph', ...data)
    expect(text.stdout).toContain('gold.daily_kpis')
    const mermaid = await runCli('assets', 'graph', '--mermaid', ...data)
    expect(mermaid.stdout).toContain('gold_candles_1d --> gold_daily_kpis')
  })

  test('the scheduler alone does what is due and ends', async () => {
    const ended = await runCli('flow', '--once', '--json', ...data)
    expect(ended.status, ended.stderr).toBe(0)
    expect(lastLine(ended)).toMatchObject({ failed: 0, cancelled: 0 })
  })
})
