import type { Command } from 'commander'
import { Option } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay export`. */
export interface ExportFlags {
  readonly out: string
  readonly from?: string
  readonly to?: string
  readonly venue?: string
  readonly layout: 'hive'
}

/** `assay export`: candles as files, for other programs. */
export const exportCommand: CommandModule = {
  name: 'export',
  register(program: Command) {
    program
      .command('export')
      .description('write candles as files: one JSON Lines file per instrument and hour')
      .addArgument(program.createArgument('<what>', 'what to export').choices(['candles']))
      .argument('[selector...]', 'instruments, such as kraken:BTC-USD (default: all with facts)')
      .addOption(new Option('--layout <name>', 'folders').choices(['hive']).default('hive'))
      .requiredOption('--out <dir>', 'folder to write below')
      .option('--from <time>', 'first hour: RFC 3339, a date, epoch, or -1h (default: -1d)')
      .option('--to <time>', 'end, not included (default: now)')
      .option('--venue <id>', 'only of this venue')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'Layout: exchange=/symbol=BTC-USD/interval_minutes=1/year=/month=/day=/hour=/',
          'The hours that the span touches are written whole; decimals are text; a minute',
          'without trades says why it has none. Exporting again gives the same bytes where',
          'nothing has changed.',
          examples([
            'export candles --layout hive --out ./candles',
            'export candles kraken:BTC-USD --from 2026-11-20 --to 2026-11-21 --out ./candles',
          ]),
        ].join('\n'),
      )
      .action(
        action<ExportFlags>(async (call) => {
          const { exportCandles } = await import('../work/export.ts')
          return exportCandles(call)
        }),
      )
  },
}
