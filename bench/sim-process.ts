import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { VenueId, VenueUrls } from '../sim/index.ts'

/** What the simulator is to play. */
export interface SimMarket {
  readonly venues: readonly VenueId[]
  /** Products of Coinbase, in its spelling; the other venues trade their fifteen. */
  readonly products: readonly string[]
  /** Trades a second of each venue. */
  readonly tradesPerSecond: number
}

/** Settings by their dotted names, as flags give them. */
export type Flags = Readonly<Record<string, unknown>>

/** A simulator in a process of its own, ended when disposed of. */
export interface SimProcess extends AsyncDisposable {
  /** Points a pipeline at it. */
  readonly flags: Flags
  readonly pid: number
}

/**
 * Starts the simulator in a process of its own: its markets have the sockets' whole rate.
 *
 * @param seconds after which it ends by itself, should we be killed.
 */
export async function startSimProcess(market: SimMarket, seconds: number): Promise<SimProcess> {
  const entry = fileURLToPath(new URL('../sim/main.ts', import.meta.url))
  const flags = ['--port', '0', '--json', '--history', '1', '--rest-limit', '0', '--seed', '1']
  flags.push('--rate', String(market.tradesPerSecond), '--products', market.products.join(','))
  flags.push('--venues', market.venues.join(','), '--seconds', String(seconds))
  const child = spawn(process.execPath, [entry, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  const { urls } = JSON.parse(line) as { urls: Readonly<Record<VenueId, VenueUrls>> }
  return {
    flags: flagsOf(market, urls),
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await closed
    },
  }
}

function flagsOf({ venues, products }: SimMarket, urls: Readonly<Record<VenueId, VenueUrls>>) {
  const flags: Record<string, unknown> = { 'collect.venues': venues }
  for (const venue of venues) {
    flags[`venues.${venue}.wsUrl`] = urls[venue].wsUrl
    flags[`venues.${venue}.restUrl`] = urls[venue].restUrl
  }
  if (venues.includes('coinbase')) flags['venues.coinbase.products'] = products
  return flags
}
