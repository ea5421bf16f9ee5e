import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../tidy/sources.ts'
import { run } from './run.ts'

/** A virtual environment with an orchestrator in it. */
export interface Environment {
  /** Returns the path of one of its commands, such as `python`. */
  readonly bin: (name: string) => string
  /** Why it cannot be had here; null where it can. */
  readonly missing: string | null
}

/** An orchestrator, named as its folder below `deploy/`. */
export type Tool = 'dagster' | 'airflow' | 'prefect'

const INSTALL_MS_MAX = 600_000
const UNREACHABLE = /NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|NameResolutionError/
// Outside the checkout, so that a second run is quick and a clean clone stays clean.
const CACHE = join(process.env.XDG_CACHE_HOME || tmpdir(), 'assay-orchestrators')

/**
 * Returns an environment with exactly what `deploy/TOOL/requirements.txt` pins, made if it is not
 * there. Only a machine without Python, or out of reach of a package index, goes without.
 */
export async function environmentOf(tool: Tool): Promise<Environment> {
  const python = await run('python3', ['-c', 'import sys, venv, ensurepip; print(sys.version)'])
  if (python.status !== 0) return without(tool, 'there is no python3 that can make environments')
  const folder = join(ROOT, 'deploy', tool)
  const pins = ['requirements.txt', 'constraints.txt'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  )
  const digest = createHash('sha256')
    .update([python.stdout, ...pins].join('\0'))
    .digest('hex')
  const ready = join(CACHE, `${tool}-${digest.slice(0, 16)}`)
  if (!existsSync(ready)) {
    const why = await make(ready, join(folder, 'requirements.txt'))
    if (why !== null) return without(tool, why)
  }
  return { bin: (name) => join(ready, 'bin', name), missing: null }
}

/** Installs beside, then lets a link appear: whoever sees the link sees all of it. */
async function make(ready: string, requirements: string): Promise<string | null> {
  const folder = `${ready}-${process.pid}`
  mkdirSync(CACHE, { recursive: true })
  const made = await run('python3', ['-m', 'venv', folder])
  if (made.status !== 0) throw new Error(`python3 -m venv: ${made.output}`)
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check']
  const installed = await run(
    join(folder, 'bin/python'),
    ['-m', 'pip', 'install', ...quiet, '-r', requirements],
    { ms: INSTALL_MS_MAX },
  )
  if (installed.status !== 0) {
    rmSync(folder, { recursive: true, force: true })
    if (UNREACHABLE.test(installed.output)) return 'no package index can be reached'
    throw new Error(`pip install -r ${requirements}: ${installed.output}`)
  }
  try {
    symlinkSync(folder, ready)
  } catch {
    // Another run of the suite was first.
    rmSync(folder, { recursive: true, force: true })
  }
  return null
}

function without(tool: Tool, why: string): Environment {
  console.warn(`${tool} is left out: ${why}`)
  return { bin: (name) => name, missing: why }
}
