import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/core/clock.ts'
import { AssayError } from '../src/core/errors.ts'
import type { FaultPreset, RateLimitOptions, Simulator, VenueId } from './index.ts'
import { FAULT_PRESETS, startSimulator, VENUE_IDS } from './index.ts'

/** What `assay sim` was asked for. */
export interface RunSimOptions {
  /** @default 8101 */
  readonly port?: number
  /** @default 1 */
  readonly seed?: number | string
  /** Trades per second of all busy products together. @default 20 */
  readonly rate?: number
  /** @default ['coinbase'] */
  readonly venues?: readonly VenueId[]
  /** Products of Coinbase, or of the first venue where that is not played. */
  readonly products?: readonly string[]
  /** Minutes of history before the start. @default 60 */
  readonly history?: number
  /** @default 'none' */
  readonly faults?: FaultPreset
  /** How much faster the clocks of days and bans run. @default 1 */
  readonly scale?: number
  /** Mean milliseconds between the faults of `mixed`. @default 700 */
  readonly faultEvery?: number
  /** REST requests a second and address; 0 for no limit. @default 10, and 15 at once */
  readonly restLimit?: number
  /** Ends by itself after so long; the storm is as long, or 30 s. */
  readonly seconds?: number
  /** File to write the truth to at the end, one JSON line per trade. */
  readonly truth?: string
  /** One line of JSON with the URLs when ready, and one with the counters at the end. */
  readonly json?: boolean
  readonly signal?: AbortSignal
}

const PORT_DEFAULT = 8101
const STATUS_EVERY_MS = 1000

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function announce(sim: Simulator, options: RunSimOptions): void {
  const { wsUrl, advancedWsUrl, restUrl, urls, venues, products, startUs } = sim
  if (options.json) {
    const places = { wsUrl, advancedWsUrl, restUrl, urls, venues }
    print(JSON.stringify({ ready: true, ...places, products, startUs }))
    return
  }
  for (const venue of venues) {
    print(`A simulated ${venue} trades ${sim.productsOf(venue).join(', ')}.`)
    if (urls[venue].wsUrl !== '') print(`  Socket  ${urls[venue].wsUrl}`)
    if (venue === 'coinbase') print(`  Advanced Trade  ${advancedWsUrl}`)
    print(`  REST    ${urls[venue].restUrl}`)
  }
  print(`Truth  ${restUrl}/sim/truth  /sim/truth/candles  /sim/faults  /sim/stats`)
  print('Point assay at it:')
  print(`  npx assay run --venues ${venues.join(' ')} --sim ${restUrl}`)
  print('Make something go wrong:')
  const fault = JSON.stringify({ kind: 'drop', venue: venues[0], product: products[0], count: 5 })
  print(`  curl -d '${fault}' ${restUrl}/sim/faults`)
}

async function showStatus(sim: Simulator, signal: AbortSignal): Promise<void> {
  let before = sim.stats.tradesLive
  while (!signal.aborted) {
    await systemClock.sleep(STATUS_EVERY_MS, signal)
    const { tradesLive, connections, restRequests, faults } = sim.stats
    process.stderr.write(
      `\r\u001b[K${tradesLive} trades (${tradesLive - before}/s)  ${connections} connections  ` +
        `${restRequests} REST requests  ${faults} faults`,
    )
    before = tradesLive
  }
  process.stderr.write('\n')
}

async function writeTruth(sim: Simulator, file: string): Promise<number> {
  const out = createWriteStream(file)
  let count = 0
  // Of a venue without a socket no trade is told, and none is asked for.
  for (const venue of sim.venues.filter((id) => sim.urls[id].wsUrl !== '')) {
    for (const trade of sim.truth({ venue })) {
      count += 1
      if (!out.write(`${JSON.stringify(trade)}\n`)) await once(out, 'drain')
    }
  }
  out.end()
  await once(out, 'finish')
  return count
}

function rateLimitOf(perSecond: number | undefined): RateLimitOptions | null | undefined {
  if (perSecond === undefined) return undefined
  return perSecond === 0 ? null : { perSecond, burst: Math.ceil(perSecond * 1.5) }
}

