import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { forEachRecord, openLogReader, startSealer } from '../src/bronze/index.ts'
import { COLLECT_LOG } from '../src/cli/collectors.ts'
import { type Pipeline, startPipeline } from '../src/cli/pipeline.ts'
import { assert } from '../src/core/assert.ts'
import { systemClock } from '../src/core/clock.ts'
import { loadConfig } from '../src/core/config.ts'
import { createLogger } from '../src/core/log.ts'
import { VENUES } from '../src/venues/index.ts'
import { answerJob } from './job.ts'
import { linkLog } from './link-log.ts'
import { delaysOf, type Mark, type Quantiles, quantiles } from './quantiles.ts'
import type { SimMarket } from './sim-process.ts'
import { startSimProcess } from './sim-process.ts'
import { type Sample, startSampling } from './watch-load.ts'

/** A pipeline to be fed over real sockets. */
export interface LiveTask {
  readonly folder: string
  /**
   * A data folder whose log is sealed meanwhile, by links, as often as there is time; `null`
   * leaves the machine to the pipeline.
   */
  readonly sealed: { readonly dataDir: string; readonly name: string } | null
  readonly market: SimMarket
  /** Before the window: connections open, code grows warm, caches fill. */
  readonly warmSeconds: number
  readonly seconds: number
}

/** How it went, over the window that was measured. */
export interface LiveResult {
  /** (channel, symbol) pairs, connections opened and times that a venue's collector lost one. */
  readonly subscriptions: number
  readonly connects: number
  readonly messagesPerSecond: number
  readonly tradesPerSecond: number
  /** From the last byte of a frame with trades to the commit that covers its position. */
  readonly committed: Quantiles
  /** The same of each quarter of the window. */
  readonly quarters: readonly Quantiles[]
  /** From a frame's last byte to its sync. */
  readonly durable: Quantiles
  readonly syncs: number
  /** Reference: a write of as many bytes and a sync, with nothing beside it. */
  readonly bareSync: Quantiles
  readonly commitWindowMs: number
  readonly commits: number
  readonly hoursSealed: number
  readonly rssMbMax: number
  /** What was seen once a second. */
  readonly samples: readonly Sample[]
}

const SYNCS_ALONE = 100
const SECOND_US = 1_000_000
// Should we be killed, the simulator ends by itself.
const SPARE_SECONDS = 60

/** Channels whose frames are rows once they are committed. */
const FACTS: ReadonlySet<string> = new Set(
  Object.values(VENUES).flatMap(({ feeds }) =>
    Object.values(feeds).map((feed) => feed.factChannel),
  ),
)

async function runLive(task: LiveTask): Promise<LiveResult> {
  const bareSync = measureSync(task)
  const { market, warmSeconds, seconds } = task
  await using sim = await startSimProcess(market, warmSeconds + seconds + SPARE_SECONDS)
  const dataDir = join(task.folder, 'live')
  const { config } = await loadConfig({ cwd: task.folder, env: {}, flags: sim.flags })
  const stopping = new AbortController()
  const { signal } = stopping
  const pipeline = await startPipeline({
    config,
    dataDir,
    storeUrl: `sqlite:${join(dataDir, 'warehouse')}`,
    command: 'bench',
    clock: systemClock,
    log: createLogger({ level: 'error', pretty: false }),
    signal,
  })
  const marks = watch(pipeline)
  const sealing = keepSealing(task, signal)
  await systemClock.sleep(warmSeconds * 1000)
  const fromUs = systemClock.nowUs()
  const { journal, refine } = pipeline
  const sampling = startSampling(sim.pid, () => journal.nextPos - refine.checkpoint)
  await systemClock.sleep(seconds * 1000)
  const samples = sampling.stop()
  const window = { fromUs, toUs: systemClock.nowUs() }
  const subscriptions = countSubscriptions(pipeline)
  stopping.abort('measured')
  const { collected } = await pipeline.done
  const hoursSealed = await sealing
  // Before what follows, which only looks back, takes memory of its own.
  const rssMbMax = process.resourceUsage().maxRSS / 1024
  const { messages, trades } = readReceived(dataDir, window)
  const delays = delaysOf(trades, marks.committed)
  const quarter = Math.ceil(delays.length / 4)
  const inWindow = ({ timeUs }: Mark) => timeUs >= window.fromUs && timeUs < window.toUs
  const perSecond = (count: number) => (count / (window.toUs - window.fromUs)) * SECOND_US
  return {
    ...{ subscriptions, connects: collected.connects },
    messagesPerSecond: perSecond(messages),
    tradesPerSecond: perSecond(trades.length),
    committed: quantiles(delays),
    quarters: [0, 1, 2, 3].map((at) => quantiles(delays.slice(at * quarter, (at + 1) * quarter))),
    durable: quantiles(delaysOf(trades, marks.durable)),
    syncs: marks.durable.filter(inWindow).length,
    bareSync,
    commitWindowMs: config.journal.commitWindowMs,
    commits: marks.committed.filter(inWindow).length,
    ...{ hoursSealed, rssMbMax, samples },
  }
}

