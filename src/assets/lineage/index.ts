/**
 * Lineage of values: from a row to the rows, the positions of the raw log and the runs it is from.
 */
export type { ReachedTrade } from './context.ts'
export { TRACEABLE, type TraceOptions, traceValue, type ValueQuery } from './trace.ts'
export type { TraceLimits } from './traced.ts'
export type {
  IdRange,
  IdRanges,
  Lineage,
  LineageCell,
  LineageNode,
  PositionRange,
  RecordShare,
  RecordSource,
  RunBehind,
  Source,
} from './tree.ts'
