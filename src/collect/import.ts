import { randomBytes } from 'node:crypto'
import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import type { RecordRequest } from '../market/record.ts'
import { SYMBOL_BYTES_MAX } from '../market/symbol.ts'
import type { TapeKind } from '../venues/tape/index.ts'
import { planColumns } from '../venues/tape/index.ts'
import { createDiary } from './diary.ts'
import { readBlocks } from './import-blocks.ts'
import type { FileShape } from './import-shape.ts'
import { readShape } from './import-shape.ts'
import type { SourceFile } from './import-source.ts'
import { openSource, readSource } from './import-source.ts'

const PROBLEM_MAX = 500

/** How far an import has come. */
export interface ImportProgress {
  /** Bytes of the stored file read, of how many. */
  readonly bytes: number
  readonly bytesTotal: number
  readonly lines: number
}

/** What to import, how to read it, and where it goes. */
export interface ImportOptions {
  readonly path: string
  /** The venue whose facts these are, known to us or not. */
  readonly venue: string
  /** The venue's own symbol; may be left out where a column tells it. */
  readonly symbol: string | null
  readonly kind: TapeKind
  /** Wanted field to the file's column, `time` to `timestamp:us`. */
  readonly columns: Readonly<Record<string, string>>
  /** @default by what the file begins with, then by its name. */
  readonly format?: 'csv' | 'jsonl'
  /** Whether the first line of a CSV names its columns. @default by what it says. */
  readonly header?: boolean
  /** Names for the columns of a CSV that has none. */
  readonly columnNames?: readonly string[]
  /** For times that count from a day's start: that day, such as `2016-10-07`. */
  readonly date?: string
  /** Width of the candles of a `klines` file, such as `1s`. @default '1m' */
  readonly interval?: string
  /** Which file of a zip archive. @default the only one */
  readonly entry?: string
  /** SHA-256 the file must have, or a file that says so. @default what lies beside it */
  readonly checksum?: string
  readonly journal: Journal
  readonly clock: Clock
  /** Stops between two blocks; what was read by then stays. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
  /** Version of this program, for the diary. */
  readonly version: string
}

/** What an import did. All of it is durable. */
export interface ImportResult {
  /** Lines read that are not blank; the header line is not counted. */
  readonly lines: number
  readonly blocks: number
  /** SHA-256 of the file as stored, in hex. */
  readonly sha256: string
  /** Whether the file was held to a published checksum. */
  readonly verified: boolean
  /** Positions in the log, self records included: half-open. */
  readonly firstPos: number
  readonly endPos: number
  /** Whether the file was read to its end. */
  readonly complete: boolean
}

/**
 * Writes a file's lines into the log, in blocks, each with all it takes to decode it.
 *
 * Facts follow from keys alone, so importing a file again adds records but no facts.
 *
 * @throws AssayError `ASSAY_FILE_UNREADABLE` where the file cannot be read, is empty, binary or
 *   damaged; `ASSAY_IMPORT_COLUMNS` where its columns do not fit the map; `ASSAY_USAGE` where no
 *   symbol is given, or venue or symbol is no name. Lines read before damage was met are kept.
 */
export async function importFile(options: ImportOptions): Promise<ImportResult> {
  const { journal, clock, signal } = options
  checkNames(options)
  const columns = withDate(options)
  const source = await openSource(options.path, options)
  const shape = await readShape(source, { ...options, columns })
  checkColumns(options, source, { columns, shape })
  const conn = `import-${source.sha256.slice(0, 12)}-${randomBytes(5).toString('hex')}`
  const diary = createDiary({ journal, clock, conn: `${conn}-diary` })
  const counts = { lines: 0, blocks: 0, bytes: 0 }
  const firstPos = diary.write({ event: 'start', command: 'import', version: options.version })
  const content = afterHeader(source, shape, (bytes) => {
    counts.bytes = bytes
  })
  let reason = 'failed'
  try {
    for await (const block of readBlocks(content, shape.format === 'csv')) {
      if (signal?.aborted === true) break
      const request = { ...requestOf(source, shape, columns), firstLine: block.firstLine }
      journal.append({
        dialect: `${options.venue}/${options.kind === 'klines' ? 'klines' : shape.format}`,
        channel: options.kind === 'klines' ? `candles_${options.interval ?? '1m'}` : 'trades',
        symbol: options.symbol,
        origin: 'import',
        receivedTimeUs: clock.nowUs(),
        conn,
        frame: counts.blocks,
        request,
        payload: block.bytes,
      })
      counts.blocks += 1
      counts.lines += block.lines
      options.onProgress?.({ ...counts, bytesTotal: source.bytes })
      await journal.ready()
    }
    reason = signal?.aborted === true ? 'interrupted' : 'end of file'
  } finally {
    diary.write({ event: 'stop', reason })
    await journal.flush()
  }
  const complete = reason === 'end of file'
  const { lines, blocks } = counts
  const { sha256, verified } = source
  return { lines, blocks, sha256, verified, firstPos, endPos: journal.nextPos, complete }
}

