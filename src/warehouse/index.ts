export { CHANGES, leastCheckpoints, readCheckpoint, writeCheckpoint } from './checkpoints.ts'
export { readCounters } from './counters.ts'
export { type Cutoffs, EXPIRING, type Expiring, NO_CUTOFFS, readCutoffs } from './cutoffs.ts'
export { decCompare, decMax, decMin, decSum } from './decimals.ts'
export type {
  BackfillRow,
  FlowAssetRow,
  LineageEventRow,
  PartitionMapRow,
  PartitionRow,
  RunItemRow,
  RunLogRow,
  RunRow,
  RunState,
  ScheduleRow,
} from './flow-schema.ts'
export type {
  CoinDailyRow,
  DailyKpiRow,
  IndicatorRow,
  MarketDailyRow,
  TopMoverRow,
} from './gold-schema.ts'
export { type RowKey, TABLE_KEYS, type Table } from './keys.ts'
export {
  acquireLease,
  confirmLease,
  type Lease,
  type LeaseRequest,
  releaseLease,
  revokeLease,
} from './lease.ts'
export { readChangeSeq, readFoldVersion, writeFoldVersion } from './meta.ts'
export { createGeneration, openWarehouse } from './open.ts'
export { type PageQuery, pagesOf, readRange } from './pages.ts'
export { proveWarehouse, type TableProof, type WarehouseProof } from './proof.ts'
export {
  type BookBreak,
  type BookQuery,
  type BookSecond,
  type BreakQuery,
  listBookBreaks,
  listBookSeconds,
} from './queries/books.ts'
export { type CandleQuery, listCandles } from './queries/candles.ts'
export {
  findIncident,
  type Incident,
  type IncidentQuery,
  listIncidents,
} from './queries/incidents.ts'
export { findInstrument, instrumentName, listInstruments } from './queries/instruments.ts'
export { listQuarantine, type QuarantinedItem, type QuarantineQuery } from './queries/quarantine.ts'
export {
  listSnapshots,
  newestSnapshots,
  type SnapshotQuery,
  type StoredSnapshot,
} from './queries/snapshots.ts'
export {
  type CheckpointStatus,
  type InstrumentStatus,
  type WarehouseStatus,
  warehouseStatus,
} from './queries/status.ts'
export {
  listTrades,
  type StoredTrade,
  type TradeQuery,
  type TradesById,
  type TradesByTime,
} from './queries/trades.ts'
export type {
  BookBreakRow,
  BookSecondRow,
  BookStateRow,
  CandleColumns,
  CheckpointRow,
  CounterRow,
  CoverageRow,
  CutoffRow,
  ExpiredRow,
  GapWorkRow,
  GoldCandleRow,
  IncidentRow,
  InstrumentRow,
  LeaseRow,
  LogRow,
  MetaRow,
  MinuteRow,
  OhlcRow,
  OutageRow,
  QuarantineRow,
  RivalRow,
  Schema,
  ScopeRow,
  SnapshotRow,
  TapeRow,
  TradeRow,
  VenueCandleRow,
  WitnessRow,
} from './schema.ts'
export {
  type ExportedCandle,
  exportHiveCandles,
  type HiveExport,
  type HiveExported,
} from './sinks/hive-candles.ts'
export type { ExactMinuteRow, Views } from './views.ts'
export type {
  FinishOptions,
  Generation,
  TradeIds,
  TradeInsert,
  TradeSpan,
  Warehouse,
  WarehouseOptions,
  WriteTransaction,
} from './warehouse.ts'
