import type { TrialOptions, TrialResult } from './trial.ts'

/** Returns what a trial came to, as a Markdown table. */
export function tableOf(
  options: Pick<TrialOptions, 'seed' | 'kills' | 'rate'>,
  result: TrialResult,
): string {
  const { restartMs, holes } = result
  const repaired = holes.filter((hole) => hole.verdict === 'repaired').length
  const restart = [0.5, 0.99, 1].map((part) => `${quantile(restartMs, part).toFixed(0)} ms`)
  const rows = [
    ['seed', options.seed],
    ['kills', options.kills],
    ['trades per second', options.rate],
    ['faults injected', result.faults],
    ['start to first frame, p50 / p99 / most', restart.join(' / ')],
    ['lives that saw a frame', `${restartMs.length} of ${options.kills + 1}`],
    ['records in the raw log', result.records],
    ['trades made / held', `${result.made} / ${result.held}`],
    [
      'lost / duplicated / different',
      `${result.lost} / ${result.duplicated} / ${result.different}`,
    ],
    ['minutes equal to the truth', `${result.minutesEqual} of ${result.minutes}`],
    ['holes asked for / repaired', `${holes.length} / ${repaired}`],
    ['healed after the last kill and trade in', `${(result.healMs / 1000).toFixed(1)} s`],
    ['stopped by SIGINT in', `${result.stopMs.toFixed(0)} ms`],
    ['raw log verifies', result.verify.ok],
    ['rebuild equals what stands', result.rebuild.equal],
  ]
  return ['| | |', '|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n')
}

/** Returns the least value that `part` of the values do not exceed; NaN of none. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}
