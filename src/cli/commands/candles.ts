import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay candles`. */
export interface CandleFlags {
  readonly from?: string
  readonly to?: string
  readonly limit?: string
  readonly venue?: string
}

/** `assay candles`: candles of one instrument. */
export const candlesCommand: CommandModule = {
  name: 'candles',
  register(program: Command) {
    program
      .command('candles')
      .description('candles of an instrument, in exact decimals')
      .argument('<selector>', 'BTC-USD, or coinbase:BTC-USD where several venues have it')
      .argument('<interval>', '1m, 5m, 15m, 30m, 1h, 4h or 1d')
      .option('--from <time>', 'first open time: RFC 3339, a date, epoch, or -1h')
      .option('--to <time>', 'end, not included')
      .option('--limit <n>', 'at most so many: the first after --from, else the newest')
      .option('--venue <id>', 'venue of the instrument')
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        examples([
          'candles BTC-USD 1m',
          'candles BTC-USD 1h --from -1d',
          'candles ETH-USD 5m --from 2026-09-29T13:00Z --to 2026-09-29T14:00Z --json',
        ]),
      )
      .action(
        action<CandleFlags>(async (call) => {
          const { showCandles } = await import('../work/candles.ts')
          return showCandles(call)
        }),
      )
  },
}
