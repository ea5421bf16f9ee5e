import type { Command } from 'commander'
import { collectSettings, type VenueFlags, venueOptions } from '../collect-flags.ts'
import type { Call, CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** The log that asked-for history is written to. */
export const BACKFILL_LOG = 'backfill'

interface BackfillFlags extends VenueFlags {
  readonly from: string
  readonly to?: string
}

/** `assay backfill`: fetches a span of history over REST, by the same path as live data. */
export const backfillCommand: CommandModule = {
  name: 'backfill',
  register(program: Command) {
    const command = program
      .command('backfill')
      .description("fetch a span of history over REST: trades, and the venues' own candles")
      .requiredOption('--from <time>', 'start: RFC 3339, a date, epoch, or -1h')
      .option('--to <time>', 'end, not included (default: now)')
    venueOptions(command)
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        examples([
          'backfill --from -2h --venues kraken --products BTC-USD',
          'backfill --from 2026-09-29 --to 2026-09-30 --json',
          'backfill --from -30d --venues coingecko --coins bitcoin',
        ]),
      )
      .action(action<BackfillFlags>(runBackfill, collectSettings))
  },
}

async function runBackfill({ context, flags }: Call<BackfillFlags>): Promise<void> {
  const { fetchHistory } = await import('../fetch-history.ts')
  const { openRefinerHere } = await import('../refine-here.ts')
  const { parseSpan } = await import('../time-argument.ts')
  const { printJson, printRows } = await import('../output.ts')
  const nowUs = context.clock.nowUs()
  const { fromUs, toUs } = parseSpan({ to: 'now', ...flags }, nowUs)
  await using refiner = await openRefinerHere(context, 'backfill')
  const rows = await fetchHistory(context, { fromUs, toUs: Math.min(toUs, nowUs) })
  const totals = await refiner?.catchUp('refining')
  if (context.json) {
    printJson({ products: rows, accepted: totals?.accepted ?? null })
    return
  }
  printRows(rows, {
    columns: [
      { key: 'venue' },
      { key: 'symbol' },
      { key: 'pages', align: 'right' },
      { key: 'trades', align: 'right' },
    ],
    empty: 'Nothing was fetched.',
  })
}
