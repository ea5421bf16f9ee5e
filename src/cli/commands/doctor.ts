import type { Command } from 'commander'
import { collectSettings } from '../collect-flags.ts'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay doctor`. */
export interface DoctorFlags {
  readonly offline?: boolean
  readonly venues?: readonly string[]
  readonly sim?: string
}

/** `assay doctor`: whether Assay can work here. */
export const doctorCommand: CommandModule = {
  name: 'doctor',
  register(program: Command) {
    const command = program
      .command('doctor')
      .description('checks whether Assay can work on this machine, and what is wrong if not')
      .option('--offline', 'ask no venue')
      .option('--venues <venue...>', 'ask these venues (default: those that are collected)')
      .option('--sim <url>', 'ask a simulator in place of them, such as http://127.0.0.1:8101')
    command
      .addOption(jsonFlag())
      .addHelpText('after', examples(['doctor', 'doctor --data /var/lib/assay --json']))
      .action(
        action<DoctorFlags>(async (call) => {
          const { runDoctor } = await import('../work/doctor.ts')
          return runDoctor(call)
        }, collectSettings),
      )
  },
}
