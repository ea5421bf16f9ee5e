import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay quarantine`. */
export interface QuarantineFlags {
  readonly reason?: string
  readonly limit?: string
  readonly show?: boolean
}

/** `assay quarantine`: what came and could not be believed. */
export const quarantineCommand: CommandModule = {
  name: 'quarantine',
  register(program: Command) {
    const command = program
      .command('quarantine')
      .description('what was received but refused, with the reason and the place in the raw log')
      .option('--reason <reason>', 'only this reason: bad_decimal, conflict, malformed …')
      .option('--limit <n>', 'at most so many, the newest first (default: 50)')
      .option('--show', 'with a sample of what was received')
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        examples([
          'quarantine',
          'quarantine --reason conflict --show',
          'log cat --from 1200 --to 1201',
        ]),
      )
      .action(
        action<QuarantineFlags>(async (call) => {
          const { showQuarantine } = await import('../work/quarantine.ts')
          return showQuarantine(call)
        }),
      )
    command
      .command('redrive')
      .description('how refused records are tried again')
      .action(
        action(async (call) => {
          const { explainRedrive } = await import('../work/quarantine.ts')
          return explainRedrive(call)
        }),
      )
  },
}
