import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay runs`. */
export interface RunsFlags {
  readonly asset?: string
  readonly state?: string
  readonly from?: string
  readonly limit?: string
}

/** `assay runs`: what was made, by whom, and what became of it. */
export const runsCommand: CommandModule = {
  name: 'runs',
  register(program: Command) {
    const runs = program
      .command('runs')
      .description('list the runs of assets; show, cancel or repeat one')
    runs
      .command('list', { isDefault: true })
      .description('runs, the newest first')
      .option('--asset <key>', 'only of this asset')
      .option('--state <state>', 'queued, running, succeeded, skipped, failed or cancelled')
      .option('--from <time>', 'queued since', '-1d')
      .option('--limit <n>', 'so many at most', '50')
      .addOption(csvFlag())
      .addOption(jsonFlag())
      .addHelpText('after', examples(['runs', 'runs --state failed --from -7d']))
      .action(
        action<RunsFlags>(async (call) => {
          const { listRuns } = await import('../work/runs.ts')
          return listRuns(call)
        }),
      )
    runs
      .command('show')
      .description('one run: its figures, how it fared with each symbol, and what it said')
      .argument('<run>', 'its id, or the beginning of it')
      .addOption(jsonFlag())
      .action(
        action(async (call) => {
          const { showRun } = await import('../work/runs.ts')
          return showRun(call)
        }),
      )
    runs
      .command('cancel')
      .description('give a run up: at once if it waits, else when it next looks up')
      .argument('<run>', 'its id, or the beginning of it')
      .addOption(jsonFlag())
      .action(
        action(async (call) => {
          const { cancelOne } = await import('../work/runs.ts')
          return cancelOne(call)
        }),
      )
    runs
      .command('retry')
      .description('make the partition of a run that ended once more, changed or not')
      .argument('<run>', 'its id, or the beginning of it')
      .addOption(jsonFlag())
      .action(
        action(async (call) => {
          const { retryOne } = await import('../work/runs.ts')
          return retryOne(call)
        }),
      )
  },
}
