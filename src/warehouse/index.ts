export { CHANGES, leastCheckpoint, readCheckpoint, writeCheckpoint } from './checkpoints.ts'
export { readCounters } from './counters.ts'
export { decCompare, decMax, decMin, decSum } from './decimals.ts'
export { type RowKey, TABLE_KEYS, type Table } from './keys.ts'
export { acquireLease, confirmLease, type Lease, type LeaseRequest, releaseLease } from './lease.ts'
export { readChangeSeq, readFoldVersion, writeFoldVersion } from './meta.ts'
export { createGeneration, openWarehouse } from './open.ts'
export { proveWarehouse, type TableProof, type WarehouseProof } from './proof.ts'
export { type CandleQuery, listCandles } from './queries/candles.ts'
export { findInstrument, instrumentName, listInstruments } from './queries/instruments.ts'
export { listQuarantine, type QuarantinedItem, type QuarantineQuery } from './queries/quarantine.ts'
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
  CandleColumns,
  CheckpointRow,
  CounterRow,
  CoverageRow,
  GapWorkRow,
  GoldCandleRow,
  InstrumentRow,
  LeaseRow,
  LogRow,
  MetaRow,
  MinuteRow,
  OutageRow,
  QuarantineRow,
  Schema,
  ScopeRow,
  TapeRow,
  TradeRow,
  VenueCandleRow,
  WitnessRow,
} from './schema.ts'
export type { ExactMinuteRow, Views } from './views.ts'
export type {
  FinishOptions,
  Generation,
  TradeInsert,
  TradeSpan,
  Warehouse,
  WarehouseOptions,
  WriteTransaction,
} from './warehouse.ts'
