import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay retention`. */
export interface RetentionFlags {
  readonly dryRun?: boolean
}

/** `assay retention`: archives and deletes what is older than it is to be kept. */
export const retentionCommand: CommandModule = {
  name: 'retention',
  register(program: Command) {
    program
      .command('retention')
      .description('archive, then delete, what is older than retention.* says; 3 if nothing is')
      .option('--dry-run', 'delete nothing: say what would go, and why other things stay')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'Days are counted back from the newest record. Facts are written to DATA/archive and',
          'read back before they go; of the raw logs only whole sealed hours go, oldest first,',
          'and nothing from the beginning of an open gap on. A rebuild keeps to it.',
          examples([
            'retention --dry-run',
            'retention --json',
            'retention --config keep-a-year.yaml',
          ]),
        ].join('\n'),
      )
      .action(
        action<RetentionFlags>(async (call) => {
          const { runRetention } = await import('../work/retention.ts')
          return runRetention(call)
        }),
      )
  },
}
