import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay materialize`. */
export interface MaterializeFlags {
  readonly partition?: string
  readonly only?: string
  readonly upstream?: boolean
  readonly force?: boolean
  readonly dryRun?: boolean
  readonly runKey?: string
}

/** `assay materialize`: makes one part of one asset, once. */
export const materializeCommand: CommandModule = {
  name: 'materialize',
  register(program: Command) {
    program
      .command('materialize')
      .description('make one partition of an asset now, by one call that may be repeated')
      .argument('<asset>', 'key of an asset, such as gold.candles_1h; see assay assets')
      .option('-p, --partition <key>', 'hour 2026-01-31T07 or day 2026-01-31, in UTC; or latest')
      .option('--only <pairs>', 'only some instruments: venue=kraken,symbol=BTC/USD')
      .option('--upstream', 'first make what it is made from, where that is not made')
      .option('--force', 'make it though nothing changed')
      .option('--dry-run', 'say what would be made, and why, and make nothing')
      .option('--run-key <key>', 'names the request: the same key is done once')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'Beside assay run or by itself. Where another process makes the same partition, its',
          'end is waited for. A failure that may mend is tried again, with growing pauses.',
          'Exit status: 0 made, 1 failed, 2 wrong usage, 3 skipped as nothing changed, or there',
          'is nothing to make.',
          examples([
            'materialize gold.candles_1h --partition 2026-01-31T07',
            'materialize gold.daily_kpis -p latest --upstream --json',
            'materialize bronze.fill -p 2026-01-31T07 --only venue=kraken',
          ]),
        ].join('\n'),
      )
      .action(
        action<MaterializeFlags>(async (call) => {
          const { materialize } = await import('../work/materialize.ts')
          return materialize(call)
        }),
      )
  },
}
