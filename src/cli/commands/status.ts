import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** `assay status`: what is held, how fresh it is and who writes. */
export const statusCommand: CommandModule = {
  name: 'status',
  register(program: Command) {
    program
      .command('status')
      .description('what is held, how fresh it is, what is missing, and who writes')
      .addOption(jsonFlag())
      .addHelpText('after', examples(['status', 'status --json']))
      .action(
        action(async (call) => {
          const { showStatus } = await import('../work/status.ts')
          return showStatus(call)
        }),
      )
  },
}
