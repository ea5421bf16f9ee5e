import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { DATASETS, lineageDataset } from '../../src/assets/datasets/index.ts'
import { type RunFacts, runEvent } from '../../src/flow/lineage/index.ts'
import { parsePartition } from '../../src/flow/partition.ts'

const run = promisify(execFile)
const PACKAGE = 'openlineage-python==1.54.0'
/** Outside of the checkout, and kept. */
const VENV = join(tmpdir(), 'assay-test-cache', 'openlineage-1.54.0')
const PYTHON = join(VENV, 'bin', 'python')
const INSTALL_MS = 300_000

/** Returns why the judge cannot be had, or `null` where it can; fetches it once. */
async function install(): Promise<string | null> {
  if (existsSync(PYTHON)) return null
  try {
    execFileSync('python3', ['-c', 'import venv'], { stdio: 'ignore' })
  } catch {
    return 'python3 with venv is not installed'
  }
  const folder = `${VENV}.${process.pid}`
  mkdirSync(join(folder, '..'), { recursive: true })
  try {
    await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_MS })
    const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', PACKAGE]
    await run(join(folder, 'bin', 'python'), pip, { timeout: INSTALL_MS })
    renameSync(folder, VENV)
    return null
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    if (existsSync(PYTHON)) return null
    return `${PACKAGE} could not be installed: ${(error as Error).message.slice(0, 200)}`
  }
}

const reason = await install()
if (reason !== null) console.warn(`OpenLineage is left out: ${reason}`)

interface Judged {
  readonly ok: boolean
  readonly same?: boolean
  readonly error?: string
  readonly made?: unknown
}

/** Has the Python client of OpenLineage read events. */
async function judge(events: readonly unknown[]): Promise<Judged[]> {
  const script = join(import.meta.dirname, 'openlineage-check.py')
  const child = spawn(PYTHON, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  child.stdin.end(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  await once(child, 'close')
  return JSON.parse(text) as Judged[]
}

const source = { name: 'warehouse', uri: 'sqlite:/data/warehouse' }
const all = DATASETS.map((dataset) => lineageDataset(dataset, source))
const FACTS: RunFacts = {
  ...{ timeUs: 1_767_229_500_123_456, namespace: 'assay', engineVersion: '0.3.0' },
  run: {
    ...{ runId: '0192f2c1-7b6e-7c3a-9d53-6a5d3f0a1b2c', attempt: 2, trigger: 'backfill' },
    ...{ codeVersion: '1', backfillId: '0192f2c1-7b6e-7c3a-9d53-000000000000' },
  },
  asset: { key: 'gold.candles_1h', about: 'Candles of an hour.' },
  partition: parsePartition('hourly', '2026-01-01T00'),
  inputs: all.filter(({ name }) => name.startsWith('silver.')),
  outputs: all.filter(({ name }) => name === 'gold.candles'),
}
const OUTCOME = { rows: 42, version: 'a'.repeat(64) }
const CHECKS = [
  { name: 'sums', passed: true, severity: 'error', detail: 'sums add up' },
  { name: 'fresh', passed: false, severity: 'warn', detail: 'an hour late' },
] as const
const failure = { code: 'ASSAY_TIMEOUT', message: 'it took too long' }

test.skipIf(reason !== null)(
  'its Python client takes every event, and means the same by it',
  async () => {
    const whole = { ...FACTS, inputs: all, outputs: all, outcome: OUTCOME }
    const events = [
      runEvent('START', FACTS),
      runEvent('COMPLETE', { ...FACTS, outcome: OUTCOME, checks: CHECKS }),
      runEvent('FAIL', { ...FACTS, failure, checks: CHECKS }),
      runEvent('ABORT', { ...FACTS, failure: { code: 'ASSAY_LEASE_LOST', message: 'taken over' } }),
      runEvent('COMPLETE', whole),
    ]
    const judged = await judge(events)
    expect(judged.map(({ ok, error }) => [ok, error])).toEqual(events.map(() => [true, undefined]))
    expect(judged.filter(({ same }) => !same)).toEqual([])
  },
  INSTALL_MS,
)

test.skipIf(reason !== null)(
  'its Python client refuses what is wrong, so its word counts',
  async () => {
    const good = runEvent('START', FACTS)
    const schema = 'https://openlineage.io/spec/facets/9-9-9/TagsRunFacet.json#/$defs/TagsRunFacet'
    const { nominalTime } = good.run.facets as Record<string, object>
    const withFacets = (facets: object) => ({ ...good, run: { ...good.run, facets } })
    const judged = await judge([
      { ...good, run: { ...good.run, runId: 'run-1' } },
      { ...good, eventTime: '2026-01-01' },
      withFacets({ tags: { ...nominalTime, _schemaURL: schema } }),
      withFacets({ nominalTime: { ...nominalTime, nominalStart: 'x' } }),
    ])
    expect(judged.map(({ ok }) => ok)).toEqual([false, false, false, false])
  },
  INSTALL_MS,
)
