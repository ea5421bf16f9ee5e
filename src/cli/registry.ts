import type { CommandModule } from './command.ts'
import { backfillCommand } from './commands/backfill.ts'
import { booksCommand } from './commands/books.ts'
import { candlesCommand } from './commands/candles.ts'
import { certifyCommand } from './commands/certify.ts'
import { collectCommand } from './commands/collect.ts'
import { configCommand } from './commands/config.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { exportCommand } from './commands/export.ts'
import { gapsCommand } from './commands/gaps.ts'
import { importCommand } from './commands/import.ts'
import { incidentsCommand } from './commands/incidents.ts'
import { logCommand } from './commands/log.ts'
import { quarantineCommand } from './commands/quarantine.ts'
import { rebuildCommand } from './commands/rebuild.ts'
import { reconcileCommand } from './commands/reconcile.ts'
import { refineCommand } from './commands/refine.ts'
import { replayCommand } from './commands/replay.ts'
import { runCommand } from './commands/run.ts'
import { simCommand } from './commands/sim.ts'
import { snapshotsCommand } from './commands/snapshots.ts'
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
    commands: [
      candlesCommand,
      tradesCommand,
      booksCommand,
      snapshotsCommand,
      gapsCommand,
      incidentsCommand,
      quarantineCommand,
      statusCommand,
      exportCommand,
    ],
  },
  { heading: 'Prove:', commands: [reconcileCommand, certifyCommand] },
  { heading: 'Tend:', commands: [doctorCommand, configCommand, logCommand] },
]
