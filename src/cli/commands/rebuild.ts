import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay rebuild`. */
export interface RebuildFlags {
  readonly check?: boolean
}

/** `assay rebuild`: makes the warehouse anew from the raw logs, and proves it. */
export const rebuildCommand: CommandModule = {
  name: 'rebuild',
  register(program: Command) {
    program
      .command('rebuild')
      .description('make all facts anew from the raw logs, and swap them in')
      .option('--check', 'swap nothing: compare with what stands; exit 1 where they differ')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'Readers that are open go on reading, and see the new facts after the swap.',
          'Quarantined records are tried again on the way: that is how they are re-driven.',
          'Where raw records were deleted by retention, what was made of them is carried over, and',
          'so are runs and measures of assets; what retention deleted of facts stays deleted.',
          examples(['rebuild', 'rebuild --json', 'rebuild --check']),
        ].join('\n'),
      )
      .action(
        action<RebuildFlags>(async (call) => {
          const { runRebuild } = await import('../work/rebuild.ts')
          return runRebuild(call)
        }),
      )
  },
}
