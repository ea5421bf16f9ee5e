import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay gaps`. */
export interface GapFlags {
  readonly open?: boolean
  readonly venue?: string
}

/** `assay gaps`: what is missing, or was and no longer is. */
export const gapsCommand: CommandModule = {
  name: 'gaps',
  register(program: Command) {
    program
      .command('gaps')
      .description('trades that are missing or were refilled, each with a verdict')
      .argument('[selector]', 'one instrument alone')
      .option('--open', 'only what is still missing and not given up')
      .option('--venue <id>', 'venue of the instrument')
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        [
          '',
          'Causes: ids (numbers missing between two), left_edge (before the first of a span),',
          'witness (the venue tells of later ones), candle_count (it counts more in a minute),',
          'candle_minutes (an imported file of candles lacks minutes).',
          examples(['gaps', 'gaps kraken:BTC-USD --open', 'gaps --json']),
        ].join('\n'),
      )
      .action(
        action<GapFlags>(async (call) => {
          const { showGaps } = await import('../work/gaps.ts')
          return showGaps(call)
        }),
      )
  },
}
