import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AssayError } from '../src/core/errors.ts'
import { endJobs } from './job.ts'
import type { Bench } from './measures.ts'
import {
  measureCompression,
  measureDecode,
  measureRebuild,
  measureRss,
  writeLog,
} from './measures.ts'
import { measureFlow } from './measures-flow.ts'
import { measureGold } from './measures-gold.ts'
import { measureIndicators } from './measures-indicators.ts'
import { measureLive, measureVenuesLive } from './measures-live.ts'
import { measureBooks, measureDecodeVenues } from './measures-venues.ts'
import type { BenchOptions } from './options.ts'
import { readOptions, USAGE } from './options.ts'
import { describeMachine, noFigures, tableText } from './report.ts'

/** Measures what was asked for, each against its reference in the same run. */
async function measureAll(bench: Bench): Promise<void> {
  const wants = new Set(bench.options.only)
  const reads = ['decode', 'rebuild', 'live', 'compression'] as const
  if (reads.some((name) => wants.has(name))) {
    const dataDir = await writeLog(bench, { folder: 'log', trades: bench.options.trades })
    if (wants.has('decode')) await measureDecode(bench, dataDir)
    if (wants.has('rebuild')) await measureRebuild(bench, dataDir)
    if (wants.has('live')) await measureLive(bench, dataDir)
    if (wants.has('compression')) await measureCompression(bench, dataDir)
    if (!bench.options.keep) rmSync(dataDir, { recursive: true })
  }
  if (wants.has('decode-venues')) await measureDecodeVenues(bench)
  if (wants.has('books')) await measureBooks(bench)
  if (wants.has('indicators')) await measureIndicators(bench)
  if (wants.has('gold')) await measureGold(bench)
  if (wants.has('venues')) await measureVenuesLive(bench)
  if (wants.has('flow')) await measureFlow(bench)
  if (wants.has('rss')) await measureRss(bench)
}

async function main(options: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'))
  const leave = () => {
    if (options.keep) process.stderr.write(`kept ${folder}\n`)
    else rmSync(folder, { recursive: true, force: true })
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      endJobs()
      leave()
      process.exit(130)
    })
  }
  const tell = (line: string) => process.stderr.write(`… ${line}\n`)
  const bench: Bench = { options, folder, figures: noFigures(), rows: [], tell }
  try {
    await measureAll(bench)
  } finally {
    endJobs()
    leave()
  }
  const said = `\n${describeMachine()}\n\n${tableText(bench.rows)}\n`
  if (!options.json) process.stdout.write(said)
  else {
    process.stderr.write(said)
    process.stdout.write(`${JSON.stringify(bench.figures)}\n`)
  }
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') process.stdout.write(USAGE)
  else await main(options)
} catch (error) {
  if (!(error instanceof AssayError)) throw error
  process.stderr.write(`${error.code}: ${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
