import { describe, expect, test } from 'vitest'
import { createSnapshotPoller, type SnapshotPoller } from '../../src/collect/snapshot-poll.ts'
import { requestCoinHistory } from '../../src/collect/snapshot-poll-history.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import { coingecko } from '../../src/venues/coingecko/index.ts'
import type { CoinSelection } from '../../src/venues/snapshot-source.ts'
import { listSnapshots, newestSnapshots, type Warehouse } from '../../src/warehouse/index.ts'
import { runJson, startCli } from '../integration/cli-support.ts'
import { until } from '../integration/collect-support.ts'
import {
  type Host,
  openHost,
  openSnapshotBench,
  type SnapshotBench,
  truthOf,
} from '../integration/snapshot-support.ts'
import { judgeAtEnd, openRefinery, readLog } from '../playback/support.ts'

const EVER = { fromUs: 0, toUs: 8.64e15, limit: 100_000 }
const FAST = { ratePerMinute: 6000 }

const ids = (...list: readonly string[]): CoinSelection => ({ kind: 'ids', ids: list })

interface Play {
  readonly coins: CoinSelection
  readonly everySeconds?: number
  readonly settings?: Parameters<SnapshotBench['client']>[0]
  readonly retriesMax?: number
}

/** Runs a poller until `enough` holds, and lets everything it wrote become durable. */
async function play(
  host: Host,
  bench: SnapshotBench,
  { coins, settings, ...rest }: Play,
  enough: (poller: SnapshotPoller) => boolean,
): Promise<SnapshotPoller> {
  const stop = new AbortController()
  const client = bench.client({ restUrl: host.restUrl, ...FAST, ...settings })
  const about = { venue: coingecko, rest: client, clock: systemClock, log: bench.log }
  const poller = createSnapshotPoller({ ...about, coins, everySeconds: 0.2, ...rest })
  const done = poller.run(stop.signal)
  try {
    await until(() => enough(poller), { what: 'enough polls', withinMs: 15_000 })
  } finally {
    stop.abort('enough')
    await done
    await client[Symbol.asyncDispose]()
    await bench.journal.flush()
  }
  return poller
}

/** What silver has of every snapshot, against what the host says it computed then. */
async function expectTruth(warehouse: Warehouse, host: Host): Promise<number> {
  const rows = await listSnapshots(warehouse, { instrumentIds: [], ...EVER })
  for (const row of rows) {
    if (row.source !== 'poll') continue
    const truth = truthOf(host, row.symbol, row.last_updated_us ?? 0)
    expect(row).toMatchObject({
      price: truth.current_price,
      market_cap: truth.market_cap,
      fully_diluted_valuation: truth.fully_diluted_valuation,
      volume_24h: truth.total_volume,
      high_24h: truth.high_24h,
      low_24h: truth.low_24h,
      price_change_24h: truth.price_change_24h,
      change_1h_pct: truth.price_change_percentage_1h_in_currency,
      change_24h_pct: truth.price_change_percentage_24h,
      change_7d_pct: truth.price_change_percentage_7d_in_currency,
      circulating_supply: truth.circulating_supply,
      total_supply: truth.total_supply,
      max_supply: truth.max_supply,
    })
  }
  return rows.length
}

describe('polling by ids', () => {
  test('keeps a row of each coin and poll, all figures as they were told', async () => {
    await using host = await openHost()
    await using bench = await openSnapshotBench()
    const coins = ids(...coingecko.defaultProducts)
    await play(host, bench, { coins }, (one) => one.status().polls > 5)
    await using refinery = await openRefinery(bench.dataDir)
    const proof = await refinery.settle()
    const rows = await listSnapshots(refinery.warehouse, { instrumentIds: [], ...EVER })
    const polls = Map.groupBy(rows, (row) => row.time_us)
    expect(polls.size).toBeGreaterThanOrEqual(5)
    // Nine of the ten defaults are known by their id; polygon has been renamed.
    for (const poll of polls.values()) expect(poll).toHaveLength(9)
    expect(await expectTruth(refinery.warehouse, host)).toBe(rows.length)
    // The host computes anew about once a minute: the same time again and again is kept.
    const bitcoins = rows.filter(({ symbol }) => symbol === 'bitcoin')
    expect(new Set(bitcoins.map((row) => row.last_updated_us)).size).toBeLessThanOrEqual(2)
    expect(bitcoins[0]).toMatchObject({ base: 'BTC', quote: 'USD', venue: 'coingecko' })
    expect(rows.some((row) => row.change_7d_pct === null)).toBe(true)
    expect(proof.tables.silver_snapshots?.rows).toBe(rows.length)
    expect(await judgeAtEnd(bench.dataDir)).toEqual(proof)
    expect((await newestSnapshots(refinery.warehouse)).map(({ symbol }) => symbol)).toHaveLength(9)
  })

  test('gives one notice of an id that was renamed, with those like it', async () => {
    await using host = await openHost()
    await using bench = await openSnapshotBench()
    const coins = ids('bitcoin', 'polygon', 'btc', 'zzzzzzzzzz')
    const poller = await play(host, bench, { coins }, (one) => one.status().polls > 4)
    const said = bench.told().join('\n')
    expect(said).toContain('does not know "polygon"; near it are polygon-ecosystem-token')
    expect(said).toMatch(/does not know "btc"; near it are .*bitcoin/)
    expect(said).toContain('does not know "zzzzzzzzzz"; the others go on')
    expect(said.match(/does not know/g)).toHaveLength(3)
    expect(host.requests.filter(({ path }) => path.endsWith('/coins/list'))).toHaveLength(1)
    expect(poller.status()).toMatchObject({
      ...{ missing: ['polygon', 'btc', 'zzzzzzzzzz'], failure: null },
    })
  })

  test('sends its key in a header, and nowhere else', async () => {
    await using host = await openHost()
    await using bench = await openSnapshotBench()
    const settings = { apiKey: 'CG-secret' }
    const enough = (one: SnapshotPoller) => one.status().snapshots > 0
    await play(host, bench, { coins: ids('bitcoin'), settings }, enough)
    expect(host.requests[0]?.headers['x-cg-demo-api-key']).toBe('CG-secret')
    const log = JSON.stringify(readLog(bench.dataDir, 'collect'))
    expect(log + bench.told().join()).not.toContain('CG-secret')
  })
})

