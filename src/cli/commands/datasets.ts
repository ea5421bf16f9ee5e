import type { Command } from 'commander'
import { Option } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay datasets`. */
export interface DatasetFlags {
  readonly markdown?: boolean
}

/** `assay datasets`: the catalogue. */
export const datasetsCommand: CommandModule = {
  name: 'datasets',
  register(program: Command) {
    program
      .command('datasets')
      .description('the catalogue: every dataset, its columns, units, key and freshness')
      .argument('[name]', 'one dataset in full: silver.trades')
      .addOption(new Option('--markdown', 'print docs/DATASETS.md').conflicts(['json', 'csv']))
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        [
          '',
          'Rows are counted up to a million; of trades, the ids held are told. Without a warehouse',
          'the catalogue is shown alone.',
          examples(['datasets', 'datasets gold.candles', 'datasets silver.trades --json']),
        ].join('\n'),
      )
      .action(
        action<DatasetFlags>(async (call) => {
          const { showDatasets } = await import('../work/datasets.ts')
          return showDatasets(call)
        }),
      )
  },
}
