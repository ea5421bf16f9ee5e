import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { startSimulator, type TruthTrade } from '../../sim/index.ts'
import { type Journal, openJournal } from '../../src/bronze/index.ts'
import { startCcxtCollector } from '../../src/collect/ccxt/collector.ts'
import type { CcxtModule } from '../../src/collect/ccxt/module.ts'
import type { CollectMode } from '../../src/collect/collector-status.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { createRandom } from '../../src/core/random.ts'
import { canonicalDecimal } from '../../src/market/decimal.ts'
import { listHoles } from '../../src/silver/holes.ts'
import { until } from '../integration/collect-support.ts'
import { openRefinery, rebuild, tempFolder } from '../playback/support.ts'

const VERSION = '4.5.84'

/** The package is installed once, outside of the project, and kept for the next time. */
const CACHE = process.env.ASSAY_TEST_CACHE ?? join(tmpdir(), 'assay-test-cache')

async function installed(): Promise<CcxtModule | null> {
  const folder = join(CACHE, `ccxt-${VERSION}`)
  const entry = pathToFileURL(join(folder, 'node_modules/ccxt/js/ccxt.js')).href
  const load = async () => ((await import(entry)) as { readonly default: CcxtModule }).default
  const found = await load().catch(() => null)
  if (found !== null) return found
  mkdirSync(folder, { recursive: true })
  const flags = [
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--fetch-retries=1',
    '--loglevel=error',
  ]
  try {
    const args = ['install', '--prefix', folder, `ccxt@${VERSION}`, ...flags]
    execFileSync('npm', args, { stdio: 'pipe', timeout: 300_000 })
    return await load()
  } catch (error) {
    console.warn(`ccxt@${VERSION} cannot be installed here: ${String(error).slice(0, 300)}`)
    return null
  }
}

const ccxt = await installed()

const sim = await startSimulator({
  seed: 41,
  venues: ['coinbase', 'binance-us', 'kraken'],
  tradesPerSecond: 40,
})

afterAll(() => sim.stop())

const SECONDS = 8

/** Where the library finds the simulator's venues, by its ids of the exchanges. */
const URLS = {
  binanceus: {
    public: `${sim.urls['binance-us'].restUrl}/api/v3`,
    ws: { spot: sim.urls['binance-us'].wsUrl.replace('/stream', '/ws') },
  },
  kraken: {
    public: sim.urls.kraken.restUrl,
    ws: { publicV2: sim.urls.kraken.wsUrl },
  },
  coinbaseexchange: { public: sim.urls.coinbase.restUrl, ws: sim.urls.coinbase.wsUrl },
}

const VENUES = { binanceus: 'binance-us', kraken: 'kraken', coinbaseexchange: 'coinbase' } as const

type ExchangeId = keyof typeof URLS

interface Started {
  readonly journal: Journal
  readonly products: readonly string[]
  readonly stopping: AbortController
}

/** Starts collecting from the simulator, through the library. */
function startCollector(
  exchange: ExchangeId,
  mode: CollectMode,
  { journal, products, stopping }: Started,
) {
  return startCcxtCollector({
    ...{ exchange, mode, journal, clock: systemClock, signal: stopping.signal, products },
    pollSeconds: 1,
    random: createRandom(7),
    log: createLogger({ level: 'error', pretty: true }),
    command: 'collect',
    version: '0.0.0-test',
    settings: { urls: { api: URLS[exchange] } },
    load: async () => ccxt as CcxtModule,
  })
}

/**
 * Collects from the simulator for some seconds, or until enough has come to pass; returns the
 * folder and what the run came to.
 */
async function collect(
  exchange: ExchangeId,
  mode: CollectMode,
  dataDir = tempFolder(),
  enough = () => systemClock.sleep(SECONDS * 1000),
) {
  const stopping = new AbortController()
  await using journal = await openJournal({ dataDir, name: 'collect', clock: systemClock })
  const products = ['BTC-USD', 'ETH/USD']
  const collector = await startCollector(exchange, mode, { journal, products, stopping })
  await until(() => collector.status().trades > 0, { what: 'a trade', withinMs: 30_000 })
  await enough()
  stopping.abort('the test is over')
  return { dataDir, ended: await collector.done }
}

interface HeldTrade {
  readonly symbol: string
  readonly trade_id: number
  readonly tape_id: number
  readonly event_time_us: number
  readonly price: string
  readonly size: string
  readonly side: number
  readonly origin: number
}

