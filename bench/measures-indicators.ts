import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { IndicatorsResult, IndicatorsTask } from './indicators.ts'
import { jobEntry, runJob } from './job.ts'
import { type Bench, SEED } from './measures.ts'
import { rounded, rowOf, showNumber } from './report.ts'

const INSTRUMENTS = 60
const ROUNDS = 9
const QUICK_INSTRUMENTS = 6
const QUICK_ROUNDS = 3

/** Processor time of one hour's indicators, with all that they look back on. */
export async function measureIndicators(bench: Bench): Promise<void> {
  const { options, rows, figures } = bench
  const instruments = options.quick ? QUICK_INSTRUMENTS : INSTRUMENTS
  bench.tell(`folding indicators of ${instruments} instruments`)
  const task: IndicatorsTask = {
    folder: join(bench.folder, 'indicators'),
    instruments,
    rounds: options.quick ? QUICK_ROUNDS : ROUNDS,
    seed: SEED,
  }
  const found = await runJob<IndicatorsResult>(jobEntry('indicators'), task)
  rmSync(task.folder, { recursive: true })
  figures.indicators_hour_ms = rounded(found.firstMs)
  const held = `${showNumber(found.candles)} candles looked back on`
  const ms = { unit: 'ms' }
  rows.push(
    rowOf('an hour of indicators, processor', [found.firstMs], {
      ...ms,
      note: `${instruments} instruments, 1m to 1h: ${showNumber(found.rows)} rows, ${held}`,
    }),
    rowOf('  again, nothing to write', found.againMs, ms),
    rowOf('  their fingerprint', found.fingerprintMs, ms),
  )
}
