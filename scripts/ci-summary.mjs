// Counts what `.ci/run` left in a folder. Plain JavaScript: it must work where set-up failed.
// Each test counts as itself, each step without tests (format, types, benchmarks) as one.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2]
const counts = { passed: 0, failed: 0, skipped: 0 }

const text = (name) => {
  const path = join(folder, name)
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}
const json = (source) => {
  try {
    return JSON.parse(source)
  } catch {
    return null
  }
}
const count = (passed, what) => {
  counts[passed ? 'passed' : 'failed'] += 1
  if (!passed) console.log(`failed: ${what}`)
}

for (const name of ['test', 'long', 'orchestrators']) {
  const steps = json(text(`steps-${name}.json`))
  const before = counts.failed
  for (const step of steps ?? []) countStep(step)
  // Whatever else went wrong (no set-up, a crash of the runner) must not pass for success.
  if (text(`${name}.status`)?.trim() !== '0' && counts.failed === before) count(false, name)
}
countBench()

console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1

function countStep({ name, passed }) {
  if (!name.startsWith('vitest ')) return count(passed, name)
  const results = json(text(`${name.replace(' ', '-')}.json`))
  if (results === null) return count(passed, `${name}, which left no results`)
  const before = counts.failed
  for (const file of results.testResults) {
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed' || status === 'failed') count(status === 'passed', fullName)
      else counts.skipped += 1
    }
    const told = file.assertionResults.some(({ status }) => status === 'failed')
    if (file.status === 'failed' && !told) count(false, `${file.name}: ${file.message ?? ''}`)
  }
  if (!passed && counts.failed === before) count(false, `${name}, outside any test`)
}

function countBench() {
  const lines = (text('bench.out') ?? '').trimEnd().split('\n')
  const figures = json(lines.at(-1))
  const passed = text('bench.status')?.trim() === '0' && figures !== null
  count(passed && typeof figures === 'object', 'npm run bench')
}
