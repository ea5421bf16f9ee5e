import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { SELECTORS, TRADING_VENUES } from './markets.ts'
import type { ExamOptions } from './options.ts'

const CLI = resolve(import.meta.dirname, '../../src/cli/main.ts')
const STOP_MS_MAX = 30_000
/** For the start, and for what a busy machine delays. */
const SPARE_SECONDS = 180

/** Resident memory of the run at one moment. */
export interface MemorySample {
  /** Seconds since it was started. */
  readonly atSeconds: number
  readonly mebibytes: number
}

/** How the run ended. */
export interface CandidateEnd {
  readonly status: number | null
  readonly stopMs: number
  readonly samples: readonly MemorySample[]
}

/** `assay run` as a process of its own: the one that is examined. */
export interface Candidate extends AsyncDisposable {
  readonly dataDir: string
  /** Whether it has ended by itself. */
  readonly isGone: () => boolean
  /** Notes what memory it holds now; `null` where the system does not tell. */
  sample(): MemorySample | null
  /** Asks it to stop, as Ctrl-C does, and waits until it has saved everything. */
  stop(): Promise<CandidateEnd>
}

/** Returns the settings of the run that differ from the defaults, as YAML. */
function settingsOf(options: ExamOptions): string {
  return [
    'collect:',
    `  venues: [${[...TRADING_VENUES, 'coingecko'].join(', ')}]`,
    `  books: ${options.books}`,
    `  witnessSeconds: ${options.witnessSeconds}`,
    `backfill: { maxAttempts: ${options.attemptsMax} }`,
    'venues:',
    `  binance-us: { lifeSecondsMax: ${options.lifeSecondsMax} }`,
    `  coingecko: { everySeconds: ${options.pollSeconds} }`,
    '',
  ].join('\n')
}

// The caller's own settings must not leak into what is examined.
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('ASSAY_')),
  )
}

/** Runs `assay` with these words to its end; returns its status and the JSON of its last line. */
export async function runAssay(...words: readonly string[]) {
  const child = spawn(process.execPath, [CLI, ...words], {
    cwd: tmpdir(),
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const [status] = (await once(child, 'close')) as [number | null]
  const last = text.trimEnd().split('\n').at(-1) ?? ''
  return { status, told: readJson(last) }
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/** Starts `assay run` against a simulator; what it says goes to `run.log` in `dir`. */
export function startCandidate(
  options: ExamOptions,
  at: { readonly simUrl: string; readonly dir: string },
): Candidate {
  const dataDir = join(at.dir, 'data')
  const config = join(at.dir, 'exam.config.yaml')
  writeFileSync(config, settingsOf(options))
  const words = ['run', '--sim', at.simUrl, '--products', ...SELECTORS, '--config', config]
  // Should we be killed, it ends by itself all the same.
  const seconds = options.faultSeconds + options.calmSeconds + options.healSecondsMax
  words.push('--seconds', `${Math.ceil(seconds + SPARE_SECONDS)}`)
  const said = createWriteStream(join(at.dir, 'run.log'))
  const child = spawn(process.execPath, [CLI, ...words, '--data', dataDir, '--json'], {
    cwd: tmpdir(),
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.stdout.pipe(said, { end: false })
  child.stderr.pipe(said, { end: false })
  const ended = once(child, 'close').then(([status]) => {
    said.end()
    process.off('exit', kill)
    return status as number | null
  })
  const startMs = systemClock.monotonicMs()
  const samples: MemorySample[] = []
  const isGone = () => child.exitCode !== null || child.signalCode !== null
  return {
    dataDir,
    isGone,
    sample() {
      const mebibytes = memoryOf(child.pid)
      if (mebibytes === null) return null
      const atSeconds = (systemClock.monotonicMs() - startMs) / 1000
      const sample = { atSeconds, mebibytes }
      samples.push(sample)
      return sample
    },
    async stop() {
      const beforeMs = systemClock.monotonicMs()
      const timer = setTimeout(kill, STOP_MS_MAX)
      child.kill('SIGINT')
      const status = await ended
      clearTimeout(timer)
      return { status, stopMs: systemClock.monotonicMs() - beforeMs, samples }
    },
    async [Symbol.asyncDispose]() {
      kill()
      await ended
    },
  }
}

/** Returns the resident memory of a process, where the system tells it as Linux does. */
function memoryOf(pid: number | undefined): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]
    return kibibytes === undefined ? null : Number(kibibytes) / 1024
  } catch {
    return null
  }
}
