import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, suite, test, vi } from 'vitest'
import { type Simulator, startSimulator, type TruthTrade } from '../../sim/index.ts'
import { readLogHorizon } from '../../src/bronze/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { bucketStart } from '../../src/market/bucket.ts'
import { lastLine, runCli, runJson, tempFolder } from '../integration/cli-support.ts'
import { until } from '../integration/collect-support.ts'
import {
  archived,
  DAYS,
  PER_DAY,
  recorded,
  settle,
  tradeIds,
  tradeRecord,
  tradeTimeUs,
} from '../playback/retention-support.ts'
import { writeLog } from '../playback/support.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const HOUR_US = 3_600_000_000
const MINUTE_US = 60_000_000

interface Made {
  readonly state: string
  readonly rows: number
  readonly metadata: Readonly<Record<string, number>>
  readonly checks: readonly { readonly name: string; readonly passed: boolean }[]
}

/** Names the hour that begins at a time, as a partition's key. */
const hourKey = (us: number) => new Date(us / 1000).toISOString().slice(0, 13)

suite('assets that ask venues', () => {
  const folder = tempFolder()
  const config = join(folder.path, 'assay.config.yaml')
  const here = ['--data', folder.path, '--config', config]
  let sim: Simulator
  /** The hour before this one, when the simulator was started. */
  let hourUs: number

  const make = async (...args: readonly string[]) => {
    const ended = await runCli('materialize', ...args, ...here, '--json')
    return { status: ended.status, ...lastLine<Made>(ended) }
  }
  const madeSince = (us: number) =>
    [...sim.truth({ venue: 'coinbase', product: 'BTC-USD' })].filter(({ time_us }) => time_us >= us)
  const importTrades = async (trades: readonly TruthTrade[]): Promise<void> => {
    const file = join(folder.path, `${trades[0]?.trade_id}.csv`)
    const lines = trades.map(
      ({ trade_id, time_us, price, size, side }) =>
        `${trade_id},${time_us},${price},${size},${side}`,
    )
    writeFileSync(file, `id,time,price,size,side\n${lines.join('\n')}\n`)
    const columns = 'trade_id=id,time=time:us,price=price,size=size,side=side'
    const about = ['--venue', 'coinbase', '--symbol', 'BTC-USD', '--columns', columns]
    await runJson('import', file, ...about, ...here, '--json')
  }

  beforeAll(async () => {
    sim = await startSimulator({
      ...{ seed: 12, venues: ['coinbase', 'kraken', 'coingecko'], tradesPerSecond: 4 },
      ...{ historyMinutes: 125, rateLimit: null },
    })
    hourUs = Math.floor(systemClock.nowUs() / HOUR_US - 1) * HOUR_US
    const { coinbase, kraken, coingecko } = sim.urls
    const venues = {
      coinbase: { ...coinbase, products: ['BTC-USD'] },
      kraken: { ...kraken, products: ['BTC-USD'] },
      coingecko: { restUrl: coingecko.restUrl, coins: ['bitcoin', 'ethereum'] },
    }
    const collect = { venues: Object.keys(venues) }
    // JSON is YAML too.
    writeFileSync(config, JSON.stringify({ collect, venues }))
  })
  afterAll(async () => {
    await sim?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  test('market.instruments asks every venue what it lists', async () => {
    const first = await make('market.instruments')
    expect(first).toMatchObject({ status: 0, state: 'succeeded' })
    expect(first.rows).toBeGreaterThan(5)
    expect(first.metadata.products).toBe(first.rows)
  })

  test('bronze.snapshots asks the aggregator for every coin once', async () => {
    expect(await make('bronze.snapshots')).toMatchObject({ status: 0, rows: 2 })
    const snapshots = await runJson<readonly { coin: string }[]>('snapshots', ...here, '--json')
    expect(snapshots.map(({ coin }) => coin).sort()).toEqual(['bitcoin', 'ethereum'])
  })

  test('bronze.fill asks for the minutes that are not whole, and for no others', async () => {
    const all = madeSince(hourUs).filter(({ time_us }) => time_us < hourUs + HOUR_US)
    const [fromUs, toUs] = [hourUs + 20 * MINUTE_US, hourUs + 23 * MINUTE_US]
    const kept = all.filter(({ time_us }) => time_us < fromUs || time_us >= toUs)
    expect(all.length - kept.length).toBeGreaterThan(10)
    await importTrades(kept)
    const before = sim.stats.venues.coinbase?.restRequests ?? 0
    const filled = await make('bronze.fill', '-p', hourKey(hourUs), '--only', 'venue=coinbase')
    expect(filled).toMatchObject({ status: 0, checks: [{ name: 'filled', passed: true }] })
    expect(filled.metadata.minutes_left).toBe(0)
    expect(filled.metadata.minutes_before).toBeGreaterThanOrEqual(3)
    // Those of the gap, and of its edges and the tape's.
    expect(filled.metadata.minutes_before).toBeLessThanOrEqual(7)
    expect((sim.stats.venues.coinbase?.restRequests ?? 0) - before).toBeLessThan(30)
    const held = await runJson<readonly { trade_id: number; price: string; size: string }[]>(
      ...['trades', 'coinbase:BTC-USD', '--from', String(hourUs), '--limit', '1000000'],
      ...['--to', String(hourUs + HOUR_US), ...here, '--json'],
    )
    const told = ({ trade_id, price, size }: (typeof held)[number]) =>
      [trade_id, Number(price), Number(size)].join(' ')
    expect(held.map(told).sort()).toEqual(all.map(told).sort())
    // Nothing is left to ask for.
    expect(await make('bronze.fill', '-p', hourKey(hourUs))).toMatchObject({ status: 3 })
  })

  test('bronze.fill leaves the minute that runs to those who collect it', async () => {
    const leftMs = 60_000 - ((systemClock.nowUs() / 1000) % 60_000)
    // Time enough within one minute, and one hour.
    if (leftMs < 25_000) await systemClock.sleep(leftMs + 2000)
    const minuteUs = bucketStart(systemClock.nowUs(), MINUTE_US)
    await until(() => madeSince(minuteUs).length > 8, { what: 'trades', withinMs: 10_000 })
    const running = madeSince(minuteUs)
    await importTrades([...running.slice(0, 3), ...running.slice(-3)])
    const filled = await make('bronze.fill', '-p', hourKey(minuteUs))
    expect(bucketStart(systemClock.nowUs(), MINUTE_US)).toBe(minuteUs)
    expect(filled).toMatchObject({ status: 3, state: 'skipped' })
  })

  test('what was filled is reconciled with the venue, certified, and borne out', async () => {
    await runJson(
      ...['reconcile', 'coinbase:BTC-USD', '--from', String(hourUs), '--fetch'],
      ...['--to', String(hourUs + HOUR_US), ...here, '--json'],
    )
    const reconciled = await make('quality.reconciliation', '-p', hourKey(hourUs))
    expect(reconciled).toMatchObject({ status: 0, metadata: { ours: 0, missed_trades: 0 } })
    expect(reconciled.metadata.compared).toBeGreaterThanOrEqual(59)
    const certified = await make('quality.certificates', '-p', hourKey(hourUs))
    expect(certified).toMatchObject({ status: 0, rows: 1, metadata: { available: 1 } })
    const proven = await make('ops.rebuild_proof', '-p', hourKey(hourUs).slice(0, 10))
    expect(proven).toMatchObject({ status: 0, checks: [{ name: 'rebuilt_equal', passed: true }] })
    expect(proven.rows).toBeGreaterThan(0)
  })

  test('a schedule of half a minute is kept in real time', async () => {
    const elsewhere = tempFolder()
    const file = join(elsewhere.path, 'assay.config.yaml')
    const { restUrl } = sim.urls.coingecko
    const coingecko = { restUrl, coins: ['bitcoin'], everySeconds: 30, ratePerMinute: 30 }
    writeFileSync(
      file,
      JSON.stringify({ collect: { venues: ['coingecko'] }, venues: { coingecko } }),
    )
    const flow = ['flow', '--seconds', '70', '--data', elsewhere.path, '--config', file, '--json']
    const ended = await runCli(...flow)
    expect(ended).toMatchObject({ status: 0 })
    const runs = await runJson<readonly { state: string }[]>(
      ...['runs', '--asset', 'bronze.snapshots', '--data', elsewhere.path, '--json'],
    )
    const succeeded = runs.filter(({ state }) => state === 'succeeded')
    expect(succeeded.length).toBeGreaterThanOrEqual(2)
    expect(succeeded.length).toBeLessThanOrEqual(4)
    elsewhere[Symbol.dispose]()
  })
})

suite('assets that put away', () => {
  test('bronze.archive packs hours that are over, and ops.retention lets go of them', async () => {
    const dataDir = await recorded([PER_DAY + 5])
    const receivedTimeUs = tradeTimeUs(DAYS * PER_DAY) - 7_200_000_000
    await writeLog(dataDir, 'backfill', [tradeRecord('BTC-USD', PER_DAY + 5, { receivedTimeUs })])
    await settle(dataDir)
    const config = join(dataDir, 'assay.config.yaml')
    writeFileSync(config, JSON.stringify({ retention: { trades: 2, rawArchive: 2 } }))
    const here = ['--data', dataDir, '--config', config]
    const make = async (asset: string) => {
      const ended = await runCli('materialize', asset, ...here, '--json')
      return { status: ended.status, ...lastLine<Made>(ended) }
    }
    const before = await tradeIds(dataDir)
    const archive = await make('bronze.archive')
    expect(archive).toMatchObject({ status: 0, state: 'succeeded' })
    expect(archive.metadata.hours).toBeGreaterThan(0)
    expect(await make('ops.retention')).toMatchObject({ status: 0, state: 'succeeded' })
    const after = await tradeIds(dataDir)
    expect(after.length).toBeLessThan(before.length)
    expect(readLogHorizon(dataDir, 'collect').pos).toBeGreaterThan(0)
    const saved = archived(dataDir, 'trades').map((row) => row.trade_id as number)
    expect(new Set([...saved, ...after])).toEqual(new Set(before))
    expect(await make('ops.retention')).toMatchObject({ status: 3, state: 'skipped' })
  })
})
