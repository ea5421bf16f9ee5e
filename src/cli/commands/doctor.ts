import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay doctor`. */
export interface DoctorFlags {
  readonly offline?: boolean
}

/** `assay doctor`: whether Assay can work here. */
export const doctorCommand: CommandModule = {
  name: 'doctor',
  register(program: Command) {
    program
      .command('doctor')
      .description('checks whether Assay can work on this machine, and what is wrong if not')
      .option('--offline', 'ask no venue')
      .addOption(jsonFlag())
      .addHelpText('after', examples(['doctor', 'doctor --data /var/lib/assay --json']))
      .action(
        action<DoctorFlags>(async (call) => {
          const { runDoctor } = await import('../work/doctor.ts')
          return runDoctor(call)
        }),
      )
  },
}
