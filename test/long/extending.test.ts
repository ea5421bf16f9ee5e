import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { openWarehouse } from '../../src/warehouse/index.ts'
import { lastLine, runCli, runJson, tempFolder } from '../integration/cli-support.ts'
import { BEFORE, startTinyVenue, type TinyVenue } from './tiny-venue.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const DOCUMENT = readFileSync(join(ROOT, 'docs/EXTENDING.md'), 'utf8')

/** An example of the document, as it stands there but for where things lie on this machine. */
function example(name: string, places: Readonly<Record<string, string>> = {}): string {
  const found = new RegExp(`^\`\`\`ts ${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(DOCUMENT)?.[1]
  if (found === undefined) throw new Error(`the document has no example ${name}`)
  const entry = JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href)
  return Object.entries(places).reduce(
    (text, [there, here]) => text.replaceAll(there, here),
    found.replace(`'assay'`, entry),
  )
}

/** A folder with an example as its configuration; `assay` run in it. */
function openHome(text: string) {
  const folder = tempFolder()
  const config = join(folder.path, 'assay.config.ts')
  writeFileSync(config, text)
  const flags = ['--config', config, '--data', join(folder.path, 'data')]
  const read = async <T>(query: string): Promise<readonly T[]> => {
    const url = `sqlite:${join(folder.path, 'data', 'warehouse')}`
    await using warehouse = await openWarehouse({ url, mode: 'read', clock: systemClock })
    return await warehouse.read(async (db) => (await sql.raw<T>(query).execute(db)).rows)
  }
  return {
    folder,
    read,
    write: (other: string) => writeFileSync(config, other),
    run: (...args: readonly string[]) => runCli(...args, ...flags),
    json: <T>(...args: readonly string[]) => runJson<T>(...args, '--json', ...flags),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

describe('the venue of the document', () => {
  let tiny: TinyVenue
  let text: string
  beforeAll(async () => {
    tiny = await startTinyVenue()
    text = example('venue', { '127.0.0.1:4000': tiny.host })
  })
  afterAll(() => tiny?.[Symbol.asyncDispose]())

  test('is collected, healed and rebuilt like one of ours', async () => {
    using home = openHome(text)
    expect(await home.json('config', 'check')).toMatchObject({ added: { venues: ['tiny'] } })
    const ran = await home.json<{ trades: number; refilled: number; rejected: number }>(
      ...['run', '--seconds', '12'],
    )
    expect(ran.trades).toBeGreaterThan(80)
    expect(ran.refilled).toBeGreaterThan(0)
    expect(ran.rejected).toBe(0)
    const held = await home.read<{ tradeId: number; timeUs: number; price: string; size: string }>(
      `select trade_id as tradeId, event_time_us as timeUs, price, size from silver_trades
       order by trade_id`,
    )
    const [first, last] = [held[0]!.tradeId, held.at(-1)!.tradeId]
    const told = tiny.trades.slice(first - 1, last)
    expect(held.map((one) => ({ ...one }))).toEqual(
      told.map(({ tradeId, timeUs, price, size }) => ({
        ...{ tradeId, timeUs, price: String(price), size },
      })),
    )
    const candles = await home.run('candles', 'tiny:BTC-USD', '1m', '--csv')
    expect(candles.stdout.split('\n').length).toBeGreaterThan(2)
    const rebuilt = await home.json<{ equal: boolean; sha256: string }>('rebuild', '--check')
    expect(rebuilt.equal).toBe(true)

    // Without its decoder its records are set aside, by name; with it they are what they were.
    home.write('export default {}')
    expect((await home.json<{ sha256: string }>('rebuild')).sha256).not.toBe(rebuilt.sha256)
    const aside = await home.read<{ reason: string; dialect: string; detail: string }>(
      'select distinct reason, dialect, detail from silver_quarantine order by dialect',
    )
    expect(aside.map(({ reason, dialect }) => `${reason} ${dialect}`)).toEqual([
      'unknown_dialect tiny/rest',
      'unknown_dialect tiny/ws',
    ])
    expect(aside[1]?.detail).toContain('"tiny/ws"')
    home.write(text)
    expect((await home.json<{ sha256: string }>('rebuild')).sha256).toBe(rebuilt.sha256)
  })

  test('is collected by one process, refined by another, and asked for its past', async () => {
    using home = openHome(text.replace("venues: ['tiny']", "venues: ['coinbase']"))
    await home.json('collect', '--seconds', '3', '--venues', 'tiny', '--products', 'tiny:BTC-USD')
    const refined = await home.json<{ accepted: number; rejected: number }>('refine', '--once')
    expect(refined.accepted).toBeGreaterThan(10)
    expect(refined.rejected).toBe(0)
    await home.json('backfill', '--venues', 'tiny', '--from', '-1m')
    const [gaps] = await home.read<{ least: number; greatest: number; held: number }>(
      `select min(trade_id) as least, max(trade_id) as greatest, count(*) as held
       from silver_trades`,
    )
    expect(gaps?.held).toBe(gaps!.greatest - gaps!.least + 1)
    expect(gaps?.least).toBeLessThan(BEFORE)
    const unknown = await home.run('collect', '--venues', 'tinny')
    expect(unknown.status).toBe(1)
    expect(unknown.stderr).toContain('no venue is called tinny; there is coinbase, binance-us,')
    expect(unknown.stderr).toContain(', tiny,')
  })
})

/** A day's trades of a venue of ours, imported; a home without anything else. */
async function importDay(home: ReturnType<typeof openHome>): Promise<void> {
  const hours = Array.from({ length: 24 }, (_, hour) => {
    const time = Date.UTC(2026, 0, 31, hour, 30) * 1000
    return `${hour + 1},${time},${100 + hour},0.5,buy`
  })
  const file = join(home.folder.path, 'day.csv')
  writeFileSync(file, ['id,timestamp,price,amount,side', ...hours, ''].join('\n'))
  await home.json(
    ...['import', file, '--venue', 'coinbase', '--symbol', 'BTC-USD'],
    ...['--columns', 'trade_id=id,time=timestamp:us,price=price,size=amount,side=side'],
  )
}

interface Run {
  readonly state: string
  readonly rows: number
  readonly version: string
  readonly reason: string | null
}

test('the dataset of the document is made once, and outlives a rebuild', async () => {
  using home = openHome(example('dataset'))
  await importDay(home)
  const make = async () => {
    const ended = await home.run('materialize', 'my.activity', '-p', '2026-01-31', '--json')
    return { status: ended.status, run: lastLine<Run>(ended) }
  }
  const made = await make()
  expect(made).toMatchObject({ status: 0, run: { state: 'succeeded', rows: 1 } })
  const rows = () => home.read<object>('select * from user_activity')
  const expected = [{ day: '2026-01-31', venue: 'coinbase', instruments: 1, trades: 24 }]
  expect((await rows()).map((row) => ({ ...row }))).toEqual(expected)
  const { version } = made.run
  expect(await make()).toMatchObject({
    ...{ status: 3, run: { state: 'skipped', reason: 'unchanged', version } },
  })
  const { assets } = await home.json<{ assets: readonly object[] }>('assets', 'my.activity')
  expect(assets).toMatchObject([
    { key: 'my.activity', dependencies: ['gold.candles_1h'], schedules: ['30 1 * * *'] },
  ])
  expect((await home.run('assets', 'graph')).stdout).toContain('my.activity')
  expect(await home.json('datasets', 'my.activity')).toMatchObject({
    ...{ table: 'user_activity', rows: 1, made_by: ['my.activity'] },
  })
  // Whether or not a rebuild brings the rows along: what is lost is seen, and made again.
  await home.json('rebuild')
  expect(['succeeded', 'skipped']).toContain((await make()).run.state)
  expect((await rows()).map((row) => ({ ...row }))).toEqual(expected)
})

test('the schedules of the document are those that are kept', async () => {
  using home = openHome(example('schedule'))
  await importDay(home)
  interface Listed {
    readonly key: string
    readonly schedules: readonly string[]
    readonly next_run: string | null
  }
  const { assets } = await home.json<{ assets: readonly Listed[] }>('assets')
  const byKey = new Map(assets.map((one) => [one.key, one]))
  expect(byKey.get('gold.daily_kpis')?.next_run).toMatch(/T01:30:00/)
  expect(byKey.get('quality.certificates')).toMatchObject({ schedules: [], next_run: null })
  const next = Date.parse(byKey.get('silver.candles_1m')?.next_run ?? '')
  expect(next - systemClock.nowUs() / 1000).toBeLessThan(2500)
  await home.json('flow', '--seconds', '6')
  const runs = await home.read<{ asset: string; made_by: string }>(
    `select distinct asset, "trigger" as made_by from ops_runs`,
  )
  expect(runs.map(({ asset, made_by }) => `${asset} ${made_by}`)).toContain(
    'silver.candles_1m schedule',
  )
})

test('an asset that does not listen holds up no run that is to end', async () => {
  const entry = JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href)
  using home = openHome(`
    import { writeFileSync } from 'node:fs'
    import { defineAsset, defineConfig } from ${entry}
    const stuck = defineAsset({
      key: 'my.stuck', about: 'It goes on and on.', partitions: 'none',
      schedules: [{ cron: '* * * * * *', part: 'closed' }],
      materialize() {
        writeFileSync(new URL('began', import.meta.url), '')
        for (;;) {}
      },
    })
    export default defineConfig({ extend: { assets: [stuck] } })`)
  const nowhere = ['--ws-url', 'ws://127.0.0.1:9', '--rest-url', 'http://127.0.0.1:9']
  const ended = await home.run('run', '--venues', 'coinbase', ...nowhere, '--seconds', '12')
  expect(existsSync(join(home.folder.path, 'began'))).toBe(true)
  expect(ended).toMatchObject({ status: 0, signal: null })
})