function watch({ journal, refine }: Pipeline): { durable: Mark[]; committed: Mark[] } {
  const durable: Mark[] = []
  const committed: Mark[] = []
  journal.onDurable((pos) => durable.push({ pos, timeUs: systemClock.nowUs() }))
  refine.onCommit(({ log, pos, committedUs }) => {
    if (log === COLLECT_LOG) committed.push({ pos, timeUs: committedUs })
  })
  return { durable, committed }
}

function countSubscriptions({ collectors }: Pipeline): number {
  const { exchanges } = collectors.status()
  return exchanges.reduce((sum, { feed }) => sum + (feed?.subscriptions.length ?? 0), 0)
}

/** Seals a whole log again and again in the thread that seals beside a collector. */
async function keepSealing({ folder, sealed }: LiveTask, signal: AbortSignal): Promise<number> {
  if (sealed === null) return 0
  const { dataDir: source, name } = sealed
  let hours = 0
  await using sealer = startSealer()
  for (let round = 0; !signal.aborted; round += 1) {
    const dataDir = join(folder, `sealed-${round}`)
    linkLog(source, dataDir, name)
    const report = await sealer.seal({ dataDir, name, belowPos: Number.MAX_SAFE_INTEGER })
    hours += report.hours
    rmSync(dataDir, { recursive: true })
  }
  return hours
}

/** Counts what came over sockets in the window; of trades, positions and times of receipt. */
function readReceived(
  dataDir: string,
  window: { readonly fromUs: number; readonly toUs: number },
): { readonly messages: number; readonly trades: readonly Mark[] } {
  const trades: Mark[] = []
  let messages = 0
  using reader = openLogReader({ dataDir, name: COLLECT_LOG })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, ({ pos, channel, origin, receivedTimeUs: timeUs }) => {
      if (origin !== 'ws' || timeUs < window.fromUs || timeUs >= window.toUs) return
      messages += 1
      if (FACTS.has(channel)) trades.push({ pos, timeUs })
    })
  }
  assert(trades.length > 0, 'trades came over the sockets')
  return { messages, trades }
}

/** How long this disk takes for what one commit window holds. */
function measureSync({ folder, market }: LiveTask): Quantiles {
  mkdirSync(folder, { recursive: true })
  const file = openSync(join(folder, 'sync'), 'w')
  const perSecond = market.tradesPerSecond * market.venues.length
  const bytes = Buffer.alloc(Math.ceil(perSecond * 0.05 * 480), 'x')
  const delays: number[] = []
  for (let round = 0; round < SYNCS_ALONE; round += 1) {
    const startMs = performance.now()
    writeSync(file, bytes)
    fdatasyncSync(file)
    delays.push(performance.now() - startMs)
  }
  closeSync(file)
  return quantiles(delays)
}

await answerJob(runLive)
