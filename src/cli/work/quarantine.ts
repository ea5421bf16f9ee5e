import { formatTimeUs } from '../../market/bucket.ts'
import { listQuarantine, openWarehouse, type QuarantinedItem } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { QuarantineFlags } from '../commands/quarantine.ts'
import { EXIT } from '../exit-status.ts'
import { showTime } from '../format.ts'
import type { Column } from '../output.ts'
import { printJson, printLine, printRows } from '../output.ts'
import { styles, visible } from '../style.ts'
import { parseCountArgument } from '../time-argument.ts'

const LIMIT_DEFAULT = 50

/** Something refused, as people and programs are given it. */
interface QuarantineLine {
  readonly log: string
  readonly pos: number
  readonly item: number
  readonly received_time: string
  readonly dialect: string
  readonly reason: string
  readonly detail: string
  readonly sample: string
}

/** Prints what was refused, the newest first. */
export async function showQuarantine({ context, flags }: Call<QuarantineFlags>): Promise<void> {
  const { clock, storeUrl: url, json, csv } = context
  const limit =
    flags.limit === undefined ? LIMIT_DEFAULT : parseCountArgument(flags.limit, '--limit')
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const items = await listQuarantine(warehouse, { reason: flags.reason, limit })
  const columns = flags.show ? [...COLUMNS, SAMPLE] : COLUMNS
  printRows(items.map(lineOf), { json, csv, columns, empty: 'Nothing is in quarantine.' })
  if (json || csv || items.length < limit) return
  printLine(styles.dim(`\nThe newest ${limit}; --limit shows more.`))
}

/** Says how refused records are tried again, which is not done here. */
export async function explainRedrive({ context }: Call<object>): Promise<typeof EXIT.skipped> {
  if (context.json) printJson({ redriven: 0, use: 'assay rebuild' })
  else {
    printLine('Nothing was done: what was refused is tried again by `assay rebuild`, which reads')
    printLine('every raw record anew with the code of today. What it then accepts is no longer in')
    printLine('quarantine, and what it still refuses stays there.')
  }
  return EXIT.skipped
}

function lineOf(item: QuarantinedItem): QuarantineLine {
  const { received_time_us, state: _, ...rest } = item
  return { ...rest, received_time: formatTimeUs(received_time_us) }
}

const COLUMNS: readonly Column<QuarantineLine>[] = [
  { key: 'received_time', title: 'received, UTC', show: (row) => showTime(row.received_time) },
  { key: 'log' },
  { key: 'pos', align: 'right' },
  { key: 'item', align: 'right' },
  { key: 'dialect' },
  { key: 'reason', show: ({ reason }) => styles.yellow(visible(reason)) },
  { key: 'detail' },
]

const SAMPLE: Column<QuarantineLine> = { key: 'sample', title: 'received' }
