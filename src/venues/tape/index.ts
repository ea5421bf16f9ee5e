export { parseColumnSpec, planColumns, positionOf, type TapeKind } from './columns.ts'
export { decodeTape, isTapeDialect } from './decode.ts'
export { jsonNames } from './jsonl.ts'
export {
  createLineRanges,
  fieldText,
  isBlankLine,
  LINE_BYTES_MAX,
  type LineRanges,
  QUOTED_BYTES_MAX,
  scanCsvLine,
} from './lines.ts'
export { readTapeTimeUs } from './time.ts'
