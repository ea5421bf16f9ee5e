import type { ImportResult } from '../collect/import.ts'
import { AssayError } from '../core/errors.ts'
import { countEdges, listHoles } from '../silver/holes.ts'
import { logsBehind } from '../silver/refined.ts'
import { openWarehouse, type Warehouse } from '../warehouse/index.ts'
import type { Context } from './context.ts'
import { showCount } from './format.ts'
import { printFacts, printJson } from './output.ts'
import { type HereRefiner, openRefinerHere } from './refine-here.ts'

/** What an import came to, as commands print it. */
interface ImportReport {
  readonly read: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: number
  readonly gaps: number
  /** First and last minutes of the file's span that nothing proves complete. */
  readonly edges: number
  /** Whether the file was held to a published checksum. */
  readonly verified: boolean
}

const WAIT_MS = 200
/** So often it is looked whether the process that refined is gone. */
const TAKE_OVER_LOOKS = 5

/** Has an import refined, here or by the process that refines, and prints what it came to. */
export async function settleImport(
  context: Context,
  work: {
    readonly result: ImportResult
    readonly refiner: HereRefiner | null
    readonly log: string
    readonly kind: 'trades' | 'klines'
    readonly venue: string
    /** `null` where a column of the file tells the symbols. */
    readonly symbol: string | null
  },
): Promise<void> {
  const { result, refiner, log, kind, venue, symbol } = work
  const { storeUrl: url, clock } = context
  const totals = await refiner?.catchUp('refining')
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  if (refiner === null) await waitFor(context, warehouse, { log, endPos: result.endPos })
  const stored = totals ?? (await countStored(warehouse, { log, ...result }))
  const accepted = kind === 'klines' && totals !== undefined ? totals.candles : stored.accepted
  const { gaps, edges } = await warehouse.read(async (db) => ({
    gaps: (await listHoles(db)).filter(
      (hole) =>
        hole.verdict === 'open' &&
        hole.venue === venue &&
        (symbol === null || hole.symbol === symbol),
    ).length,
    edges: await countEdges(db, result.sha256),
  }))
  const { rejected, duplicates } = stored
  const { lines: read, verified } = result
  print(context, { read, accepted, duplicates, rejected, gaps, edges, verified })
}

/** Waits until what was written is refined: by whoever does so or, once they are gone, here. */
async function waitFor(
  context: Context,
  warehouse: Warehouse,
  at: { readonly log: string; readonly endPos: number },
): Promise<void> {
  const { clock, signal, log: logger } = context
  const wanted = new Map([[at.log, at.endPos]])
  logger.info('another process refines this warehouse; waiting for it to take this in')
  for (let looks = 1; !signal.aborted; looks += 1) {
    if ((await warehouse.read((db) => logsBehind(db, wanted))).length === 0) return
    if (looks % TAKE_OVER_LOOKS === 0) {
      // It may have been another import, which ended without having seen our records.
      await using refiner = await openRefinerHere(context, 'import')
      await refiner?.catchUp('refining')
    }
    await clock.sleep(WAIT_MS, signal)
  }
  throw new AssayError('ASSAY_TIMEOUT', 'stopped while waiting; the file is in the raw log')
}

/** Counts by position what another process stored of this import; the rest were duplicates. */
async function countStored(
  warehouse: Warehouse,
  at: ImportResult & { readonly log: string },
): Promise<{ accepted: number; rejected: number; duplicates: number }> {
  return warehouse.read(async (db) => {
    const count = async (table: 'silver_trades' | 'silver_quarantine') => {
      const row = await db
        .selectFrom(table)
        .innerJoin('ops_logs as l', 'l.log_id', `${table}.log_id`)
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('l.name', '=', at.log)
        .where(`${table}.pos`, '>=', at.firstPos)
        .where(`${table}.pos`, '<', at.endPos)
        .executeTakeFirstOrThrow()
      return row.n
    }
    const accepted = await count('silver_trades')
    const rejected = await count('silver_quarantine')
    return { accepted, rejected, duplicates: Math.max(0, at.lines - accepted - rejected) }
  })
}

function print(context: Context, report: ImportReport): void {
  if (context.json) {
    printJson(report)
    return
  }
  printFacts([
    ['read', showCount(report.read)],
    ['accepted', showCount(report.accepted)],
    ['duplicates', showCount(report.duplicates)],
    ['rejected', `${showCount(report.rejected)}${hint(report.rejected, 'assay quarantine')}`],
    ['gaps', `${showCount(report.gaps)}${hint(report.gaps, 'assay gaps')}`],
    ['unproven edges', showCount(report.edges)],
    ['checksum', report.verified ? 'as published' : 'none was published beside it'],
  ])
}

function hint(count: number, command: string): string {
  return count === 0 ? '' : `  (${command} tells more)`
}