test('polling a ranking turns its pages, which share the time of the poll', async () => {
  await using host = await openHost()
  await using bench = await openSnapshotBench()
  const coins = { kind: 'top', count: 300 } as const
  await play(host, bench, { coins }, (one) => one.status().polls > 2)
  const pages = readLog(bench.dataDir, 'collect').map(({ request }) => request)
  const polls = Map.groupBy(pages, (request) => request?.polledUs)
  // The market has some twenty coins: the first page has them all, the second is empty.
  for (const [polledUs, some] of [...polls].slice(0, 2)) {
    expect(polledUs).toBeTypeOf('number')
    expect(some.map((request) => /[?&]page=(\d+)/.exec(request?.url ?? '')?.[1])).toEqual([
      '1',
      '2',
    ])
  }
  await using refinery = await openRefinery(bench.dataDir)
  await refinery.settle()
  expect(await expectTruth(refinery.warehouse, host)).toBeGreaterThanOrEqual(2 * host.coins.length)
})

describe('a host in trouble', () => {
  test.each([200, 429])('that says "too many" with status %i is left alone', async (status) => {
    await using host = await openHost()
    await using bench = await openSnapshotBench()
    host.play({ status, retryAfterSeconds: 1 })
    const startMs = systemClock.monotonicMs()
    const enough = (one: SnapshotPoller) => one.status().snapshots > 0
    const poller = await play(host, bench, { coins: ids('bitcoin'), everySeconds: 30 }, enough)
    expect(systemClock.monotonicMs() - startMs).toBeGreaterThanOrEqual(1000)
    expect(poller.status()).toMatchObject({ polls: 1, missing: [], failure: null })
    await using refinery = await openRefinery(bench.dataDir)
    await refinery.settle()
    expect(refinery.totals.rejected).toBe(0)
  })

  test('that does not say for how long is left alone for a minute', async () => {
    await using host = await openHost()
    await using bench = await openSnapshotBench()
    host.play({ status: 200 })
    await using client = bench.client({ restUrl: host.restUrl, ...FAST })
    const stop = new AbortController()
    const about = { venue: coingecko, rest: client, clock: systemClock, log: bench.log }
    const poller = createSnapshotPoller({ ...about, coins: ids('bitcoin'), everySeconds: 0.1 })
    const done = poller.run(stop.signal)
    await until(() => host.requests.length === 1, { what: 'a request' })
    await systemClock.sleep(1500)
    expect(host.requests).toHaveLength(1)
    stop.abort('enough')
    await done
  })

  test('that fails in every way is asked again, and the poll is whole', async () => {
    await using host = await openHost()
    await using bench = await openSnapshotBench()
    host.play({ reason: 'failed', status: 503 }, 'half', 'html')
    const coins = ids('bitcoin', 'pepe')
    const enough = (one: SnapshotPoller) => one.status().snapshots > 1
    const poller = await play(host, bench, { coins, everySeconds: 30 }, enough)
    expect(poller.status()).toMatchObject({ polls: 1, failure: null })
    await using refinery = await openRefinery(bench.dataDir)
    await refinery.settle()
    expect(await expectTruth(refinery.warehouse, host)).toBe(2)
    // What was no answer is kept raw all the same, and set aside: the cut page and the firewall's.
    expect(refinery.totals.rejected).toBe(2)
  })

  test('that is silent is given up after the time-out, and asked at the next poll', async () => {
    await using host = await openHost()
    await using bench = await openSnapshotBench()
    host.play('silence', 'silence')
    const settings = { timeoutSeconds: 0.3 }
    const asked = { coins: ids('bitcoin'), settings, retriesMax: 1 }
    const poller = await play(host, bench, asked, (one) => one.status().snapshots > 0)
    expect(poller.status().polls).toBe(2)
    expect(bench.told().join('\n')).toMatch(/poll failed: .*time-out/)
    expect(bench.told()).toContain('CoinGecko answers again')
  })

  test('that allows few requests is asked no faster, and loses no poll', async () => {
    await using host = await openHost({ perSecond: 4, burst: 1 })
    await using bench = await openSnapshotBench()
    const settings = { ratePerMinute: 180 }
    const asked = { coins: ids('bitcoin'), settings, everySeconds: 0.01 }
    await play(host, bench, asked, (one) => one.status().snapshots >= 6)
    const statuses = readLog(bench.dataDir, 'collect').map(({ request }) => request?.status)
    expect(statuses.every((status) => status === 200)).toBe(true)
    await using refinery = await openRefinery(bench.dataDir)
    await refinery.settle()
    expect(await expectTruth(refinery.warehouse, host)).toBeGreaterThanOrEqual(6)
  })
})

