import { extname } from 'node:path'
import { AssayError } from '../core/errors.ts'
import {
  createLineRanges,
  fieldText,
  jsonNames,
  parseColumnSpec,
  positionOf,
  scanCsvLine,
} from '../venues/tape/index.ts'
import type { SourceFile } from './import-source.ts'
import { readSource } from './import-source.ts'

/** How a file's content is laid out. */
export interface FileShape {
  readonly format: 'csv' | 'jsonl'
  /** The columns' names; the keys of the first line for JSON Lines. */
  readonly header: readonly string[]
  /** Bytes of content before the first line of data: a byte order mark, the header line. */
  readonly dataStart: number
}

/** What a person said of the file, if anything. */
export interface ShapeHints {
  readonly format?: 'csv' | 'jsonl'
  readonly header?: boolean
  readonly columnNames?: readonly string[]
  readonly columns: Readonly<Record<string, string>>
}

/** A first line, or a header, is found within this many bytes or not at all. */
const HEAD_BYTES = 262_144

/** More columns than any tape has. */
const COLUMNS_MAX = 4096

/** Newline, carriage return, space, tab. */
const BLANKS = [10, 13, 32, 9]

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/**
 * Finds out how a file is laid out from its first line.
 *
 * @throws AssayError `ASSAY_FILE_UNREADABLE` if its content is binary or holds no line;
 *   `ASSAY_IMPORT_COLUMNS` if there are more or fewer names than columns.
 */
export async function readShape(source: SourceFile, hints: ShapeHints): Promise<FileShape> {
  const head = await readHead(source)
  const mark = BYTE_ORDER_MARK.every((byte, index) => head[index] === byte) ? 3 : 0
  if (head.includes(0)) {
    const why = 'holds binary data or UTF-16 text; a tape is UTF-8 text'
    throw unreadable(source, why)
  }
  let start = mark
  while (BLANKS.includes(head[start] ?? 0)) start += 1
  if (start >= head.length) throw unreadable(source, 'holds no line')
  const format = hints.format ?? formatOf(source.name, head[start]!)
  if (format === 'jsonl') {
    const newline = head.indexOf(10, start)
    const line = head.subarray(start, newline < 0 ? head.length : newline)
    return { format, header: jsonNames(line) ?? [], dataStart: mark }
  }
  const ranges = createLineRanges(COLUMNS_MAX)
  const stop = scanCsvLine(head, start, head.length, ranges)
  const count = Math.min(ranges.count, COLUMNS_MAX)
  const first = Array.from({ length: count }, (_, column) => fieldText(ranges, column))
  const given = hints.columnNames
  if (given !== undefined && given.length !== count) {
    const message = `${source.name} has ${count} columns, and ${given.length} names are given.`
    const context = { file: source.name, columns: first }
    throw new AssayError('ASSAY_IMPORT_COLUMNS', message, { context })
  }
  const titled = hints.header ?? looksLikeHeader(first, hints)
  const numbered = first.map((_, index) => `c${index}`)
  const header = given ?? (titled ? first : numbered)
  return { format, header, dataStart: titled ? Math.min(stop + 1, head.length) : mark }
}

/**
 * Tells a line of names from a line of data.
 *
 * Where a column is asked for by name and no names were given by hand, the first line must be
 * the names: if it is not, what it holds is what the person has to be shown. Otherwise it is
 * one if it says nothing that begins like a number, which no line of a tape does.
 */
function looksLikeHeader(first: readonly string[], hints: ShapeHints): boolean {
  const byPlace = Object.values(hints.columns).every((text) => {
    const spec = parseColumnSpec(text)
    return !('problem' in spec) && positionOf(spec.column) >= 0
  })
  if (hints.columnNames === undefined && !byPlace) return true
  return first.every((text) => !/^[-+.]?[0-9]/.test(text))
}

function formatOf(name: string, first: number): 'csv' | 'jsonl' {
  // No CSV begins with a brace or bracket, and no line of JSON worth importing without.
  if (first === 123 || first === 91) return 'jsonl'
  const plain = name.replace(/\.(?:gz|zst)$/i, '')
  return /^\.(?:jsonl|ndjson)$/i.test(extname(plain)) ? 'jsonl' : 'csv'
}

async function readHead(source: SourceFile): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of readSource(source)) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= HEAD_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES)
}

function unreadable(source: SourceFile, why: string): AssayError {
  const context = { file: source.name }
  return new AssayError('ASSAY_FILE_UNREADABLE', `${source.name} ${why}.`, { context })
}