/** Refines a folder and returns what silver holds of it. */
async function refine(dataDir: string) {
  await using refinery = await openRefinery(dataDir)
  const proof = await refinery.settle()
  return refinery.warehouse.read(async (db) => ({
    proof,
    trades: (await db
      .selectFrom('silver_trades as t')
      .innerJoin('instruments as i', 'i.instrument_id', 't.instrument_id')
      .select(['i.symbol', 't.trade_id', 't.tape_id', 't.event_time_us', 't.price', 't.size'])
      .select(['t.side', 't.origin'])
      .orderBy('t.trade_id')
      .execute()) as HeldTrade[],
    instruments: await db.selectFrom('instruments').selectAll().execute(),
    minutes: await db.selectFrom('silver_candles_1m').selectAll().execute(),
    candles: await db.selectFrom('silver_venue_candles').selectAll().execute(),
    quarantine: await db.selectFrom('silver_quarantine').select(['reason', 'detail']).execute(),
    incidents: await db.selectFrom('ops_incidents').selectAll().execute(),
    holes: await listHoles(db),
  }))
}

/** A trade in the words both sides share, but for its time. */
function told(trade: HeldTrade): string {
  const { symbol, trade_id, price, size, side } = trade
  return [symbol, trade_id, price, size, ['buy', 'sell'][side]].join(' ')
}

function truth(trade: TruthTrade): string {
  const symbol = trade.product.replace('-', '/').replace(/^BTCUSD$/, 'BTC/USD')
  const [price, size] = [canonicalDecimal(trade.price), canonicalDecimal(trade.size)]
  return [symbol, trade.trade_id, price, size, trade.side].join(' ')
}

/** Expects trades to be all the venue made of a product from the first of them to the last. */
function expectAll(exchange: ExchangeId, held: readonly HeldTrade[], product: string): void {
  const [first, last] = [held[0]!.trade_id, held.at(-1)!.trade_id]
  const made = [...sim.truth({ venue: VENUES[exchange], product })].filter(
    (one) => one.trade_id >= first && one.trade_id <= last,
  )
  expect(held.map(told)).toEqual(made.map(truth))
  // The library cuts times to the millisecond, and takes 652.9999 for 653.
  const late = held.map(({ event_time_us }, at) => made[at]!.time_us - event_time_us)
  expect(late.filter((us) => us < -1 || us > 999)).toEqual([])
}

