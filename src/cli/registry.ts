import type { CommandModule } from './command.ts'
import { assetsCommand } from './commands/assets.ts'
import { backfillCommand } from './commands/backfill.ts'
import { backfillAssetsCommand } from './commands/backfill-assets.ts'
import { booksCommand } from './commands/books.ts'
import { candlesCommand } from './commands/candles.ts'
import { certifyCommand } from './commands/certify.ts'
import { collectCommand } from './commands/collect.ts'
import { configCommand } from './commands/config.ts'
import { datasetsCommand } from './commands/datasets.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { exportCommand } from './commands/export.ts'
import { flowCommand } from './commands/flow.ts'
import { gapsCommand } from './commands/gaps.ts'
import { importCommand } from './commands/import.ts'
import { incidentsCommand } from './commands/incidents.ts'
import { lineageCommand } from './commands/lineage.ts'
import { logCommand } from './commands/log.ts'
import { materializeCommand } from './commands/materialize.ts'
import { quarantineCommand } from './commands/quarantine.ts'
import { rebuildCommand } from './commands/rebuild.ts'
import { reconcileCommand } from './commands/reconcile.ts'
import { refineCommand } from './commands/refine.ts'
import { replayCommand } from './commands/replay.ts'
import { retentionCommand } from './commands/retention.ts'
import { runCommand } from './commands/run.ts'
import { runsCommand } from './commands/runs.ts'
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
      datasetsCommand,
      exportCommand,
    ],
  },
  {
    heading: 'Make:',
    commands: [assetsCommand, materializeCommand, backfillAssetsCommand, runsCommand, flowCommand],
  },
  { heading: 'Prove:', commands: [reconcileCommand, certifyCommand, lineageCommand] },
  { heading: 'Tend:', commands: [doctorCommand, configCommand, logCommand, retentionCommand] },
]
