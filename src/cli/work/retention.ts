import { isAssayError } from '../../core/errors.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import { applyRetention, type RetentionReport } from '../../quality/retention.ts'
import { openWarehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { RetentionFlags } from '../commands/retention.ts'
import type { Context } from '../context.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showBytes, showSome, showTime } from '../format.ts'
import { printJson, printLine } from '../output.ts'
import { styles } from '../style.ts'

/** Applies retention, or tells what it would do; the status is 3 where there is nothing to do. */
export async function runRetention({
  context,
  flags,
}: Call<RetentionFlags>): Promise<ExitStatus | undefined> {
  const dryRun = flags.dryRun === true
  const report = await retain(context, dryRun)
  context.signal.throwIfAborted()
  if (context.json) printJson(toJson(report, dryRun))
  else printReport(report, dryRun)
  return report.changed ? undefined : EXIT.skipped
}

const NOTHING: RetentionReport = { logTimeUs: 0, datasets: [], logs: [], changed: false }

async function retain(context: Context, dryRun: boolean): Promise<RetentionReport> {
  const { storeUrl: url, dataDir, clock, signal, config } = context
  const holder = `assay retention, process ${process.pid}`
  try {
    const mode = dryRun ? 'read' : 'share'
    await using tables = await openWarehouse({ url, mode, clock, holder })
    const days = config.retention
    return await applyRetention({ tables, dataDir, days, clock, holder, dryRun, signal })
  } catch (error) {
    // Nothing was ever refined, so there is nothing to delete.
    if (dryRun && isAssayError(error, 'ASSAY_WAREHOUSE_UNAVAILABLE')) return NOTHING
    throw error
  }
}

function toJson(report: RetentionReport, dryRun: boolean): object {
  return {
    dry_run: dryRun,
    changed: report.changed,
    log_time: report.logTimeUs === 0 ? null : formatTimeUs(report.logTimeUs),
    datasets: report.datasets.map((one) => ({
      dataset: one.dataset,
      days: one.days,
      before: formatTimeUs(one.beforeUs),
      rows: one.rows,
      files: one.files,
      bytes: one.bytes,
      held_by: one.heldBy,
    })),
    logs: report.logs.map((one) => ({
      log: one.name,
      hours: one.hours,
      records: one.records,
      archived_bytes: one.archivedBytes,
      horizon: one.horizonPos,
      first_hour: one.firstHour,
      last_hour: one.lastHour,
      kept: one.kept,
    })),
  }
}

function printReport(report: RetentionReport, dryRun: boolean): void {
  const { datasets, logs, logTimeUs } = report
  if (logTimeUs === 0) {
    printLine('Nothing is recorded yet.')
    return
  }
  if (datasets.length + logs.length === 0) printLine('Everything is kept: no days are configured.')
  const done = dryRun ? 'would go' : 'went'
  for (const { dataset, beforeUs, rows, files, bytes, heldBy } of datasets) {
    const day = formatTimeUs(beforeUs).slice(0, 10)
    const archived = files > 0 ? `; ${showSome(files, 'file')} archived, ${showBytes(bytes)}` : ''
    printLine(`${dataset}: ${showSome(rows, 'row')} before ${day} ${done}${archived}`)
    if (heldBy !== null) printLine(styles.yellow(`  not more: ${heldBy}`))
  }
  for (const { name, hours, records, archivedBytes, kept } of logs) {
    const what = `${showSome(hours, 'hour')}, ${showSome(records, 'record')}`
    printLine(`log ${name}: ${what} ${done}, ${showBytes(archivedBytes)}`)
    if (kept === null) continue
    printLine(styles.yellow(`  ${showTime(kept.hour)} stays (${kept.why}): ${kept.detail}`))
  }
}
