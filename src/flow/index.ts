export type {
  Asset,
  ChangedSpans,
  CheckResult,
  FingerprintAt,
  ItemState,
  Outcome,
  PoolName,
  RetryPolicy,
  RunContext,
  Schedule,
} from './asset.ts'
export {
  type BackfillRequest,
  beginBackfill,
  cancelBackfill,
  listWanted,
  type Reprocess,
} from './backfill.ts'
export type { ClaimedRun, PoolLimits } from './claim.ts'
export { createTicker, type FlowOptions, type FlowTicker, launchRuns, runFlow } from './flow.ts'
export { type AssetGraph, createGraph, graphMermaid, graphText, type PartRef } from './graph.ts'
export type { RunChange, RunListener } from './listener.ts'
export {
  overlapping,
  type Partition,
  type Partitioning,
  parsePartition,
  partitionAt,
  partitionsIn,
  partitionWidthUs,
  WHOLE,
} from './partition.ts'
export {
  activeName,
  type QueuedRun,
  queueRun,
  type RunRequest,
  unknownRun,
} from './requests.ts'
export {
  createRunner,
  DEFAULT_POOLS,
  type Runner,
  type RunnerOptions,
  settlingOf,
} from './runner.ts'
export { nextOccurrence, parseCron } from './schedule.ts'
export { cancelRun } from './settle.ts'
export { countStates, type PartState, readState, readStates, type StateCounts } from './states.ts'
export { type AssetStatus, assetStatus, listUnmade } from './status.ts'
