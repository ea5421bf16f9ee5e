import { type CompactReport, compactLog } from '../../bronze/index.ts'
import { INTERVALS } from '../../market/bucket.ts'
import type { Call } from '../command.ts'
import type { CompactFlags } from '../commands/log.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showBytes, showSome } from '../format.ts'
import { printJson, printLine } from '../output.ts'
import { styles } from '../style.ts'
import { parseCountArgument } from '../time-argument.ts'
import { chooseLogs } from './log-names.ts'

/** Compacts the archives of logs; the status is 3 where nothing was left to do. */
export async function compactLogs({
  context,
  flags,
}: Call<CompactFlags>): Promise<ExitStatus | undefined> {
  const { json, dataDir, clock, signal } = context
  const hours = parseCountArgument(flags.olderThan ?? '24', '--older-than', 0)
  const beforeUs = clock.nowUs() - hours * INTERVALS['1h']
  const reports: CompactReport[] = []
  for (const name of chooseLogs(context, flags.log)) {
    const report = await compactLog({ dataDir, name, beforeUs, clock, signal })
    reports.push(report)
    if (!json) printReport(report)
  }
  signal.throwIfAborted()
  if (json) printJson(reports)
  else if (reports.length === 0) printLine(`No raw log in ${dataDir} yet.`)
  return reports.some((report) => report.hours > 0) ? undefined : EXIT.skipped
}

function printReport({ name, hours, joined, files, bytes, damaged }: CompactReport): void {
  if (hours === 0) printLine(`${name}: no hour is left to compact`)
  else {
    const parts = joined > 0 ? `, ${showSome(joined, 'part')} joined` : ''
    const sizes = `${showBytes(bytes.before)} became ${showBytes(bytes.after)}`
    const count = `${showSome(files.before, 'file')} became ${showSome(files.after, 'file')}`
    printLine(`${name}: ${showSome(hours, 'hour')}${parts}; ${sizes}, ${count}`)
  }
  for (const hour of damaged) {
    printLine(styles.red(`  ${hour} does not read back and stays as it is: see assay log verify`))
  }
}
