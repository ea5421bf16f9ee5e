import type { CommandModule } from './command.ts'
import { backfillCommand } from './commands/backfill.ts'
import { candlesCommand } from './commands/candles.ts'
import { collectCommand } from './commands/collect.ts'
import { configCommand } from './commands/config.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { gapsCommand } from './commands/gaps.ts'
import { importCommand } from './commands/import.ts'
import { logCommand } from './commands/log.ts'
import { quarantineCommand } from './commands/quarantine.ts'
import { rebuildCommand } from './commands/rebuild.ts'
import { refineCommand } from './commands/refine.ts'
import { replayCommand } from './commands/replay.ts'
import { runCommand } from './commands/run.ts'
import { simCommand } from './commands/sim.ts'
import { statusCommand } from './commands/status.ts'
import { tradesCommand } from './commands/trades.ts'

/** Commands that stand together in the help. */
interface CommandGroup {
  readonly heading: string
  readonly commands: readonly CommandModule[]
}

/** Every command, in the order of the help. */
export const GROUPS: readonly CommandGroup[] = [
  {
    heading: 'Run:',
    commands: [runCommand, demoCommand, collectCommand, refineCommand, simCommand],
  },
  {
    heading: 'Fill:',
    commands: [backfillCommand, importCommand, replayCommand, rebuildCommand],
  },
  {
    heading: 'Look:',
    commands: [candlesCommand, tradesCommand, gapsCommand, quarantineCommand, statusCommand],
  },
  { heading: 'Tend:', commands: [doctorCommand, configCommand, logCommand] },
]
