import type { Kysely } from 'kysely'
import { formatTimeUs } from '../../market/bucket.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Schema, TradeRow } from '../../warehouse/index.ts'
import type { LogLook } from './records.ts'
import type { Traced } from './traced.ts'
import type { LineageCell, LineageNode } from './tree.ts'

/** A trade that was reached, and the log its record is in. */
export type ReachedTrade = TradeRow & { readonly log: string }

/** What tracing works with. */
export interface TraceContext {
  readonly db: Kysely<Schema>
  readonly traced: Traced
  readonly look: LogLook
  readonly onTrade: ((trade: ReachedTrade) => void) | undefined
}

/** Rows of one instrument over a span of time. */
export interface TraceSpan {
  readonly instrument: Instrument
  readonly fromUs: number
  readonly toUs: number
}

/** Rows of a dataset, and where they come from. */
export interface RowsNode<Row> {
  readonly dataset: string
  readonly what: string
  readonly rows: readonly Row[]
  readonly timeOf: (row: Row) => number
  readonly list: (row: Row) => Readonly<Record<string, LineageCell>>
  readonly notes?: readonly string[]
  readonly ids?: LineageNode['ids']
  readonly madeFrom?: readonly LineageNode[]
}

/** Returns the node of rows in order of time: the first listed, the others counted. */
export function rowsNode<Row>(of: RowsNode<Row>, rowsMax: number): LineageNode {
  const { rows, timeOf } = of
  const at = (row: Row | undefined) => (row === undefined ? null : formatTimeUs(timeOf(row)))
  return {
    dataset: of.dataset,
    what: of.what,
    rows: rows.length,
    from: at(rows[0]),
    to: at(rows.at(-1)),
    listed: rows.slice(0, rowsMax).map(of.list),
    left_out: Math.max(0, rows.length - rowsMax),
    notes: of.notes ?? [],
    ids: of.ids ?? [],
    records: null,
    made_from: of.madeFrom ?? [],
  }
}

/** Returns the node of one row, given by those of its cells that say most. */
export function rowNode(
  of: Pick<LineageNode, 'dataset' | 'what' | 'made_from'> & {
    readonly timeUs: number
    readonly listed: Readonly<Record<string, LineageCell>>
    readonly notes?: readonly string[]
  },
): LineageNode {
  const time = formatTimeUs(of.timeUs)
  return {
    dataset: of.dataset,
    what: of.what,
    rows: 1,
    from: time,
    to: time,
    listed: [of.listed],
    left_out: 0,
    notes: of.notes ?? [],
    ids: [],
    records: null,
    made_from: of.made_from,
  }
}
