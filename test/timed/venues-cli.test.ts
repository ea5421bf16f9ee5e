import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Simulator, startSimulator } from '../../sim/index.ts'
import { CONFIG_KEYS } from '../../src/core/config-schema.ts'
import { assay, assayJson, tempFolder } from '../integration/bad-support.ts'
import { type Ended, lastLine, runCli } from '../integration/cli-support.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 })

const EXCHANGES = ['binance-us', 'coinbase', 'kraken']
const folder = tempFolder()
const data = ['--data', folder.path]
let sim: Simulator
let run: Ended

/** The flags that point a command at the simulator, and at this file's folder. */
const here = () => ['--sim', sim.restUrl, ...data]

beforeAll(async () => {
  sim = await startSimulator({
    venues: ['coinbase', 'binance-us', 'kraken', 'coingecko'],
    ...{ tradesPerSecond: 100, historyMinutes: 4, rateLimit: null },
  })
  const venues = [...EXCHANGES, 'coingecko']
  // Coinbase's market has no PEPE; SOL is asked of Kraken alone.
  const products = ['BTC-USD', 'PEPE-USD', 'kraken:SOL-USD']
  run = await runCli(
    ...['run', '--venues', ...venues, '--products', ...products, '--coins', 'bitcoin', 'ethereum'],
    ...['--books', '--seconds', '10', '--json', ...here()],
  )
})
afterAll(async () => {
  await sim?.[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

async function failure(...args: readonly string[]) {
  const { status, stdout } = await assay(...args, '--json')
  const { error } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  return { status, code: error.code, message: error.message }
}

describe('a run of several venues', () => {
  test('tells of each of them, and of what one does not list', () => {
    expect(run.status).toBe(0)
    const told = lastLine<Record<string, Record<string, { frames: number }>>>(run)
    expect(told.trades).toBeGreaterThan(100)
    expect(told.snapshots).toBeGreaterThanOrEqual(2)
    expect(Object.keys(told.venues ?? {}).sort()).toEqual(EXCHANGES)
    for (const { frames } of Object.values(told.venues ?? {})) expect(frames).toBeGreaterThan(5)
    expect(run.stderr).toMatch(/PEPE-USD/)
  })

  test('holds each venue’s own instruments, in its own spelling', async () => {
    const { warehouse } = await assayJson('status', ...data)
    const names = warehouse.instruments.map(
      ({ venue, symbol }: { venue: string; symbol: string }) => `${venue}:${symbol}`,
    )
    expect(names).toEqual([
      ...['binance-us:BTCUSD', expect.stringMatching(/^binance-us:PEPE/)],
      ...['coinbase:BTC-USD', 'kraken:BTC/USD', 'kraken:PEPE/USD', 'kraken:SOL/USD'],
    ])
    const venues = warehouse.venues.map(({ venue }: { venue: string }) => venue)
    expect(venues).toEqual([...EXCHANGES.slice(0, 2), 'coingecko', 'kraken'])
  })

  test('asks which venue is meant, and takes the answer', async () => {
    const { code, message } = await failure('candles', 'BTC-USD', '1m', ...data)
    expect(code).toBe('ASSAY_AMBIGUOUS_INSTRUMENT')
    expect(message).toContain('binance-us:BTCUSD, coinbase:BTC-USD, kraken:BTC/USD')
    const candles = await assayJson('candles', 'kraken:BTC-USD', '1m', ...data)
    expect(candles.length).toBeGreaterThan(0)
    const same = await assayJson('candles', 'BTC-USD', '1m', '--venue', 'kraken', ...data)
    expect(same).toEqual(candles)
    expect(await assayJson('trades', 'SOL-USD', '--limit', '1', ...data)).toHaveLength(1)
  })

  test('has snapshots of coins, and order books', async () => {
    const snapshots = await assayJson('snapshots', ...data)
    const coins = new Set(snapshots.map(({ coin }: { coin: string }) => coin))
    expect([...coins].sort()).toEqual(['bitcoin', 'ethereum'])
    for (const venue of EXCHANGES) {
      expect((await assayJson('books', `${venue}:BTC-USD`, ...data)).length).toBeGreaterThan(0)
    }
  })

  test('is certified, and the papers hold against the raw log', async () => {
    const out = join(folder.path, 'papers')
    const { certificates } = await assayJson('certify', '--from', '-1h', '--out', out, ...data)
    const held = certificates.filter(({ ids }: { ids: { held: number } }) => ids.held > 0)
    expect(held.length).toBeGreaterThanOrEqual(6)
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.json'))
      .map((path) => join(out, path))
    const { verified } = await assayJson('certify', '--verify', ...files, ...data)
    expect(verified).toHaveLength(certificates.length)
    const elsewhere = tempFolder()
    const { status, stdout } = await assay(
      ...['certify', '--verify', ...files, '--data', elsewhere.path],
    )
    expect(status).toBe(1)
    expect(stdout).toMatch(/NOT borne out\n {2}the raw log lacks/)
    elsewhere[Symbol.dispose]()
  })
})

describe('one command after it', () => {
  test('fetches history of one venue, and what it brings is certified history', async () => {
    const span = ['--from', '-3m', '--to', '-1m']
    const asked = ['--venues', 'kraken', '--products', 'BTC-USD']
    const { products } = await assayJson('backfill', ...span, ...asked, ...here())
    expect(products).toMatchObject([{ venue: 'kraken', symbol: 'BTC/USD' }])
    expect(products[0].trades).toBeGreaterThan(20)
    expect(products[0].candles).toBeGreaterThanOrEqual(2)
  })

  test('fetches the venues’ candles, and reconciles ours with them', async () => {
    const args = ['reconcile', 'kraken:BTC-USD', '--from', '-4m', '--fetch', ...here()]
    const { sources, labels } = await assayJson(...args)
    const rest = sources.find(({ source }: { source: string }) => source === 'rest')
    expect(rest).toMatchObject({ venue: 'kraken', symbol: 'BTC/USD', differing: 0 })
    expect(rest.equal).toBeGreaterThanOrEqual(1)
    expect(labels).toMatchObject({ ours: 0, missed_trades: 0 })
  })

  test('asks each venue whether it answers', async () => {
    const { checks } = await assayJson('doctor', ...here())
    const names = checks.map(({ check }: { check: string }) => check)
    for (const venue of ['Coinbase', 'Binance.US', 'Kraken']) {
      expect(names).toContain(`${venue} REST`)
      expect(names).toContain(`${venue} socket`)
    }
    expect(names).toContain('CoinGecko REST')
    expect(names).not.toContain('CoinGecko socket')
    const some = await assayJson('doctor', '--venues', 'kraken', ...here())
    const asked = some.checks.filter(({ check }: { check: string }) =>
      / (REST|socket)$/.test(check),
    )
    expect(asked).toMatchObject([{ result: 'ok' }, { result: 'ok' }])
  })

  test('prints every key of the configuration', async () => {
    const { stdout } = await assay('config', '--json')
    for (const { key, env } of CONFIG_KEYS) {
      expect(stdout).toContain(key)
      expect(stdout).toContain(env)
    }
  })
})

describe('what cannot be collected', () => {
  const elsewhere = tempFolder()
  afterAll(() => elsewhere[Symbol.dispose]())

  test('is a venue that there is not', async () => {
    const found = await failure('run', '--venues', 'mtgox', '--data', elsewhere.path)
    expect(found).toMatchObject({ status: 1, code: 'ASSAY_UNKNOWN_VENUE' })
    expect(found.message).toContain('coinbase, binance-us, kraken, coingecko')
  })

  test('is a product that no venue lists', async () => {
    const asked = ['--venues', 'kraken', 'coinbase', '--products', 'NOPE-USD', '--seconds', '3']
    const at = ['--sim', sim.restUrl, '--data', elsewhere.path, '--log-level', 'error']
    const found = await failure('run', ...asked, ...at)
    expect(found).toMatchObject({ status: 1, code: 'ASSAY_UNKNOWN_PRODUCT' })
    expect(found.message).toContain('NOPE-USD')
  })
})
