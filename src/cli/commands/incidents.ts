import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay incidents`. */
export interface IncidentFlags {
  readonly venue?: string
  readonly from?: string
  readonly to?: string
  readonly open?: boolean
  readonly limit?: string
}

/** `assay incidents`: what went wrong with collecting, from when to when, and why. */
export const incidentsCommand: CommandModule = {
  name: 'incidents',
  register(program: Command) {
    program
      .command('incidents')
      .description('what went wrong with collecting: when it began, how long it lasted, and why')
      .option('--venue <id>', 'only of this venue')
      .option('--from <time>', 'those that lasted after this: RFC 3339, a date, epoch, or -1h')
      .option('--to <time>', 'those that began before this')
      .option('--open', 'only those that last, as far as is known')
      .option('--limit <n>', 'at most so many, those that last first (default: 50)')
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        [
          '',
          'Causes: disconnected, silent (not even heartbeats came), stale (one subscription',
          'stopped), refused (by the venue), planned_cut (a connection replaced before the',
          'venue ends it), rate_limited (a pause or a ban), book_broken, collector_down',
          '(nobody collected).',
          examples(['incidents', 'incidents --venue kraken --from -1d', 'incidents --open --json']),
        ].join('\n'),
      )
      .action(
        action<IncidentFlags>(async (call) => {
          const { showIncidents } = await import('../work/incidents.ts')
          return showIncidents(call)
        }),
      )
  },
}