/** A venue's name stands before a slash in every record: one with a slash would be cut there. */
const VENUE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i

function checkNames({ venue, symbol }: ImportOptions): void {
  if (!VENUE_NAME.test(venue)) {
    const rule = 'letters, digits, dashes and underscores, 64 at most'
    throw new AssayError('ASSAY_USAGE', `${shown(venue)} is no name of a venue: ${rule}.`)
  }
  // As for a symbol that a column tells: controls, spaces and broken characters have no place.
  const isSymbol = symbol === null || /^[^\p{C}\p{Z}\uFFFD]+$/u.test(symbol)
  if (isSymbol && Buffer.byteLength(symbol ?? '') <= SYMBOL_BYTES_MAX) return
  const rule = 'printable, without spaces, 64 bytes at most'
  throw new AssayError('ASSAY_USAGE', `${shown(symbol ?? '')} is no symbol: ${rule}.`)
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}

/** Puts the day that times count from into the map, where decoding will look for it. */
function withDate(options: ImportOptions): Readonly<Record<string, string>> {
  if (options.date === undefined) return options.columns
  const field = options.kind === 'klines' ? 'open_time' : 'time'
  const dated = Object.entries(options.columns).map(([name, column]) => {
    if (name !== field && name !== 'close_time') return [name, column]
    return [name, `${/:(?:s|ms|us|ns)$/.test(column) ? column : `${column}:ms`}@${options.date}`]
  })
  return Object.fromEntries(dated)
}

function checkColumns(
  options: ImportOptions,
  source: SourceFile,
  found: { readonly columns: Readonly<Record<string, string>>; readonly shape: FileShape },
): void {
  const { columns, shape } = found
  const names = shape.format === 'csv' ? shape.header : null
  const plan = planColumns(options.kind, columns, names)
  let problem = 'problem' in plan ? plan.problem : null
  if (problem === null && shape.format === 'jsonl' && 'columns' in plan) {
    const missing = missingKey(plan.columns, shape.header)
    if (missing !== null) {
      problem = `there is no key "${missing}"; the first line has ${shape.header.join(', ')}`
    }
  }
  if (problem !== null) {
    const context = { file: source.name, columns: shape.header }
    // The header is quoted, and what is no table may have a line of any length.
    const told = problem.length > PROBLEM_MAX ? `${problem.slice(0, PROBLEM_MAX)} …` : problem
    throw new AssayError('ASSAY_IMPORT_COLUMNS', `${source.name}: ${told}.`, { context })
  }
  if (options.symbol === null && columns.symbol === undefined) {
    throw new AssayError('ASSAY_USAGE', 'Name the symbol, or map a column to it.')
  }
}

/** Array places count as present whatever they are called. */
function missingKey(wanted: readonly string[], names: readonly string[]): string | null {
  const known = (key: string) => names.includes(key) || names.includes(`c${key}`)
  return wanted.find((key) => !known(key)) ?? null
}

function requestOf(
  source: SourceFile,
  shape: FileShape,
  columns: Readonly<Record<string, string>>,
): RecordRequest {
  const url = source.entry === null ? source.name : `${source.name}!${source.entry}`
  const request = { url, file: source.sha256, columns }
  return shape.format === 'csv' ? { ...request, header: shape.header } : request
}

/** Reads the file's content from its first line of data on. */
async function* afterHeader(
  source: SourceFile,
  shape: FileShape,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let skip = shape.dataStart
  for await (const chunk of readSource(source, onBytes)) {
    const skipped = Math.min(skip, chunk.length)
    skip -= skipped
    if (skipped < chunk.length) yield chunk.subarray(skipped)
  }
}
