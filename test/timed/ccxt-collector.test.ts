import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import {
  type CcxtCollectorOptions,
  ccxtVenueOf,
  startCcxtCollector,
} from '../../src/collect/ccxt/collector.ts'
import type { CcxtModule } from '../../src/collect/ccxt/module.ts'
import { loadCcxt } from '../../src/collect/ccxt/module.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { createRandom } from '../../src/core/random.ts'
import type { Bench } from '../integration/collect-support.ts'
import { openBench, until } from '../integration/collect-support.ts'

/** A failure as the library tells it: by the classes it is of. */
class NetworkError extends Error {}
class RequestTimeout extends NetworkError {}

const MARKETS = {
  'BTC/USDT': { symbol: 'BTC/USDT', spot: true, base: 'BTC', quote: 'USDT', precision: {} },
  'BTC/USD:BTC': { symbol: 'BTC/USD:BTC', spot: false, type: 'swap', base: 'BTC', quote: 'USD' },
}

/** A library of one exchange without a socket, unless told otherwise. */
function library(script: {
  readonly has?: Readonly<Record<string, unknown>>
  readonly fetchTrades?: (since: number | undefined) => unknown
  readonly watchTrades?: () => Promise<unknown>
  readonly loadMarkets?: () => Promise<Readonly<Record<string, unknown>>>
}) {
  const made: Readonly<Record<string, unknown>>[] = []
  class Meadow {
    readonly name = 'Meadow'
    readonly has = { fetchTrades: true, fetchOHLCV: false, ...script.has }
    readonly precisionMode = 4
    closed = 0
    constructor(settings: Readonly<Record<string, unknown>>) {
      made.push(settings)
    }
    loadMarkets = script.loadMarkets ?? (async () => MARKETS)
    fetchTrades = async (_symbol: string, since?: number) => script.fetchTrades?.(since) ?? []
    fetchOHLCV = async () => []
    watchTrades = script.watchTrades ?? (() => new Promise(() => {}))
    close = async () => (this.closed += 1)
  }
  const module = { version: '4.5.0', exchanges: ['meadow', 'kraken'], meadow: Meadow, pro: {} }
  return { made, load: async () => module as CcxtModule }
}

function trade(id: number) {
  const timestamp = Math.floor(systemClock.nowUs() / 1000)
  return { id: String(id), timestamp, symbol: 'BTC/USDT', side: 'buy', price: '1.10', amount: '2' }
}

function start(bench: Bench, options: Partial<CcxtCollectorOptions>) {
  const stopping = new AbortController()
  const starting = startCcxtCollector({
    ...{ exchange: 'meadow', products: ['BTC-USD'], pollSeconds: 0.02 },
    ...{ journal: bench.journal, clock: systemClock, random: createRandom(3) },
    log: createLogger({ level: 'silent', pretty: true }),
    ...{ command: 'collect', version: '0.0.0-test', signal: stopping.signal },
    ...options,
  })
  return { starting, stop: () => stopping.abort('the test is over') }
}

const isInstalled = (() => {
  try {
    return createRequire(import.meta.url).resolve('ccxt') !== ''
  } catch {
    return false
  }
})()

