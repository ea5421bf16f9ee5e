import type { GoldResult, GoldTask } from './gold.ts'
import { jobEntry, runJob } from './job.ts'
import { type Bench, SEED } from './measures.ts'
import { rounded, rowOf, showNumber } from './report.ts'
import { ratios, spreadOf } from './spread.ts'

const INSTRUMENTS = 60
const ROUNDS = 7
const QUICK_INSTRUMENTS = 10
const QUICK_ROUNDS = 3

/** A day of minutes into all larger intervals, against the same by SQL, in turns. */
export async function measureGold(bench: Bench): Promise<void> {
  const { options, rows, figures, folder } = bench
  const instruments = options.quick ? QUICK_INSTRUMENTS : INSTRUMENTS
  const rounds = options.quick ? QUICK_ROUNDS : ROUNDS
  bench.tell(`folding a day of ${instruments} instruments, and by SQL, in turns`)
  const task: GoldTask = { folder, seed: SEED, instruments, rounds }
  const found = await runJob<GoldResult>(jobEntry('gold'), task)
  const vsSql = ratios(found.fold, found.sql)
  figures.gold_minutes_per_s = Math.round(spreadOf(found.fold).median)
  figures.gold_vs_sql = rounded(spreadOf(vsSql).median)
  const unit = 'minutes/s'
  const size = `${showNumber(found.minutes)} minutes into ${showNumber(found.candles)} candles`
  rows.push(
    rowOf('candles by SQL', found.sql, { unit, note: 'reference: the same rows, exact' }),
    rowOf('candles by SQL over floats', found.floats, { unit, note: 'floor: not the same rows' }),
    rowOf('candles of a day', found.fold, { unit, note: size }),
    rowOf('  again, nothing changed', found.again, { unit }),
    rowOf('candles of a day / by SQL', vsSql),
    rowOf('candles of a day / by SQL over floats', ratios(found.fold, found.floats)),
  )
}
