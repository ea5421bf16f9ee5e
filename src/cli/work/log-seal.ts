import { type SealReport, sealLog } from '../../bronze/index.ts'
import { isAssayError } from '../../core/errors.ts'
import { leastCheckpoints, openWarehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { SealFlags } from '../commands/log.ts'
import type { Context } from '../context.ts'
import { showBytes, showCount, showSome } from '../format.ts'
import { printJson, printLine } from '../output.ts'
import { createProgress } from '../progress.ts'
import { styles } from '../style.ts'
import { parseCountArgument } from '../time-argument.ts'
import { chooseLogs } from './log-names.ts'

/** A log's report, and below which position it was sealed. */
interface Sealed extends SealReport {
  readonly log: string
  readonly belowPos: number
}

/** Seals logs below what every reader has refined, or below `--below`. */
export async function sealLogs({ context, flags }: Call<SealFlags>): Promise<void> {
  const { json, dataDir } = context
  const names = chooseLogs(context, flags.log)
  const below =
    flags.below === undefined
      ? await refinedPositions(context)
      : { all: parseCountArgument(flags.below, '--below', 0) }
  const reports: Sealed[] = []
  for (const name of names) {
    const belowPos = 'all' in below ? below.all : (below.byLog.get(name) ?? 0)
    const report = { log: name, belowPos, ...(await sealOne(context, name, belowPos)) }
    reports.push(report)
    if (!json) printReport(report)
  }
  context.signal.throwIfAborted()
  if (json) printJson(reports)
  else if (names.length === 0) printLine(`No raw log in ${dataDir} yet.`)
}

type Below = { readonly all: number } | { readonly byLog: ReadonlyMap<string, number> }

/** Returns, by log, the position that every reader of it has passed. */
async function refinedPositions({ storeUrl: url, clock }: Context): Promise<Below> {
  try {
    await using warehouse = await openWarehouse({ url, mode: 'read', clock })
    return { byLog: await warehouse.read(leastCheckpoints) }
  } catch (error) {
    // Nothing was ever refined, so nothing may be sealed.
    if (isAssayError(error, 'ASSAY_WAREHOUSE_UNAVAILABLE')) return { byLog: new Map() }
    throw error
  }
}

async function sealOne(context: Context, name: string, belowPos: number): Promise<SealReport> {
  const { dataDir, clock, signal } = context
  const progress = createProgress({ label: `sealing ${name}`, unit: 'bytes', clock })
  const report = await sealLog({
    dataDir,
    name,
    belowPos,
    clock,
    signal,
    onProgress({ hour, doneBytes, totalBytes }) {
      progress.expect(totalBytes)
      progress.update(doneBytes, hour)
    },
  })
  progress.update(report.journalBytes)
  progress.done()
  return report
}

function printReport(report: Sealed): void {
  const { log, hours, records, journalBytes, archivedBytes, belowPos } = report
  if (hours === 0) {
    printLine(`${log}: no hour below position ${showCount(belowPos)} is over and unsealed`)
    return
  }
  const saving = ((1 - archivedBytes / journalBytes) * 100).toFixed(1)
  const sizes = `${showBytes(journalBytes)} became ${showBytes(archivedBytes)}`
  const counts = `${showSome(hours, 'hour')}, ${showSome(records, 'record')}`
  printLine(`${log}: ${counts}; ${sizes}, ${saving} % less`)
  for (const { fromPos, toPos, why } of report.damaged) {
    printLine(styles.red(`  positions ${fromPos} to ${toPos - 1} were damaged: ${why}`))
  }
}