describe('an exchange collected through the ccxt library', () => {
  test.skipIf(isInstalled)('needs the package, and the failure says how to get it', async () => {
    await using bench = await openBench()
    const { starting } = start(bench, { load: loadCcxt })
    await expect(starting).rejects.toMatchObject({
      code: 'ASSAY_UNSUPPORTED',
      message: expect.stringContaining('npm install ccxt'),
    })
    expect(await bench.read()).toEqual([])
  })

  test('is one the library knows, with public trades, and with one of the products', async () => {
    await using bench = await openBench()
    const refusal = (options: Partial<CcxtCollectorOptions>) =>
      start(bench, options).starting.catch((error: unknown) => error)
    const { load } = library({})
    expect(await refusal({ exchange: 'meadows', load })).toMatchObject({
      code: 'ASSAY_UNKNOWN_VENUE',
      message: expect.stringContaining('meadow'),
    })
    expect(await refusal(library({ has: { fetchTrades: false } }))).toMatchObject({
      code: 'ASSAY_UNSUPPORTED',
    })
    expect(await refusal({ products: ['DOGE-USD'], load })).toMatchObject({
      code: 'ASSAY_UNKNOWN_PRODUCT',
    })
    const events = (await bench.diary()).map(({ event }) => event)
    expect(events).toEqual(['start', 'stop'])
  })

  test('writes records that say they are not verbatim, and opens no scope', async () => {
    await using bench = await openBench()
    const pages = [
      [trade(7), trade(8)],
      [trade(8), trade(9)],
    ]
    const { load, made } = library({ fetchTrades: () => pages.shift() })
    const { starting, stop } = start(bench, { load, settings: { timeout: 1234 } })
    const collector = await starting
    await until(() => pages.length === 0, { what: 'both pages' })
    stop()
    const about = { venue: 'meadow', way: 'rest', products: ['BTC/USDT'], trades: 3, records: 3 }
    expect(await collector.done).toMatchObject({ ...about, incidents: [] })
    expect(made[0]).toMatchObject({ enableRateLimit: true, number: String, timeout: 1234 })
    const records = (await bench.read()).filter(({ origin }) => origin !== 'self')
    expect(records.map(({ dialect, channel, origin }) => [dialect, channel, origin])).toEqual([
      ['meadow/ccxt', 'loadMarkets', 'rest'],
      ['meadow/ccxt', 'fetchTrades', 'rest'],
      ['meadow/ccxt', 'fetchTrades', 'rest'],
    ])
    expect(records.map(({ verbatim }) => verbatim)).toEqual([false, false, false])
    expect(records[1]?.url).toBe('ccxt://meadow/fetchTrades?version=4.5.0&symbol=BTC%2FUSDT')
    const listed = JSON.parse(records[0]?.text ?? '')
    expect(listed).toEqual({ precisionMode: 4, markets: [MARKETS['BTC/USDT']] })
    const told = (await bench.diary()).flatMap((one) => ('fact' in one ? [one] : []))
    expect(told).toMatchObject([{ channel: 'fetchTrades', symbols: ['BTC/USDT'], fact: false }])
  })

  test('is asked again after a failure, which is an incident from then to the answer', async () => {
    await using bench = await openBench()
    let asked = 0
    const fetchTrades = () => {
      asked += 1
      if (asked === 1) throw new RequestTimeout('meadow GET https://meadow.example timed out')
      return [trade(asked)]
    }
    const { starting, stop } = start(bench, { load: library({ fetchTrades }).load })
    const collector = await starting
    await until(() => collector.status().trades > 0, { what: 'a trade' })
    stop()
    await collector.done
    const about = { cause: 'disconnected', channel: 'fetchTrades', symbol: 'BTC/USDT' }
    const incidents = (await bench.diary()).filter(({ event }) => event === 'incident')
    expect(incidents).toMatchObject([
      { ...about, venue: 'meadow', toUs: null, detail: expect.stringContaining('timed out') },
      { ...about, toUs: expect.any(Number) },
    ])
  })

  test('is collected once its markets are there, however long that takes', async () => {
    await using bench = await openBench()
    const markets = Promise.withResolvers<typeof MARKETS>()
    const loadMarkets = () => markets.promise
    const { load } = library({ loadMarkets, fetchTrades: () => [trade(1)] })
    const { starting, stop } = start(bench, { load })
    const collector = await starting
    expect(collector.status().products).toEqual([])
    markets.resolve(MARKETS)
    await until(() => collector.status().trades > 0, { what: 'a trade' })
    stop()
    await collector.done
  }, 20_000)

  test('stops at once, whatever the library waits for', async () => {
    await using bench = await openBench()
    const { load } = library({ has: { watchTrades: true } })
    const { starting, stop } = start(bench, { load, mode: 'both' })
    const collector = await starting
    await until(() => collector.status().products.length > 0, { what: 'the products' })
    const startMs = systemClock.monotonicMs()
    stop()
    expect((await collector.done).way).toBe('ws')
    expect(systemClock.monotonicMs() - startMs).toBeLessThan(1000)
  })
})

test('an exchange that is collected natively has another name in the data', () => {
  expect(ccxtVenueOf('bitstamp')).toBe('bitstamp')
  expect(ccxtVenueOf('kraken')).toBe('ccxt-kraken')
})