/**
 * Runs a simulator until `seconds` have passed or `signal` aborts.
 *
 * Says where it listens on standard output; on a terminal one live line stands on standard
 * error. With `truth`, every trade is written to that file before it returns.
 *
 * @throws AssayError `ASSAY_PORT_IN_USE` or `ASSAY_UNKNOWN_PRODUCT`.
 */
export async function runSim(options: RunSimOptions): Promise<void> {
  await using sim = await startSimulator({
    port: options.port ?? PORT_DEFAULT,
    seed: options.seed,
    tradesPerSecond: options.rate,
    venues: options.venues,
    products: options.products,
    scale: options.scale,
    historyMinutes: options.history,
    faults: options.faults,
    stormSeconds: options.seconds,
    faultEveryMs: options.faultEvery,
    rateLimit: rateLimitOf(options.restLimit),
  })
  announce(sim, options)
  const ending = new AbortController()
  const end = () => ending.abort()
  options.signal?.addEventListener('abort', end)
  if (options.signal?.aborted) end()
  const live = process.stderr.isTTY && !options.json
  const status = live ? showStatus(sim, ending.signal) : null
  if (options.seconds !== undefined) await systemClock.sleep(options.seconds * 1000, ending.signal)
  else await new Promise((resolve) => ending.signal.addEventListener('abort', resolve))
  end()
  await status
  sim.setTrading(false)
  const written = options.truth === undefined ? 0 : await writeTruth(sim, options.truth)
  if (options.json) print(JSON.stringify({ ended: true, written, ...sim.stats }))
  else if (options.truth !== undefined) print(`Wrote ${written} trades to ${options.truth}.`)
}

function numberFlag(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text === '' || !Number.isFinite(value) || value < 0) {
    throw new AssayError('ASSAY_USAGE', `--${name} takes a number, not "${text}".`)
  }
  return value
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[ ,]+/).filter((word) => word !== '')
}

/**
 * Reads names of venues.
 *
 * @throws AssayError `ASSAY_USAGE` for one that is none.
 */
export function readVenues(names: readonly string[]): readonly VenueId[] {
  return names.map((name) => {
    const venue = VENUE_IDS.find((id) => id === name)
    if (venue !== undefined) return venue
    throw new AssayError('ASSAY_USAGE', `--venues takes ${VENUE_IDS.join(', ')}, not ${name}.`)
  })
}

/**
 * Reads the flags of a simulator run as a program of its own.
 *
 * @throws AssayError `ASSAY_USAGE` for a flag that is unknown or makes no sense.
 */
export function readSimFlags(args: readonly string[]): RunSimOptions {
  const text = { type: 'string' } as const
  const flags = { port: text, seed: text, rate: text, history: text }
  const listed = { venues: text, products: text }
  const faulty = { faults: text, 'fault-every': text, 'rest-limit': text, scale: text }
  const more = { seconds: text, truth: text, json: { type: 'boolean' } } as const
  let values: ReturnType<typeof parse>
  const parse = () =>
    parseArgs({ args: [...args], options: { ...flags, ...listed, ...faulty, ...more } }).values
  try {
    values = parse()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AssayError('ASSAY_USAGE', why, { cause })
  }
  const faults = FAULT_PRESETS.find((preset) => preset === (values.faults ?? 'none'))
  if (faults === undefined) {
    throw new AssayError('ASSAY_USAGE', `--faults takes ${FAULT_PRESETS.join(', ')}.`)
  }
  return {
    port: numberFlag('port', values.port),
    seed: values.seed,
    rate: numberFlag('rate', values.rate),
    venues: values.venues === undefined ? undefined : readVenues(wordsOf(values.venues)),
    products: values.products === undefined ? undefined : wordsOf(values.products),
    scale: numberFlag('scale', values.scale),
    history: numberFlag('history', values.history),
    faults,
    faultEvery: numberFlag('fault-every', values['fault-every']),
    restLimit: numberFlag('rest-limit', values['rest-limit']),
    seconds: numberFlag('seconds', values.seconds),
    truth: values.truth,
    json: values.json,
  }
}

if (import.meta.main) {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort())
  try {
    await runSim({ ...readSimFlags(process.argv.slice(2)), signal: stopping.signal })
  } catch (error) {
    if (!(error instanceof AssayError)) throw error
    process.stderr.write(`${error.code}: ${error.message}\n`)
    process.exitCode = 1
  }
}