test('history is samples and candles, the same rows however often it is asked for', async () => {
  await using host = await openHost()
  await using bench = await openSnapshotBench()
  const { journal, log } = bench
  const about = { venue: coingecko, journal, clock: systemClock, log, random: createRandom(1) }
  const ask = () =>
    requestCoinHistory({
      ...{ ...about, ...FAST, restUrl: host.restUrl, coins: ids('bitcoin', 'nowhere') },
      ...{ days: 1, version: '0.0.0-test', signal: new AbortController().signal },
    })
  const [bitcoin, nowhere] = await ask()
  expect(bitcoin).toMatchObject({ coin: 'bitcoin', refused: null })
  expect(bitcoin?.samples).toBeGreaterThanOrEqual(24)
  expect(bitcoin?.candles).toBeGreaterThanOrEqual(4)
  expect(nowhere).toMatchObject({ samples: 0, candles: 0, refused: 'coin not found' })
  await using refinery = await openRefinery(bench.dataDir)
  await refinery.settle()
  const first = await listSnapshots(refinery.warehouse, { instrumentIds: [], ...EVER })
  expect(first).toHaveLength(bitcoin?.samples ?? 0)
  expect(first.every((row) => row.source === 'chart' && row.price !== null)).toBe(true)
  const candles = await refinery.warehouse.read((db) => {
    return db.selectFrom('silver_ohlc').selectAll().orderBy('open_time_us').execute()
  })
  expect(candles).toHaveLength(bitcoin?.candles ?? 0)
  for (const { open_time_us, interval_us } of candles) {
    expect([interval_us, open_time_us % interval_us]).toEqual([1_800_000_000, 0])
  }
  // Asked again, only the sample of the moment is new: points of the past are the same ones.
  await ask()
  const proof = await refinery.settle()
  const again = await listSnapshots(refinery.warehouse, { instrumentIds: [], ...EVER })
  expect(again.slice(0, 20).map(({ time_us }) => time_us)).toEqual(
    first.slice(0, 20).map(({ time_us }) => time_us),
  )
  expect(again.length - first.length).toBeLessThanOrEqual(2)
  expect(await judgeAtEnd(bench.dataDir)).toEqual(proof)
})

describe('`assay snapshots`', () => {
  test('shows the newest of each coin, or of one by id or ticker, with every digit', async () => {
    await using host = await openHost()
    await using bench = await openSnapshotBench()
    const coins = ids('bitcoin', 'pepe')
    await play(host, bench, { coins }, (one) => one.status().polls > 3)
    {
      await using refinery = await openRefinery(bench.dataDir)
      await refinery.settle()
    }
    const ask = (...args: readonly string[]) =>
      runJson<readonly Record<string, unknown>[]>(
        'snapshots',
        ...args,
        '--json',
        '--data',
        bench.dataDir,
      )
    const newest = await ask()
    expect(newest.map(({ coin }) => coin).toSorted()).toEqual(['bitcoin', 'pepe'])
    const ranks = newest.map((row) => Number(row.market_cap_rank))
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
    const newestOf = (coin: string) => newest.find((row) => row.coin === coin)
    const bitcoins = await ask('BTC', '--limit', '3')
    expect(bitcoins.map(({ coin, ticker, source }) => [coin, ticker, source])).toEqual(
      [1, 2, 3].map(() => ['bitcoin', 'BTC', 'poll']),
    )
    expect(bitcoins.at(-1)).toEqual(newestOf('bitcoin'))
    const updatedUs = Date.parse(String(newestOf('pepe')?.last_updated)) * 1000
    expect(newestOf('pepe')?.price).toBe(truthOf(host, 'pepe', updatedUs).current_price)
    const { stdout } = await startCli('snapshots', 'pepe', '--data', bench.dataDir).ended
    expect(stdout).toContain('last updated')
    expect(stdout).toMatch(/pepe +0\.0000/)
    const { status, stderr } = await startCli('snapshots', 'pep', '--data', bench.dataDir).ended
    expect([status, stderr]).toEqual([1, expect.stringContaining('coingecko:pepe')])
  })
})
