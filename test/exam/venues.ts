/**
 * `npm run exam:venues`: every venue collected at once from a simulator that does everything
 * wrong, for half an hour, and what was kept held against what was truly traded. `--quick` takes
 * less than three minutes. The status is 1 where any demand is not met.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { AssayError } from '../../src/core/errors.ts'
import { type ExamFindings, holdExam } from './exam.ts'
import { type ExamOptions, readExamFlags } from './options.ts'
import { reportOf } from './report.ts'
import { demandsOf, figuresOf } from './verdict.ts'

function folderOf({ keepDir }: ExamOptions): string {
  if (keepDir === null) return mkdtempSync(join(tmpdir(), 'assay-exam-'))
  const dir = resolve(keepDir)
  // What an earlier run left would be held against this one's truth.
  if (existsSync(join(dir, 'data'))) {
    throw new AssayError('ASSAY_USAGE', `${dir} holds a data folder already.`)
  }
  mkdirSync(dir, { recursive: true })
  return dir
}

function print(findings: ExamFindings, { isJson }: ExamOptions): void {
  const report = reportOf(findings)
  if (!isJson) {
    process.stdout.write(`${report}\n`)
    return
  }
  process.stderr.write(`${report}\n`)
  const failed = demandsOf(findings).filter(({ isMet }) => !isMet)
  const names = failed.map(({ name, found }) => `${name}: ${found}`)
  process.stdout.write(`${JSON.stringify({ ...figuresOf(findings), failed: names })}\n`)
}

async function main(args: readonly string[]): Promise<void> {
  const options = readExamFlags(args)
  const dir = folderOf(options)
  if (options.keepDir === null) {
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  }
  const findings = await holdExam(options, dir)
  if (options.keepDir !== null) {
    writeFileSync(join(dir, 'findings.json'), `${JSON.stringify(findings, null, 1)}\n`)
  }
  print(findings, options)
  if (!figuresOf(findings).passed) process.exitCode = 1
}

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130))

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof AssayError)) throw error
  process.stderr.write(`${error.code}: ${error.message}\n`)
  process.exitCode = 2
}
