import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay snapshots`. */
export interface SnapshotFlags {
  readonly from?: string
  readonly to?: string
  readonly limit?: string
}

/** `assay snapshots`: what an aggregator said of coins. */
export const snapshotsCommand: CommandModule = {
  name: 'snapshots',
  register(program: Command) {
    program
      .command('snapshots')
      .description('what CoinGecko said of coins: price, market cap, volume, changes, supply')
      .argument('[coin...]', 'coins by id (bitcoin) or ticker (btc); none: the newest of each')
      .option('--from <time>', 'first time: RFC 3339, a date, epoch, or -1h')
      .option('--to <time>', 'end, not included')
      .option('--limit <n>', 'at most so many: the first after --from, else the newest')
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        examples([
          'snapshots',
          'snapshots bitcoin eth --from -1h',
          'snapshots solana --limit 5 --json',
        ]),
      )
      .action(
        action<SnapshotFlags>(async (call) => {
          const { showSnapshots } = await import('../work/snapshots.ts')
          return showSnapshots(call)
        }),
      )
  },
}
