import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../tidy/sources.ts'
import type { Ended } from './run.ts'
import { lastLine, run, runWell } from './run.ts'

const CLI = join(ROOT, 'src/cli/main.ts')
/** How the tools call Assay. */
const COMMAND = `"${process.execPath}" "${CLI}"`

/** An hour and a day that the seeded folder has trades of. */
export const HOUR = '2026-01-02T07'
export const DAY = '2026-01-02'

/** The assets that the tools are given, for what they are made from is there: it was imported. */
export const HOURLY = ['silver.trades', 'silver.candles_1m', 'gold.candles_1h'] as const
export const DAILY = 'gold.candles_1d'

/** What `assay materialize` says of a part. */
export interface Made {
  readonly state: string
  readonly rows: number
  readonly version: string | null
  readonly checks: readonly { readonly name: string; readonly passed: boolean }[]
}

/** Data folders, all alike, of trades whose candles nobody made yet. */
export interface Folders extends Disposable {
  /** Returns a new copy. */
  copy(): string
  /** Returns a new folder for a tool's own state. */
  empty(): string
  /** Returns a path at which there can be no data folder, for there is a file. */
  broken(): string
}

/** Imports two days of generated trades of two products. */
export async function seededFolders(): Promise<Folders> {
  const root = mkdtempSync(join(tmpdir(), 'assay-orchestrators-'))
  const seed = join(root, 'seed')
  const columns = 'trade_id=id,time=time:us,price=price,size=size,side=side'
  for (const [index, symbol] of ['BTC-USD', 'ETH-USD'].entries()) {
    const file = join(root, `${symbol}.csv`)
    writeFileSync(file, tape(index + 1))
    const what = ['--venue', 'kraken', '--symbol', symbol, '--columns', columns]
    await assay(seed, 'import', file, ...what, '--json')
  }
  let count = 0
  const next = () => join(root, String(++count))
  return {
    copy() {
      const path = next()
      cpSync(seed, path, { recursive: true })
      return path
    },
    empty: () => mkdtempSync(`${next()}-`),
    broken() {
      const path = next()
      writeFileSync(path, '')
      return path
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** A trade every 97 seconds over two days, its price and size told by its number. */
function tape(factor: number): string {
  const startUs = Date.parse('2026-01-01T00:00:00Z') * 1000
  const lines = ['id,time,price,size,side']
  for (let id = 1; id * 97 < 2 * 86_400; id += 1) {
    const price = (factor * (500_000 + ((id * 7919) % 1009))) / 100
    const size = `0.${String(((id * 31) % 97) + 1).padStart(3, '0')}`
    lines.push(`${id},${startUs + id * 97e6},${price},${size},${id % 3 === 0 ? 'sell' : 'buy'}`)
  }
  return lines.join('\n')
}

/** What the tools are told of where Assay is and what it works on. */
export function settings(data: string): Record<string, string> {
  return {
    ASSAY_DATA: data,
    ASSAY_ORCHESTRATOR_COMMAND: COMMAND,
    ASSAY_ORCHESTRATOR_ASSETS: [...HOURLY, DAILY].join(' '),
    ASSAY_ORCHESTRATOR_START: '2026-01-01',
  }
}

/** Runs Assay itself on a folder; it must end well. */
export function assay(data: string, ...args: readonly string[]): Promise<Ended> {
  return runWell(process.execPath, [CLI, ...args, '--data', data])
}

/** Makes the hour's assets and the day's by our own command; returns what is said of each. */
export async function makeByHand(data: string): Promise<Readonly<Record<string, Made>>> {
  const made: Record<string, Made> = {}
  for (const asset of [...HOURLY, DAILY]) made[asset] = await makeOne(data, asset)
  return made
}

/** Makes one of them by our own command, or finds it made. */
export async function makeOne(data: string, asset: string): Promise<Made> {
  const partition = asset === DAILY ? DAY : HOUR
  const args = ['materialize', asset, '--partition', partition, '--data', data, '--json']
  const ended = await run(process.execPath, [CLI, ...args])
  if (ended.status !== 0 && ended.status !== 3) throw new Error(ended.output)
  return lastLine<Made>(ended)
}
