import type { Command } from 'commander'
import { Option } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay backfill-assets`. */
export interface BackfillAssetsFlags {
  readonly from: string
  readonly to?: string
  readonly reprocess: 'missing' | 'failed' | 'all'
  readonly maxActive: string
  readonly newestFirst?: boolean
  readonly only?: string
  readonly detach?: boolean
  readonly dryRun?: boolean
}

/** `assay backfill-assets`: makes many partitions of an asset, a few at a time. */
export const backfillAssetsCommand: CommandModule = {
  name: 'backfill-assets',
  register(program: Command) {
    program
      .command('backfill-assets')
      .description('make the partitions of an asset over a span of time, a few at a time')
      .argument('<asset>', 'key of an asset with partitions; see assay assets')
      .requiredOption('--from <time>', 'first partition: RFC 3339, a date, epoch, or -7d')
      .option('--to <time>', 'end, not included', 'now')
      .addOption(
        new Option('--reprocess <which>', 'which partitions: those that lack, failed ones too, all')
          .choices(['missing', 'failed', 'all'])
          .default('missing'),
      )
      .option('--max-active <n>', 'so many at a time', '2')
      .option('--newest-first', 'begin with the newest')
      .option('--only <pairs>', 'only some instruments: venue=kraken,symbol=BTC/USD')
      .option('--detach', 'leave the work to a running flow, and return at once')
      .option('--dry-run', 'say what would be made, and make nothing')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'Stopped, it is given up: the same command goes on with what is left.',
          'Exit status: 0 all made, 1 some failed, 2 wrong usage, 3 nothing to do.',
          examples([
            'backfill-assets gold.candles_1h --from 2026-01-01 --to 2026-02-01',
            'backfill-assets gold.daily_kpis --from -365d --reprocess all --max-active 4',
          ]),
        ].join('\n'),
      )
      .action(
        action<BackfillAssetsFlags>(async (call) => {
          const { backfillAssets } = await import('../work/backfill-assets.ts')
          return backfillAssets(call)
        }),
      )
  },
}
