import { formatTimeUs, MINUTE_US, parseTimeUs } from '../../market/bucket.ts'
import { type Hole, listHoles, type Verdict } from '../../silver/holes.ts'
import { openWarehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { GapFlags } from '../commands/gaps.ts'
import { showCount, showSome, showTime } from '../format.ts'
import type { Column } from '../output.ts'
import { printLine, printRows } from '../output.ts'
import { selectInstrument } from '../selector.ts'
import { styles } from '../style.ts'

/** A hole as people and programs are given it. */
interface GapRow {
  readonly venue: string
  readonly symbol: string
  readonly cause: Hole['cause']
  /** Inclusive ids; null where only the times are known. */
  readonly first_id: string | null
  readonly last_id: string | null
  readonly from: string
  readonly to: string
  /** How many trades it is or was; null where that is not known. */
  readonly missing: number | null
  readonly verdict: Verdict
  readonly attempts: number
  readonly last_attempt: string | null
  readonly evidence: string
}

/** Prints holes with their verdicts. */
export async function showGaps({ context, args, flags }: Call<GapFlags>): Promise<void> {
  const { clock, storeUrl: url, json, csv } = context
  const [selector] = args
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const instrument =
    selector === undefined ? null : await selectInstrument(warehouse, selector, flags.venue)
  const holes = await warehouse.read((db) =>
    listHoles(db, { instrumentId: instrument?.instrumentId }),
  )
  const rows = holes
    .filter((hole) => !flags.open || hole.verdict === 'open')
    .filter((hole) => flags.venue === undefined || hole.venue === flags.venue)
    .map(rowOf)
  const empty = flags.open ? 'Nothing is missing that could be found.' : 'No gaps.'
  printRows(rows, { json, csv, columns: COLUMNS, empty })
  if (!json && !csv && rows.length > 0) printLine(`\n${summaryOf(rows)}`)
}

function rowOf(hole: Hole): GapRow {
  const { firstId, lastId, lastAttemptUs } = hole
  return {
    venue: hole.venue,
    symbol: hole.symbol,
    cause: hole.cause,
    first_id: firstId === null ? null : String(firstId),
    last_id: lastId === null ? null : String(lastId),
    from: formatTimeUs(hole.fromUs),
    to: formatTimeUs(hole.toUs),
    missing: firstId === null || lastId === null ? null : lastId - firstId + 1,
    verdict: hole.verdict,
    attempts: hole.attempts,
    last_attempt: lastAttemptUs === 0 ? null : formatTimeUs(lastAttemptUs),
    evidence: hole.evidence,
  }
}

/** Says how many gaps there are of each verdict. */
function summaryOf(rows: readonly GapRow[]): string {
  const counts = new Map<Verdict, number>()
  for (const { verdict } of rows) counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
  const parts = [...counts].map(([verdict, count]) => `${showCount(count)} ${wordOf(verdict)}`)
  return `${showSome(rows.length, 'gap')}: ${parts.join(', ')}.`
}

const wordOf = (verdict: Verdict) => verdict.replaceAll('_', ' ')

/** What a hole is known by, as people read it. */
const CAUSES: Readonly<Record<Hole['cause'], string>> = {
  ids: 'ids',
  left_edge: 'before the first trade',
  witness: 'after the last trade',
  candle_count: 'fewer than the venue counts',
  candle_minutes: 'minutes without a candle',
}

/** Of minutes that a file of candles lacks it is told how many there are, not what they held. */
function showMissing({ cause, missing, from, to }: GapRow): string {
  if (cause === 'candle_minutes') {
    const spanUs = (parseTimeUs(to) as number) - (parseTimeUs(from) as number)
    return showSome(Math.round(spanUs / MINUTE_US), 'minute')
  }
  return missing === null ? '?' : showCount(missing)
}

const COLUMNS: readonly Column<GapRow>[] = [
  { key: 'venue' },
  { key: 'symbol' },
  { key: 'cause', show: ({ cause }) => CAUSES[cause] },
  { key: 'first_id', align: 'right' },
  { key: 'last_id', align: 'right' },
  { key: 'from', title: 'from, UTC', show: ({ from }) => showTime(from) },
  { key: 'to', title: 'to, UTC', show: ({ to }) => showTime(to) },
  {
    key: 'missing',
    title: 'trades',
    align: 'right',
    show: showMissing,
  },
  { key: 'verdict', show: ({ verdict }) => showVerdict(verdict) },
  { key: 'attempts', align: 'right' },
  { key: 'last_attempt', where: 'data' },
  { key: 'evidence' },
]

function showVerdict(verdict: Verdict): string {
  if (verdict === 'open') return styles.yellow(verdict)
  return verdict === 'unrecoverable' ? styles.red(verdict) : styles.green(wordOf(verdict))
}
