import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay trades`. */
export interface TradeFlags {
  readonly from?: string
  readonly to?: string
  readonly limit?: string
  readonly venue?: string
  readonly raw?: boolean
}

/** `assay trades`: trades of one instrument. */
export const tradesCommand: CommandModule = {
  name: 'trades',
  register(program: Command) {
    program
      .command('trades')
      .description('trades of an instrument, with where each stands in the raw log')
      .argument('<selector>', 'BTC-USD, or coinbase:BTC-USD where several venues have it')
      .option('--from <time>', 'first time: RFC 3339, a date, epoch, or -1h')
      .option('--to <time>', 'end, not included')
      .option('--limit <n>', 'at most so many: the first after --from, else the newest')
      .option('--venue <id>', 'venue of the instrument')
      .option('--raw', "beside each trade the venue's own record, its side as the venue said it")
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        examples([
          'trades BTC-USD',
          'trades BTC-USD --from -5m --csv',
          'trades ETH-USD --limit 3 --raw',
        ]),
      )
      .action(
        action<TradeFlags>(async (call) => {
          const { showTrades } = await import('../work/trades.ts')
          return showTrades(call)
        }),
      )
  },
}
