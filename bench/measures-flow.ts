import { join } from 'node:path'
import type { FlowResult, FlowTask } from './flow.ts'
import { jobEntry, runJob } from './job.ts'
import type { Bench } from './measures.ts'
import { rounded, rowOf } from './report.ts'
import { spreadOf } from './spread.ts'

const ROUNDS = 25
const REST_SECONDS = 60
const RUNS = 1000

/** What the flow costs: asked how an asset stands, at rest, and for each run. */
export async function measureFlow(bench: Bench): Promise<void> {
  const { options, rows, figures } = bench
  bench.tell('the flow: status of five years of hours, at rest, and runs of nothing')
  const task: FlowTask = {
    url: `sqlite:${join(bench.folder, 'flow')}`,
    rounds: options.quick ? 5 : ROUNDS,
    restSeconds: options.quick ? 5 : REST_SECONDS,
    runs: options.quick ? 100 : RUNS,
  }
  const result = await runJob<FlowResult>(jobEntry('flow'), task)
  figures.flow_status_ms = rounded(spreadOf(result.statusMs).median)
  figures.flow_rest_percent = rounded(result.restPercent)
  figures.flow_runs_per_s = rounded(result.runsPerSecond)
  const assets = `${result.assets} assets, 5 years of hours each`
  rows.push(
    rowOf('flow: status of an asset', result.statusMs, { unit: 'ms', note: assets }),
    rowOf('flow: at rest', [result.restPercent], { unit: '%', note: 'of a core, all assets' }),
    rowOf('flow: runs of nothing', [result.runsPerSecond], { unit: 'runs/s', note: 'one by one' }),
  )
}
