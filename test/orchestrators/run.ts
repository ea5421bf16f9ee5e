import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'

/** How a process ended, and what it said. */
export interface Ended {
  /** Null where it had to be killed. */
  readonly status: number | null
  readonly stdout: string
  /** Both of its outputs, as they came. */
  readonly output: string
}

/** How a process is run. */
export interface RunOptions {
  /** Set beside what this process has; its own settings of Assay and of the tools are left out. */
  readonly env?: Readonly<Record<string, string>>
  /** It is killed, and all that it started, if it lasts longer. @default five minutes */
  readonly ms?: number
}

const OWN = /^(ASSAY_|AIRFLOW|DAGSTER_|PREFECT_|PYTHONPATH$)/

/** What keeps the tools from calling home, each in its own words. */
const SILENCE = {
  DO_NOT_TRACK: '1',
  SCARF_ANALYTICS: 'false',
  AIRFLOW__USAGE_DATA_COLLECTION__ENABLED: 'False',
  PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
}

/** Runs a command to its end, in a folder without configuration. */
export async function run(
  command: string,
  args: readonly string[],
  { env = {}, ms = 300_000 }: RunOptions = {},
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !OWN.test(name))
  const child = spawn(command, args, {
    cwd: tmpdir(),
    env: { ...Object.fromEntries(inherited), ...SILENCE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: the tools start processes, and none may be left.
    detached: true,
  })
  const said = { stdout: '', output: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said.stdout += part
    said.output += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said.output += part
  })
  const timer = setTimeout(() => end(child.pid), ms)
  try {
    const [status] = (await once(child, 'close')) as [number | null]
    return { status, ...said }
  } catch (error) {
    return { status: null, stdout: '', output: String(error) }
  } finally {
    clearTimeout(timer)
    end(child.pid)
  }
}

/** Runs a command to its end, which must be a good one. */
export async function runWell(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const ended = await run(command, args, options)
  if (ended.status === 0) return ended
  throw new Error(`${command} ${args.join(' ')}: status ${ended.status}\n${ended.output}`)
}

/** Parses the last line of standard output. */
export function lastLine<T>({ stdout }: Ended): T {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T
}

function end(group: number | undefined): void {
  if (group === undefined) return
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended, and all of it.
  }
}
