import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/core/clock.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const CLI = join(ROOT, 'src/cli/main.ts')
const SIM = join(ROOT, 'sim/main.ts')
/** A process that hangs is a failure that says what it printed, not a test that times out. */
const RUN_MS_MAX = 150_000

/** How a process ended, and what it said. */
export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A running command; killed, if it still runs, when it is disposed of. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess
  /** What it said on standard error so far. */
  readonly said: () => string
  readonly ended: Promise<Ended>
}

/** A folder that is deleted when its test is over. */
export function tempFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'assay-cli-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

// The caller's own settings and `.env` must not leak into what is tested.
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ASSAY_'))
  return Object.fromEntries(inherited)
}

/** Starts `assay` as a process of its own, in a folder without configuration. */
export function startCli(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: tmpdir(),
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (part: string) => {
      text[name] += part
    })
  }
  const ended = once(child, 'close').then(([status, signal]) => ({ status, signal, ...text }))
  return {
    child,
    said: () => text.stderr,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Runs `assay` to its end. */
export async function runCli(...args: readonly string[]): Promise<Ended> {
  await using running = startCli(...args)
  const timer = setTimeout(() => running.child.kill('SIGKILL'), RUN_MS_MAX)
  try {
    return await running.ended
  } finally {
    clearTimeout(timer)
  }
}

/** What a command tells programs; a test that looks closer says what it expects. */
export interface Answer {
  readonly [name: string]: unknown
  /** Only of a command that failed, which is what a test asks for that looks here. */
  readonly error: { readonly code: string; readonly message: string }
}

/** Runs `assay` to its end, which must be a good one, and returns its last line as JSON. */
export async function runJson<T = Answer>(...args: readonly string[]): Promise<T> {
  const ended = await runCli(...args)
  if (ended.status !== 0) {
    throw new Error(`assay ${args.join(' ')}: status ${ended.status}\n${ended.stderr}`)
  }
  return lastLine<T>(ended)
}

/** Parses the last line of standard output. */
export function lastLine<T = Answer>({ stdout }: Pick<Ended, 'stdout'>): T {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T
}

/** A simulated exchange in a process of its own. */
export interface SimProcess extends AsyncDisposable {
  readonly wsUrl: string
  readonly restUrl: string
  /** The flags that point a command at it. */
  readonly flags: readonly string[]
  /** Lets trading rest, or go on. */
  setTrading(on: boolean): Promise<void>
  /** Reads JSON, or JSON lines as they come, from below `/sim/`. */
  get<T>(path: string): Promise<T>
  lines<T>(path: string): AsyncGenerator<T>
}

/** Starts a simulator on a free port and waits until it listens. */
export async function startSim(...args: readonly string[]): Promise<SimProcess> {
  const child = spawn(process.execPath, [SIM, '--port', '0', '--json', ...args], {
    cwd: tmpdir(),
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [line] = await once(createInterface(child.stdout), 'line')
  const { wsUrl, restUrl } = JSON.parse(line) as { wsUrl: string; restUrl: string }
  return {
    wsUrl,
    restUrl,
    flags: ['--venues', 'coinbase', '--ws-url', wsUrl, '--rest-url', restUrl],
    async setTrading(on) {
      await fetch(`${restUrl}/sim/trading`, { method: 'POST', body: JSON.stringify({ on }) })
    },
    get: async (path) => (await fetch(`${restUrl}/sim/${path}`)).json() as Promise<never>,
    lines: (path) => jsonLines(`${restUrl}/sim/${path}`),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function* jsonLines<T>(url: string): AsyncGenerator<T> {
  const { body } = await fetch(url)
  if (body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as T
  }
  if (rest !== '') yield JSON.parse(rest) as T
}

/** Waits until `isTrue` holds, for at most `ms`. */
export async function waitFor(
  isTrue: () => boolean | Promise<boolean>,
  at: { readonly what: string; readonly ms: number },
): Promise<void> {
  const startMs = systemClock.monotonicMs()
  while (!(await isTrue())) {
    if (systemClock.monotonicMs() - startMs > at.ms) throw new Error(`waited for ${at.what}`)
    await systemClock.sleep(100)
  }
}
