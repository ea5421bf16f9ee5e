/**
 * The raw log: every byte that reached us, kept.
 *
 * A log is written by one {@link Journal} and read by any number of {@link LogReader}s; hours
 * that are over move to an archive by {@link sealLog}, and their positions stay valid.
 */
export { type CompactOptions, type CompactReport, compactLog } from './archive/compact.ts'
export { digestLines, type LinesFile, writeLinesFile } from './archive/lines-file.ts'
export {
  type KeptWhy,
  type OpenGap,
  type PruneOptions,
  type PruneReport,
  pruneLog,
} from './archive/prune.ts'
export { type SealOptions, type SealProgress, type SealReport, sealLog } from './archive/seal.ts'
export { type CatOptions, catLog } from './cat.ts'
export { PAYLOAD_BYTES_MAX } from './codec/encode.ts'
export { forEachRecord, readRecord } from './codec/read-record.ts'
export { createRecordSlot, type RecordSlot } from './codec/slot.ts'
export { lockHistory } from './history-lock.ts'
export { type Horizon, readLogHorizon } from './horizon.ts'
export { type JournalOptions, openJournal } from './journal/open-journal.ts'
export { listLogs } from './layout.ts'
export type { Damage, Journal, LogBlock, LogReader, Recovery } from './log.ts'
export { type ObserveOptions, observeHour, type Received } from './observe.ts'
export { type LogReaderOptions, openLogReader } from './reader.ts'
export { type Sealer, startSealer } from './sealer.ts'
export { durablePositions, type LogStat, logStat } from './stat.ts'
export { type LogReport, type VerifyOptions, verifyLog } from './verify.ts'
