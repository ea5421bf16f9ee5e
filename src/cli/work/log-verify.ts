import { type LogReport, verifyLog } from '../../bronze/index.ts'
import type { Call } from '../command.ts'
import type { LogFlags } from '../commands/log.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showBytes, showSome } from '../format.ts'
import { printJson, printLine } from '../output.ts'
import { createProgress } from '../progress.ts'
import { styles, visible } from '../style.ts'
import { chooseLogs } from './log-names.ts'

/** Verifies logs and tells what they hold; the status is 1 if anything in them is wrong. */
export async function verifyLogs({ context, flags }: Call<LogFlags>): Promise<ExitStatus> {
  const { dataDir, clock, signal, json } = context
  const reports: LogReport[] = []
  for (const name of chooseLogs(context, flags.log)) {
    const progress = createProgress({ label: `verifying ${name}`, unit: 'bytes', clock })
    const report = await verifyLog({
      dataDir,
      name,
      signal,
      onProgress: ({ bytes, records }) => progress.update(bytes, showSome(records, 'record')),
    })
    progress.update(report.bytes)
    progress.done()
    reports.push(report)
    if (!json) printReport(report)
  }
  signal.throwIfAborted()
  const ok = reports.every(isSound)
  if (json) printJson({ ok, logs: reports.map((report) => ({ ok: isSound(report), ...report })) })
  else if (reports.length === 0) printLine(`No raw log in ${dataDir} yet.`)
  return ok ? EXIT.done : EXIT.failed
}

/** Whether every record can be vouched for. */
function isSound(report: LogReport): boolean {
  return report.damaged.length === 0 && report.positionsContiguous && report.complete
}

function printReport(report: LogReport): void {
  const { name, records, batches, segments, archivedHours, bytes, damaged } = report
  const verdict = isSound(report) ? styles.green('sound') : styles.red('DAMAGED')
  const parts = [
    showSome(records, 'record'),
    `${showSome(batches, 'batch', 'batches')} in ${showSome(segments, 'segment')}`,
    showSome(archivedHours, 'archived hour'),
    showBytes(bytes),
  ]
  printLine(`${name}: ${verdict}; ${parts.join(', ')}`)
  if (report.horizonPos > 0) {
    printLine(`  positions below ${report.horizonPos} were deleted on purpose`)
  }
  for (const { where, fromPos, toPos, why } of damaged) {
    printLine(`  positions ${fromPos} to ${toPos - 1}: ${visible(why)}`)
    printLine(styles.dim(`    ${visible(where)}`))
  }
  if (damaged.length === 0 && !report.positionsContiguous) {
    printLine('  some position is missing, or held twice')
  }
  if (report.unfinishedBytes > 0) {
    const left = showBytes(report.unfinishedBytes)
    printLine(styles.dim(`  ${left} behind the last batch: being written, or never acknowledged`))
  }
}
