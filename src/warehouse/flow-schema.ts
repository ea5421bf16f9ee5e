/** What became of a run. The first two are active: one such run an asset and partition. */
export type RunState = 'queued' | 'running' | 'succeeded' | 'skipped' | 'failed' | 'cancelled'

/** A run: one asset's one partition, made once, over however many attempts; PK run_id. */
export interface RunRow {
  /** A UUID. */
  run_id: string
  asset: string
  /** The partition's key, and its start; empty and 0 where the asset has none. */
  partition_key: string
  partition_us: number
  state: RunState
  /** Asset and partition while active, else null; unique. */
  active: string | null
  trigger: 'schedule' | 'stale' | 'manual' | 'upstream' | 'backfill' | 'retry'
  /** Whatever names the request for whoever made it, so that it is done once; unique. */
  run_key: string | null
  backfill_id: string | null
  /** JSON: which instruments alone, or null for all. Such a run leaves the partition as it is. */
  only_text: string | null
  /** Whether it is done though nothing changed. */
  forced: number
  /** Attempts begun, but for those that we gave up ourselves or lost. */
  attempt: number
  /** Attempts lost with whoever made them. */
  lost: number
  pool: string
  /** Less goes first. */
  priority: number
  code_version: string
  queued_us: number
  /** Not before this time. */
  due_us: number
  /** Of the newest attempt; so the next two. */
  started_us: number | null
  holder: string | null
  /** The fencing token of its lease. */
  token: number | null
  ended_us: number | null
  cancel_asked: number
  /** Whether, while it was under way, it was asked for anew, or what it is made of changed. */
  asked_again: number
  input_version: string | null
  output_version: string | null
  rows: number | null
  /** JSON: what it told of itself; `{}` before its end. */
  outcome: string
  /** Why it failed, was skipped or waits. */
  error_code: string | null
  reason: string | null
}

/** What a run said; PK (run_id, seq). */
export interface RunLogRow {
  run_id: string
  seq: number
  time_us: number
  attempt: number
  level: 'info' | 'warn' | 'error'
  message: string
}

/** How a run fared with each of its items, such as instruments; PK (run_id, item). */
export interface RunItemRow {
  run_id: string
  item: string
  state: 'done' | 'waiting' | 'missing' | 'failed'
  rows: number | null
  detail: string
}

/** The newest success of a partition; PK (asset, partition_us). */
export interface PartitionRow {
  asset: string
  partition_us: number
  /** The run that made it; later ones may have found it unchanged. */
  run_id: string
  code_version: string
  /** What it was made of, and what it came to. */
  input_version: string
  output_version: string
  rows: number
  /** When it was made, or found unchanged, last. */
  materialized_us: number
}

/**
 * The states of many partitions, a letter each, so that years of hours are read at once; PK
 * (asset, chunk). A chunk is so many consecutive partitions, counted from the epoch.
 */
export interface PartitionMapRow {
  asset: string
  chunk: number
  states: string
}

/** What the flow knew of an asset when it last began; PK asset. */
export interface FlowAssetRow {
  asset: string
  code_version: string
  /** When the asset was first known here. */
  known_us: number
  /** How far what happened to its facts has been followed. */
  change_seq: number
}

/** How far a schedule has come; PK name. */
export interface ScheduleRow {
  /** The asset, and its cron expression. */
  name: string
  /** Every occurrence up to this time is queued. */
  cursor_us: number
}

/** Many partitions to be made, a few at a time; PK backfill_id. */
export interface BackfillRow {
  backfill_id: string
  asset: string
  from_us: number
  to_us: number
  /** The next partition to look at. */
  cursor_us: number
  newest_first: number
  reprocess: 'missing' | 'failed' | 'all'
  max_active: number
  only_text: string | null
  state: 'running' | 'done' | 'cancelled'
  created_us: number
}

/** An event of lineage, waiting to be told or told already; PK seq. */
export interface LineageEventRow {
  seq: number
  run_id: string
  time_us: number
  /** JSON, as OpenLineage has it. */
  event: string
}
