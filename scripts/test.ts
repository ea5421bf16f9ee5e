/**
 * `npm test`: formatting and lint, types, then every test that needs no service. With `check`,
 * only what reads the sources; with `long` or `orchestrators`, only that suite. Other arguments go
 * to vitest. Every step runs, whatever the others said; the status is 1 if any failed.
 *
 * Where ASSAY_TEST_REPORT names a folder, the results are left there for `.ci/run` to count.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Step {
  readonly name: string
  readonly bin: string
  readonly args: readonly string[]
}

/** A file's tests, as vitest's JSON reporter tells them. */
interface FileResult {
  readonly name: string
  readonly status: string
  readonly message: string
  readonly assertionResults: readonly {
    readonly status: string
    readonly fullName: string
    readonly failureMessages: readonly string[]
  }[]
}

const root = join(import.meta.dirname, '..')
const report = process.env.ASSAY_TEST_REPORT
const [mode = '', ...others] = process.argv.slice(2)
const isMode = ['check', 'long', 'orchestrators'].includes(mode)
const rest = isMode ? others : process.argv.slice(2)

const biome: Step = { name: 'format and lint', bin: 'biome', args: ['check', '.'] }
const types: Step = { name: 'types', bin: 'tsc', args: ['-p', '.'] }

function vitest(name: string, args: readonly string[]): Step {
  const file = report === undefined ? '' : join(report, `vitest-${name}.json`)
  const json = file === '' ? [] : ['--reporter=default', '--reporter=json', `--outputFile=${file}`]
  return { name: `vitest ${name}`, bin: 'vitest', args: ['run', ...args, ...json] }
}

function plan(): readonly Step[] {
  if (mode === 'check') return [biome, types, vitest('tidy', ['test/tidy', ...rest])]
  if (isMode) return [vitest(mode, ['--mode', mode, ...rest])]
  return [biome, types, vitest('tests', rest)]
}

function run(step: Step): boolean {
  console.log(`\n── ${step.name}`)
  const script = realpathSync(join(root, 'node_modules/.bin', step.bin))
  const result = spawnSync(process.execPath, [script, ...step.args], {
    cwd: root,
    stdio: 'inherit',
  })
  return result.status === 0
}

/** Names what failed in a step, and why: vitest told it, thousands of lines above. */
function tellFailed(step: string): void {
  const file = join(report ?? '', `${step.replace(' ', '-')}.json`)
  if (report === undefined || !existsSync(file)) return
  const { testResults }: { testResults: readonly FileResult[] } = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  for (const { name, status, message, assertionResults } of testResults) {
    const failed = assertionResults.filter((one) => one.status === 'failed')
    for (const { fullName, failureMessages } of failed) tell(fullName, failureMessages.join('\n'))
    // What fails around its tests names none of them.
    if (status === 'failed' && failed.length === 0) tell(name, message)
  }
}

const LINES_MAX = 12

function tell(name: string, why: string): void {
  const lines = why.split('\n').slice(0, LINES_MAX)
  console.log([`        ${name}`, ...lines.map((line) => `          ${line}`)].join('\n'))
}

const results = plan().map((step) => ({ name: step.name, passed: run(step) }))

console.log('')
for (const { name, passed } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name}`)
  if (!passed) tellFailed(name)
}
if (report !== undefined) {
  mkdirSync(report, { recursive: true })
  writeFileSync(join(report, `steps-${isMode ? mode : 'test'}.json`), JSON.stringify(results))
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1
