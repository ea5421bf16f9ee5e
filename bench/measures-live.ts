import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { jobEntry, runJob } from './job.ts'
import type { LiveResult, LiveTask } from './live.ts'
import { type Bench, LOG } from './measures.ts'
import type { Quantiles } from './quantiles.ts'
import type { Row } from './report.ts'
import { rounded, rowOf, showNumber } from './report.ts'
import { spreadOf } from './spread.ts'
import type { Sample } from './watch-load.ts'

const TRADES_PER_SECOND = 10_000
const WARM_SECONDS = 3

/** Coinbase's of the three venues, where the others trade their own fifteen. */
const PRODUCTS: readonly string[] = [
  ...['BTC', 'ETH', 'SOL', 'LINK', 'DOT', 'APE', 'PEPE', 'TRUMP', 'JUP', 'PUMP'],
  ...['PENGU', 'REKT', 'FARTCOIN', 'WIF', 'KSM'],
].map((base) => `${base}-USD`)

/** Of each venue; tickers and candles among them, that makes 20,000 messages a second. */
const VENUE_TRADES_PER_SECOND = 4900
const VENUES_WARM_SECONDS_MAX = 30

/** From the socket to the committed row, with sealing beside it. */
export async function measureLive(bench: Bench, dataDir: string): Promise<void> {
  const { options, rows, figures } = bench
  bench.tell(`collecting and refining live, ${options.liveSeconds} s`)
  const live = await runLive(bench, 'live', {
    sealed: { dataDir, name: LOG },
    market: {
      venues: ['coinbase'],
      products: ['BTC-USD', 'ETH-USD'],
      tradesPerSecond: TRADES_PER_SECOND,
    },
    warmSeconds: WARM_SECONDS,
    seconds: options.liveSeconds,
  })
  figures.live_p50_ms = rounded(live.committed.p50)
  figures.live_p99_ms = rounded(live.committed.p99)
  const rate = `${showNumber(live.tradesPerSecond)} trades/s over ${options.liveSeconds} s`
  const { syncs, hoursSealed, durable, bareSync } = live
  const windows = `${syncs} syncs of ${live.commitWindowMs} ms, ${hoursSealed} hours sealed beside`
  rows.push(
    { ...delayRow('live p50, socket to commit', live, 'p50'), note: rate },
    {
      ...delayRow('live p99, socket to commit', live, 'p99'),
      note: `range: by quarters; ${windows}`,
    },
    delayRow('live max, socket to commit', live, 'max'),
    plainRow('  of it, socket to sync', durable),
    { ...plainRow('a write and sync, alone', bareSync), note: 'p50 / p99, reference' },
    rowOf('live resident memory, peak', [live.rssMbMax], { unit: 'MiB' }),
  )
}

/** The same of three venues at once, with their tickers and candles. */
export async function measureVenuesLive(bench: Bench): Promise<void> {
  const { options, rows, figures } = bench
  const seconds = options.venuesSeconds
  const warmSeconds = Math.min(seconds, VENUES_WARM_SECONDS_MAX)
  bench.tell(`three venues live, ${warmSeconds} s to grow warm and ${seconds} s`)
  const live = await runLive(bench, 'venues', {
    sealed: null,
    market: {
      venues: ['coinbase', 'binance-us', 'kraken'],
      products: PRODUCTS,
      tradesPerSecond: VENUE_TRADES_PER_SECOND,
    },
    ...{ warmSeconds, seconds },
  })
  const { samples, subscriptions, connects, durable } = live
  const memory = quartersOf(samples)
  const median = (key: 'behind' | 'cpu' | 'mainCpu') => spreadOf(samples.map((one) => one[key]))
  const feedCpu = samples.flatMap((one) => one.feedCpu ?? [])
  figures.venues_live_p50_ms = rounded(live.committed.p50)
  figures.venues_live_p99_ms = rounded(live.committed.p99)
  figures.venues_messages_per_s = Math.round(live.messagesPerSecond)
  figures.venues_rss_flat = rounded((memory.at(-1) as number) / (memory[0] as number))
  const trades = `${showNumber(live.tradesPerSecond)} frames/s of trades`
  const shown = memory.map((mb) => showNumber(mb)).join(', ')
  rows.push(
    rowOf('three venues, messages', [live.messagesPerSecond], {
      unit: '/s',
      note: `${subscriptions} subscriptions, ${connects} connections, ${trades}, ${seconds} s`,
    }),
    { ...delayRow('  p50, socket to commit', live, 'p50'), note: 'range: by quarters' },
    delayRow('  p99, socket to commit', live, 'p99'),
    delayRow('  max, socket to commit', live, 'max'),
    plainRow('  of it, socket to sync', durable),
    rowOf('  records not yet committed', [median('behind').median], {
      note: `${showNumber(median('behind').greatest)} at most, seen once a second`,
    }),
    rowOf('  resident memory, last quarter / first', [figures.venues_rss_flat], {
      note: `${shown} MiB; peak ${showNumber(live.rssMbMax)}`,
    }),
    rowOf('  processors used', [median('cpu').median], {
      note: `main thread ${showNumber(median('mainCpu').median)}${feedNote(feedCpu)}`,
    }),
  )
}

async function runLive(
  bench: Bench,
  name: string,
  about: Omit<LiveTask, 'folder'>,
): Promise<LiveResult> {
  const task: LiveTask = { folder: join(bench.folder, name), ...about }
  const live = await runJob<LiveResult>(jobEntry('live'), task)
  rmSync(task.folder, { recursive: true })
  return live
}

/** Returns the median resident memory of each quarter of the window, MiB. */
function quartersOf(samples: readonly Sample[]): number[] {
  const quarter = Math.ceil(samples.length / 4)
  const parts = [0, 1, 2, 3].map((at) => samples.slice(at * quarter, (at + 1) * quarter))
  return parts
    .filter((part) => part.length > 0)
    .map((part) => spreadOf(part.map(({ rssMb }) => rssMb)).median)
}

function feedNote(cpu: readonly number[]): string {
  return cpu.length === 0 ? '' : `; the simulator ${showNumber(spreadOf(cpu).median)} beside it`
}

/** A delay over the whole window, with the range of its quarters. */
function delayRow(what: string, live: LiveResult, key: keyof Quantiles): Row {
  const quarters = live.quarters.map((each) => each[key])
  return {
    ...rowOf(what, quarters, { unit: 'ms' }),
    value: `${showNumber(live.committed[key])} ms`,
  }
}

function plainRow(what: string, { p50, p99 }: Quantiles): Row {
  const value = `${showNumber(p50)} / ${showNumber(p99)} ms`
  return { what, value, range: '', note: 'p50 / p99' }
}
