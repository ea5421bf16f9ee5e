import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { reportFailure } from '../../src/cli/boundary.ts'
import type { PipelineSummary } from '../../src/cli/pipeline.ts'
import { startPipeline } from '../../src/cli/pipeline.ts'
import { createProgram } from '../../src/cli/program.ts'
import { systemClock } from '../../src/core/clock.ts'
import { loadConfig } from '../../src/core/config.ts'
import { createLogger } from '../../src/core/log.ts'

/** An empty folder that is gone when it is disposed of. */
export interface TempFolder extends Disposable {
  readonly path: string
}

/** Makes an empty folder. */
export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'assay-bad-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** How a command ended, and what it said. */
export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

let line: Promise<unknown> = Promise.resolve()

/** Runs a command line in this process; one waits for the other, whoever asks. */
export function assay(...args: readonly string[]): Promise<Outcome> {
  const outcome = line.then(() => runHere(args))
  line = outcome.catch(() => undefined)
  return outcome
}

async function runHere(args: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += text.toString()
      return true
    }),
  )
  let status: number
  try {
    await createProgram().parseAsync(['node', 'assay', ...args])
    status = Number(process.exitCode ?? 0)
  } catch (error) {
    status = reportFailure(error, { json: args.includes('--json'), verbose: false })
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.exitCode = undefined
  }
  return { status, ...said }
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows the shape it expects
type Shape = any

/** Runs a command with `--json` and returns its last line; fails where the command did. */
export async function assayJson(...args: readonly string[]): Promise<Shape> {
  const { status, stdout, stderr } = await assay(...args, '--json')
  if (status !== 0) throw new Error(`assay ${args.join(' ')}: status ${status}\n${stderr}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

/** A pipeline in this process. */
export interface Scene extends AsyncDisposable {
  readonly dataDir: string
  /** The flags that point a command at its folder. */
  readonly at: readonly [string, string]
  readonly connects: () => number
  readonly accepted: () => number
  /** Holes that are open now. */
  readonly holes: () => Promise<number>
  /** Whether all that is in the log is in the warehouse. */
  readonly caughtUp: () => boolean
  /** Ends it, and returns what it came to. */
  readonly stop: () => Promise<PipelineSummary>
}

/** Starts collecting and refining against a venue, in a folder of its own. */
export async function startScene(
  venue: { readonly wsUrl: string; readonly restUrl: string },
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Scene> {
  const folder = tempFolder()
  const dataDir = folder.path
  const addresses = {
    'collect.venues': ['coinbase'],
    'venues.coinbase.wsUrl': venue.wsUrl,
    'venues.coinbase.restUrl': venue.restUrl,
  }
  const flags = { data: dataDir, ...addresses, 'backfill.graceSeconds': 1, ...settings }
  const { config } = await loadConfig({ cwd: dataDir, env: {}, flags })
  const ending = new AbortController()
  const pipeline = await startPipeline({
    config,
    dataDir,
    storeUrl: config.store,
    command: 'test',
    clock: systemClock,
    log: createLogger({ level: 'silent', pretty: false }),
    signal: ending.signal,
  })
  const stop = () => {
    ending.abort('the test is over')
    return pipeline.done
  }
  const { collectors, refine, journal } = pipeline
  return {
    dataDir,
    at: ['--data', dataDir],
    connects: () => collectors.status().exchanges[0]?.feed?.connects ?? 0,
    accepted: () => refine.accepted,
    holes: async () => (await refine.holes()).filter(({ verdict }) => verdict === 'open').length,
    caughtUp: () => refine.checkpoint >= journal.nextPos - 1,
    stop,
    async [Symbol.asyncDispose]() {
      await stop().catch(() => undefined)
      folder[Symbol.dispose]()
    },
  }
}
