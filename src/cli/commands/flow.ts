import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay flow`. */
export interface FlowFlags {
  readonly seconds?: string
  readonly once?: boolean
}

/** `assay flow`: the scheduler alone. */
export const flowCommand: CommandModule = {
  name: 'flow',
  register(program: Command) {
    program
      .command('flow')
      .description('make scheduled assets, until it is stopped: the scheduler alone')
      .option('--seconds <n>', 'stop after so long')
      .option('--once', 'do what is due now, and end')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'assay run does the same beside collecting; any number of flows may share a warehouse.',
          'What was missed while none ran is caught up with, as each asset has it.',
          examples(['flow', 'flow --once --json']),
        ].join('\n'),
      )
      .action(
        action<FlowFlags>(async (call) => {
          const { keepFlow } = await import('../work/flow.ts')
          return keepFlow(call)
        }),
      )
  },
}
