import type { Command } from 'commander'
import { collectSettings } from '../collect-flags.ts'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay reconcile`. */
export interface ReconcileFlags {
  readonly from?: string
  readonly to?: string
  readonly venue?: string
  readonly fetch?: boolean
  readonly sim?: string
  readonly limit?: string
}

/** `assay reconcile`: our candles against the venues' own. */
export const reconcileCommand: CommandModule = {
  name: 'reconcile',
  register(program: Command) {
    program
      .command('reconcile')
      .description(
        "compare our candles with the venue's own, field by field, and say why they differ",
      )
      .argument('[selector]', 'instrument, such as kraken:BTC-USD (default: all with candles)')
      .option('--from <time>', 'first minute: RFC 3339, a date, epoch, or -1h (default: -1d)')
      .option('--to <time>', 'end, not included (default: now)')
      .option('--venue <id>', 'only of this venue')
      .option('--fetch', 'ask the venues for their candles of the span first')
      .option('--limit <n>', 'list at most so many differences; all are counted (default: 100)')
      .option('--sim <url>', 'with --fetch: all venues from a simulator')
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        [
          '',
          'Three are compared: ours, folded from trades; those of the venue’s socket; those of its',
          'REST. Labels: missed_trades (ours lacks some), venue_revised (it changed its mind),',
          'venue_inconsistent (it contradicts its own trades), ours (look here first). Minutes for',
          'whose trades nobody answers here are left out. Ends with status 1 where trades were',
          'missed, or ours differ though they are thought complete.',
          examples([
            'reconcile',
            'reconcile kraken:BTC-USD --from -6h --fetch',
            'reconcile --csv > diff.csv',
          ]),
        ].join('\n'),
      )
      .action(
        action<ReconcileFlags>(async (call) => {
          const { showReconciliation } = await import('../work/reconcile.ts')
          return showReconciliation(call)
        }, collectSettings),
      )
  },
}
