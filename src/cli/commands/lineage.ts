import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay lineage`. */
export interface LineageFlags {
  readonly venue?: string
  readonly raw?: boolean
  readonly limit?: string
}

/** `assay lineage`: where a value comes from. */
export const lineageCommand: CommandModule = {
  name: 'lineage',
  register(program: Command) {
    program
      .command('lineage')
      .description('where a value comes from: rows, positions of the raw log, and runs')
      .usage('[options] <dataset> <selector> [interval] <time>')
      .argument('<dataset>', 'gold.candles, gold.daily_kpis, silver.trades … (assay datasets)')
      .argument('<selector>', 'coinbase:BTC-USD, bitcoin; or the currency of gold.market_daily')
      .argument('<when...>', 'of candles and indicators the interval first; then the time')
      .option('--venue <id>', 'venue of the instrument')
      .option('--raw', "the venue's own words, of the first event and of the last")
      .option('--limit <n>', 'with --raw: of the first so many events')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'The time is any within the candle, day or minute; of trades, snapshots and boards it is',
          'the very time, and of trades id:NUMBER may stand for it. Lists are cut short and say by',
          'how much; counts are whole.',
          examples([
            'lineage gold.candles coinbase:BTC-USD 1h 2026-01-01T00',
            'lineage gold.daily_kpis kraken:BTC-USD 2026-01-01 --json',
            'lineage silver.trades coinbase:BTC-USD id:953406613 --raw',
            'lineage gold.market_daily usd 2026-01-01',
          ]),
        ].join('\n'),
      )
      .action(
        action<LineageFlags>(async (call) => {
          const { showLineage } = await import('../work/lineage.ts')
          return showLineage(call)
        }),
      )
  },
}
