import type { Call } from '../command.ts'
import type { DoctorFlags } from '../commands/doctor.ts'
import type { Context } from '../context.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { printJson, printLine } from '../output.ts'
import { styles, visible } from '../style.ts'
import {
  checkClock,
  checkDataFolder,
  checkDisk,
  checkDuckDb,
  checkLogs,
  checkNode,
  checkSqlite,
  checkWarehouse,
} from './doctor-checks.ts'
import { checkVenues } from './doctor-venue.ts'

/** What one check found: `fail` is essential, `warn` is worth knowing. */
export interface Finding {
  readonly check: string
  readonly result: 'ok' | 'warn' | 'fail'
  readonly detail: string
}

// Of the longest, a venue's socket.
const NAME_WIDTH = 'Binance.US socket'.length

type Check = (context: Context) => readonly Finding[] | Promise<readonly Finding[]>

const CHECKS: readonly Check[] = [
  checkNode,
  checkClock,
  checkDataFolder,
  checkDisk,
  checkSqlite,
  checkLogs,
  checkWarehouse,
  checkDuckDb,
]

/** Runs every check and prints what it found; the status is 1 if something essential fails. */
export async function runDoctor({ context, flags }: Call<DoctorFlags>): Promise<ExitStatus> {
  const findings: Finding[] = []
  for (const check of flags.offline ? CHECKS : [...CHECKS, checkVenues]) {
    for (const finding of await check(context)) {
      findings.push(finding)
      if (!context.json) printFinding(finding)
    }
  }
  const ok = findings.every(({ result }) => result !== 'fail')
  if (context.json) printJson({ ok, checks: findings })
  else printLine(ok ? '\nAssay can work here.' : styles.red('\nAssay cannot work here yet.'))
  return ok ? EXIT.done : EXIT.failed
}

function printFinding({ check, result, detail }: Finding): void {
  const colour = { ok: styles.green, warn: styles.yellow, fail: styles.red }[result]
  printLine(`${colour(result.padEnd(4))}  ${check.padEnd(NAME_WIDTH)}  ${visible(detail)}`)
}
