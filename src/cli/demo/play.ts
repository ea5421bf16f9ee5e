import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FaultPreset, Simulator, VenueId } from '../../../sim/index.ts'
import { listLogs } from '../../bronze/index.ts'
import { AssayError } from '../../core/errors.ts'
import { bucketStart, MINUTE_US } from '../../market/bucket.ts'
import type { DemoFlags } from '../commands/demo.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { fetchHistory } from '../fetch-history.ts'
import { liveLine } from '../live.ts'
import { startPipeline } from '../pipeline.ts'
import { CLOSE_SECONDS, untilHealed } from './heal.ts'
import { type DemoProof, proveDemo } from './prove.ts'
import { tellBeginning, tellProof } from './tell.ts'

/** Two products at the market's pace, a slow one, and one that trades about once a minute. */
const PRODUCTS: Readonly<Partial<Record<VenueId, readonly string[]>>> = {
  coinbase: ['BTC-USD', 'ETH-USD', 'SOL-USD', 'REKT-USD'],
  'binance-us': ['BTCUSD', 'ETHUSD', 'SOLUSD', '1000REKTUSDT'],
  kraken: ['BTC/USD', 'ETH/USD', 'SOL/USD', 'REKT/USD'],
}
const COINS = ['bitcoin', 'ethereum', 'solana', 'rekt-4']
/** A product that was silent for so long is asked after over REST. */
const WITNESS_SECONDS = 5
const POLL_SECONDS = 10
/** History asked of REST before the live part, so that there are whole candles to compare. */
const HISTORY_US = 10 * MINUTE_US

const VENUES: readonly VenueId[] = ['coinbase', 'binance-us', 'kraken', 'coingecko']

/** Runs the demo, tells people of it as it goes, and returns the proof. */
export async function playDemo(
  context: Context,
  flags: DemoFlags & GlobalFlags,
): Promise<DemoProof> {
  const seconds = numberFlag('--seconds', flags.seconds)
  const rate = numberFlag('--rate', flags.rate)
  const keeps = flags.data !== undefined
  const dataDir = keeps ? context.dataDir : await mkdtemp(join(tmpdir(), 'assay-demo-'))
  if (keeps && listLogs(dataDir).length > 0) {
    throw new AssayError(
      'ASSAY_USAGE',
      `${dataDir} holds logs already; the demo wants its own folder`,
    )
  }
  const { startSimulator } = await import('../../../sim/index.ts')
  try {
    await using sim = await startSimulator({
      seed: flags.seed,
      venues: VENUES,
      products: PRODUCTS,
      tradesPerSecond: rate,
      faults: flags.faults as FaultPreset,
      stormSeconds: Math.max(10, seconds),
      historyMinutes: 30,
    })
    const demo = { ...demoContext(context, sim), dataDir }
    tellBeginning(context, { sim, seconds, dataDir: keeps ? dataDir : null })
    await fetchUntilNow(exchangesOf(demo))
    const injected = await trade(demo, sim, seconds)
    const proof = await proveDemo(demo, sim)
    tellProof(context, { proof, injected, dataDir: keeps ? dataDir : null })
    return proof
  } finally {
    if (!keeps) await rm(dataDir, { recursive: true, force: true })
  }
}

/**
 * Fetches history up to the minute that lasts, so that live collecting follows on it without a
 * minute in between that nobody answers for: what a slow venue left behind is asked for again.
 */
async function fetchUntilNow(context: Context): Promise<void> {
  const { clock } = context
  let fromUs = clock.nowUs() - HISTORY_US
  for (;;) {
    const toUs = clock.nowUs()
    await fetchHistory(context, { fromUs, toUs })
    fromUs = bucketStart(toUs, MINUTE_US)
    if (clock.nowUs() < fromUs + MINUTE_US) return
  }
}

/** The context, turned to the simulator; a store of one's own makes no sense for a demo. */
function demoContext(context: Context, sim: Simulator): Omit<Context, 'dataDir'> {
  const { config } = context
  const { urls } = sim
  const exchange = (venue: VenueId) => ({ ...urls[venue], products: PRODUCTS[venue] ?? null })
  return {
    ...context,
    // A spread takes the getter's value: the demo asks for the signal from its start.
    signal: context.signal,
    config: {
      ...config,
      mode: 'ws',
      // Whoever waits longer for late trades would see the demo end before its last minute is told.
      candles: { graceSeconds: CLOSE_SECONDS },
      collect: { ...config.collect, venues: VENUES, witnessSeconds: WITNESS_SECONDS },
      venues: {
        ...config.venues,
        coinbase: { ...config.venues.coinbase, ...exchange('coinbase') },
        'binance-us': { ...config.venues['binance-us'], ...exchange('binance-us') },
        kraken: { ...config.venues.kraken, ...exchange('kraken') },
        coingecko: {
          ...config.venues.coingecko,
          ...urls.coingecko,
          coins: COINS,
          everySeconds: POLL_SECONDS,
          ratePerMinute: 30,
        },
      },
    },
  }
}

/** An aggregator's past is asked for by the day, which is not what is compared here. */
function exchangesOf(demo: Context): Context {
  const { config, signal } = demo
  const venues = VENUES.filter((venue) => venue !== 'coingecko')
  return { ...demo, signal, config: { ...config, collect: { ...config.collect, venues } } }
}

/** Collects while the market trades, then until all is healed; returns the faults there were. */
async function trade(context: Context, sim: Simulator, seconds: number): Promise<number> {
  const live = liveLine(context)
  const ending = new AbortController()
  const pipeline = await startPipeline({
    ...context,
    storeUrl: storeOf(context.dataDir),
    command: 'demo',
    signal: ending.signal,
    onStatus: (status, refine) => live.show(status, refine),
  })
  try {
    await Promise.race([context.clock.sleep(seconds * 1000, context.signal), pipeline.done])
    // Ctrl-C ends the trading early; what was traded is still healed and proven.
    sim.setTrading(false)
    const isConnected = () => sim.stats.connections > 0
    await untilHealed({ clock: context.clock, pipeline, isConnected })
  } finally {
    ending.abort()
  }
  await pipeline.done
  live.end()
  return sim.faults.length
}

/** Returns the store of a demo's folder. */
export function storeOf(dataDir: string): string {
  return `sqlite:${join(dataDir, 'warehouse')}`
}

function numberFlag(flag: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new AssayError('ASSAY_USAGE', `${flag} takes a number above zero, not ${text}`)
}
