import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** `assay config`: the configuration in force. */
export const configCommand: CommandModule = {
  name: 'config',
  register(program: Command) {
    const config = program
      .command('config')
      .description('the configuration in force, and where each value came from')
      .addHelpText(
        'after',
        examples(['config', 'config print > assay.config.yaml', 'config check --config new.yaml']),
      )
    config
      .command('explain', { isDefault: true })
      .description('every key with its value, where it came from and what it is for')
      .addOption(jsonFlag())
      .action(
        action(async (call) => {
          const { explainSettings } = await import('../work/config.ts')
          return explainSettings(call)
        }),
      )
    config
      .command('print')
      .description('the configuration as a file would say it, secrets masked')
      .addOption(jsonFlag())
      .action(
        action(async (call) => {
          const { printSettings } = await import('../work/config.ts')
          return printSettings(call)
        }),
      )
    config
      .command('check')
      .description('says whether the configuration is sound')
      .addOption(jsonFlag())
      .action(
        action(async (call) => {
          const { checkSettings } = await import('../work/config.ts')
          return checkSettings(call)
        }),
      )
  },
}