describe.skipIf(ccxt === null)(`ccxt ${VERSION}, which npm must be able to install`, () => {
  test.each([
    ['kraken', 'rest', ['BTC/USD', 'ETH/USD'], 'ccxt-kraken'],
    ['coinbaseexchange', 'rest', ['BTC-USD', 'ETH-USD'], 'coinbaseexchange'],
    ['kraken', 'both', ['BTC/USD', 'ETH/USD'], 'ccxt-kraken'],
  ] as const)('%s by %s: silver holds every trade that was made, once', async (...row) => {
    const [exchange, mode, products, venue] = row
    const { dataDir, ended } = await collect(exchange, mode)
    expect(ended).toMatchObject({ venue, way: mode === 'both' ? 'ws' : 'rest', incidents: [] })
    const silver = await refine(dataDir)
    expect(silver.quarantine).toEqual([])
    expect(silver.trades.length).toBe(ended.trades)
    for (const product of products) {
      const symbol = product.replace('-', '/')
      const held = silver.trades.filter((one) => one.symbol === symbol)
      expect(held.length).toBeGreaterThan(SECONDS)
      expectAll(exchange, held, product)
    }
    // Ids number them on a tape that is not the venue's own: nothing is proven, nothing missed.
    expect(new Set(silver.trades.map(({ tape_id }) => tape_id === 0))).toEqual(new Set([false]))
    expect(silver.holes).toEqual([])
    expect(silver.minutes.filter(({ source }) => source !== 'unscoped')).toEqual([])
    expect(silver.minutes.filter(({ complete }) => complete === 1)).toEqual([])
    expect(silver.instruments.map(({ venue: id, base, quote }) => [id, base, quote])).toEqual([
      [venue, 'BTC', 'USD'],
      [venue, 'ETH', 'USD'],
    ])
    expect(await rebuild(dataDir)).toEqual(silver.proof)
  })

  test('its minutes by REST are those of the venue, to the last digit', async () => {
    const { dataDir } = await collect('coinbaseexchange', 'rest')
    const { candles, instruments } = await refine(dataDir)
    const id = instruments.find(({ symbol }) => symbol === 'BTC/USD')?.instrument_id
    const held = candles.filter((one) => one.instrument_id === id && one.closed === 1)
    const minutes = new Map(
      sim.truthCandles({ venue: 'coinbase', product: 'BTC-USD' }).map((one) => {
        const { open, high, low, close, volume } = one
        const texts = [open, high, low, close, volume].map((text) => canonicalDecimal(text ?? ''))
        return [Date.parse(one.open_time) * 1000, texts.join(' ')] as const
      }),
    )
    expect(held.length).toBeGreaterThan(20)
    for (const { open_time_us, open, high, low, close, volume } of held) {
      expect([open, high, low, close, volume].join(' ')).toBe(minutes.get(open_time_us))
    }
  })

  test('Binance numbers fills on the socket and aggregates by REST: they never meet', async () => {
    const first = await collect('binanceus', 'rest')
    const { ended } = await collect('binanceus', 'both', first.dataDir)
    expect([first.ended.way, ended.way]).toEqual(['rest', 'ws'])
    const silver = await refine(first.dataDir)
    expect(silver.quarantine).toEqual([])
    const byWay = Map.groupBy(silver.trades, ({ origin }) => origin)
    const tapes = [...byWay.values()].map((list) => new Set(list.map(({ tape_id }) => tape_id)))
    expect(tapes.map((set) => set.size)).toEqual([1, 1])
    expect([...tapes[0]!][0]).not.toBe([...tapes[1]!][0])
    const fills = byWay.get(0)!.filter(({ symbol }) => symbol === 'BTC/USD')
    expectAll('binanceus', fills, 'BTCUSD')
  })

  test('a restart goes on with the same tape and repeats nothing', async () => {
    const { dataDir, ended } = await collect('kraken', 'rest')
    const again = await collect('kraken', 'rest', dataDir)
    const silver = await refine(dataDir)
    expect(silver.quarantine).toEqual([])
    expect(new Set(silver.trades.map(({ tape_id }) => tape_id)).size).toBe(1)
    expect(silver.trades.length).toBeLessThan(ended.trades + again.ended.trades)
    const held = silver.trades.filter(({ symbol }) => symbol === 'BTC/USD')
    expectAll('kraken', held, 'BTC/USD')
  })

  test('an exchange that fails for a while is told of, asked again, and caught up', async () => {
    const dataDir = tempFolder()
    const faults = async () => {
      await systemClock.sleep(3000)
      sim.inject({ kind: 'rest_status', venue: 'kraken', count: 2, status: 503 })
    }
    const [{ ended }] = await Promise.all([collect('kraken', 'rest', dataDir), faults()])
    expect(ended.incidents).toEqual([])
    const silver = await refine(dataDir)
    const held = silver.trades.filter(({ symbol }) => symbol === 'ETH/USD')
    expectAll('kraken', held, 'ETH/USD')
    expect(silver.incidents.length).toBeGreaterThan(0)
    expect(silver.incidents.filter(({ to_us }) => to_us === null)).toEqual([])
    expect(sim.stats.venues.kraken?.requestsWhileBanned).toBe(0)
  })

  test('a socket that closes before it could be subscribed on ends nothing', async () => {
    const lost: unknown[] = []
    const take = (error: unknown) => lost.push(error)
    process.on('unhandledRejection', take)
    const products = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'LINK-USD', 'DOT-USD', 'APE-USD']
    const stopping = new AbortController()
    const dataDir = tempFolder()
    await using journal = await openJournal({ dataDir, name: 'collect', clock: systemClock })
    const collector = await startCollector('kraken', 'both', { journal, products, stopping })
    for (let cut = 0; cut < 4; cut += 1) {
      await systemClock.sleep(1500)
      sim.inject({ kind: 'disconnect', venue: 'kraken' })
    }
    stopping.abort('the test is over')
    await collector.done
    // The library's rate limit may let a subscription go as late as this.
    await systemClock.sleep(3000)
    process.off('unhandledRejection', take)
    expect(lost).toEqual([])
  })

  test('a socket that falls silent is found out by a candle, and opened again', async () => {
    const sockets = () => sim.stats.venues.kraken?.upgrades ?? 0
    const opened = async () => {
      // By then it is subscribed, which would end the silence: its REST is asked once a second.
      await systemClock.sleep(15_000)
      const before = sockets()
      sim.inject({ kind: 'mute', venue: 'kraken', product: 'ETH/USD', seconds: 600 })
      // A whole minute must pass in silence, be over, and be asked for.
      const what = 'a socket opened again'
      await until(() => sockets() > before, { what, withinMs: 150_000 })
      await systemClock.sleep(SECONDS * 1000)
    }
    const { dataDir, ended } = await collect('kraken', 'both', tempFolder(), opened)
    expect(ended.incidents).toEqual([])
    const silver = await refine(dataDir)
    const incidents = silver.incidents.filter(({ cause }) => cause === 'stale')
    expect(incidents.map(({ symbol }) => symbol)).toContain('ETH/USD')
    expect(incidents.filter(({ to_us }) => to_us === null)).toEqual([])
    const overUs = Math.max(...incidents.map(({ to_us }) => to_us ?? 0))
    const since = silver.trades.filter(
      ({ symbol, event_time_us }) => symbol === 'ETH/USD' && event_time_us > overUs,
    )
    expect(since.length).toBeGreaterThan(0)
  })
})
