import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { forEachRecord, openLogReader, startSealer } from '../src/bronze/index.ts'
import { COLLECT_LOG, type Pipeline, startPipeline } from '../src/cli/pipeline.ts'
import { assert } from '../src/core/assert.ts'
import { systemClock } from '../src/core/clock.ts'
import { loadConfig } from '../src/core/config.ts'
import { createLogger } from '../src/core/log.ts'
import { answerJob } from './job.ts'
import { linkLog } from './link-log.ts'

/** A pipeline to be fed over a real socket. */
export interface LiveTask {
  readonly folder: string
  /** A data folder whose log is sealed meanwhile, by links, as often as there is time. */
  readonly sealed: { readonly dataDir: string; readonly name: string }
  readonly tradesPerSecond: number
  readonly seconds: number
}

/** Milliseconds that part of the trades do not exceed. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** How it went, over the window that was measured. */
export interface LiveResult {
  readonly trades: number
  readonly tradesPerSecond: number
  /** From a frame's last byte to the commit that covers its position. */
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
}

/** That all positions below `pos` were done at a time. */
interface Mark {
  readonly pos: number
  readonly timeUs: number
}

const PRODUCTS = ['BTC-USD', 'ETH-USD']
const WARM_SECONDS = 3
const SYNCS_ALONE = 100
const SECOND_US = 1_000_000

async function runLive(task: LiveTask): Promise<LiveResult> {
  const bareSync = measureSync(task)
  await using market = await startMarket(task)
  const dataDir = join(task.folder, 'live')
  const { config } = await loadConfig({ cwd: task.folder, env: {}, flags: market.flags })
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
  await systemClock.sleep(WARM_SECONDS * 1000)
  const fromUs = systemClock.nowUs()
  await systemClock.sleep(task.seconds * 1000)
  const window = { fromUs, toUs: systemClock.nowUs() }
  stopping.abort('measured')
  await pipeline.done
  const hoursSealed = await sealing
  // Before what follows, which only looks back, takes memory of its own.
  const rssMbMax = process.resourceUsage().maxRSS / 1024
  const received = readReceived(dataDir, window)
  const delays = delaysOf(received, marks.committed)
  const quarter = Math.ceil(delays.length / 4)
  const inWindow = ({ timeUs }: Mark) => timeUs >= window.fromUs && timeUs < window.toUs
  return {
    trades: received.length,
    tradesPerSecond: (received.length / (window.toUs - window.fromUs)) * SECOND_US,
    committed: quantiles(delays),
    quarters: [0, 1, 2, 3].map((at) => quantiles(delays.slice(at * quarter, (at + 1) * quarter))),
    durable: quantiles(delaysOf(received, marks.durable)),
    syncs: marks.durable.filter(inWindow).length,
    bareSync,
    commitWindowMs: config.journal.commitWindowMs,
    commits: marks.committed.filter(inWindow).length,
    hoursSealed,
    rssMbMax,
  }
}

/** Starts the simulator in a process of its own; its market has the socket's whole rate. */
async function startMarket(task: LiveTask): Promise<AsyncDisposable & { flags: Flags }> {
  const entry = fileURLToPath(new URL('../sim/main.ts', import.meta.url))
  const flags = ['--port', '0', '--json', '--history', '1', '--rest-limit', '0', '--seed', '1']
  flags.push('--rate', String(task.tradesPerSecond), '--products', PRODUCTS.join(','))
  // Should we be killed, it ends by itself.
  flags.push('--seconds', String(task.seconds + WARM_SECONDS + 60))
  const child = spawn(process.execPath, [entry, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  const { wsUrl, restUrl } = JSON.parse(line) as { wsUrl: string; restUrl: string }
  return {
    flags: { 'venues.coinbase.wsUrl': wsUrl, 'venues.coinbase.restUrl': restUrl },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await closed
    },
  }
}

type Flags = Readonly<Record<string, unknown>>

function watch({ journal, refine }: Pipeline): { durable: Mark[]; committed: Mark[] } {
  const durable: Mark[] = []
  const committed: Mark[] = []
  journal.onDurable((pos) => durable.push({ pos, timeUs: systemClock.nowUs() }))
  refine.onCommit(({ log, pos, committedUs }) => {
    if (log === COLLECT_LOG) committed.push({ pos, timeUs: committedUs })
  })
  return { durable, committed }
}

/** Seals a whole log again and again in the thread that seals beside a collector. */
async function keepSealing(task: LiveTask, signal: AbortSignal): Promise<number> {
  const { dataDir: source, name } = task.sealed
  let hours = 0
  await using sealer = startSealer()
  for (let round = 0; !signal.aborted; round += 1) {
    const dataDir = join(task.folder, `sealed-${round}`)
    linkLog(source, dataDir, name)
    const report = await sealer.seal({ dataDir, name, belowPos: Number.MAX_SAFE_INTEGER })
    hours += report.hours
    rmSync(dataDir, { recursive: true })
  }
  return hours
}

/** Trades received in the window, in order of position, with the time of receipt. */
function readReceived(dataDir: string, window: { fromUs: number; toUs: number }): Mark[] {
  const received: Mark[] = []
  using reader = openLogReader({ dataDir, name: COLLECT_LOG })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, ({ pos, channel, receivedTimeUs: timeUs }) => {
      if (channel !== 'matches' || timeUs < window.fromUs || timeUs >= window.toUs) return
      received.push({ pos, timeUs })
    })
  }
  assert(received.length > 0, 'trades came over the socket')
  return received
}

/** Milliseconds from each receipt to the first mark beyond its position. */
function delaysOf(received: readonly Mark[], marks: readonly Mark[]): number[] {
  let at = 0
  return received.map(({ pos, timeUs }) => {
    while (at < marks.length && (marks[at] as Mark).pos <= pos) at += 1
    const mark = marks[at]
    assert(mark !== undefined, 'every trade received is committed in the end')
    return (mark.timeUs - timeUs) / 1000
  })
}

function quantiles(delays: readonly number[]): Quantiles {
  const sorted = delays.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** How long this disk takes for what one commit window holds. */
function measureSync(task: LiveTask): Quantiles {
  mkdirSync(task.folder, { recursive: true })
  const file = openSync(join(task.folder, 'sync'), 'w')
  const bytes = Buffer.alloc(Math.ceil(task.tradesPerSecond * 0.05 * 480), 'x')
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
