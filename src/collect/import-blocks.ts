import type { LineRanges } from '../venues/tape/index.ts'
import {
  createLineRanges,
  isBlankLine,
  LINE_BYTES_MAX,
  QUOTED_BYTES_MAX,
  scanCsvLine,
} from '../venues/tape/index.ts'

/** Lines in a block, and so events in a record, at most. */
export const BLOCK_LINES_MAX = 1000

/** Bytes in a block at most; a longer line is cut to exactly this, and is refused for it. */
export const BLOCK_BYTES_MAX = LINE_BYTES_MAX

const NEWLINE = 10
const QUOTE = 34

/** Whole lines of a file, as they stand in it, without the newline that ends the last. */
export interface TapeBlock {
  readonly bytes: Buffer
  /** Lines that are not blank. */
  readonly lines: number
  /** Ordinal of the first of them in the file, from 1. */
  readonly firstLine: number
}

/**
 * Cuts a stream of bytes into blocks of whole lines, of bounded size.
 *
 * @param csv whether a line may go on over a line break inside quotes.
 */
export async function* readBlocks(
  chunks: AsyncIterable<Buffer>,
  csv: boolean,
): AsyncGenerator<TapeBlock> {
  const cutter = createCutter(csv)
  const blocks = function* (last: boolean) {
    for (let block = nextBlock(cutter, last); block !== null; ) {
      yield block
      block = nextBlock(cutter, last)
    }
  }
  for await (const chunk of chunks) {
    push(cutter, chunk)
    yield* blocks(false)
  }
  yield* blocks(true)
}

/** A stream being cut; holds a chunk and the bytes of a block at most. */
interface Cutter {
  readonly csv: boolean
  readonly ranges: LineRanges
  /** Bytes not yet given out; begins with a line that is not blank, as far as that is known. */
  held: Buffer
  /** Where the next line begins after those gathered for a block, and how many these are. */
  gathered: number
  lines: number
  /** Ordinal of the first line of the next block. */
  firstLine: number
  /** Whether the rest of a line that was cut is being passed over. */
  passing: boolean
}

function createCutter(csv: boolean): Cutter {
  const held = Buffer.alloc(0)
  const ranges = createLineRanges(1)
  return { csv, ranges, held, gathered: 0, lines: 0, firstLine: 1, passing: false }
}

function push(cutter: Cutter, chunk: Buffer): void {
  cutter.held = cutter.held.length === 0 ? chunk : Buffer.concat([cutter.held, chunk])
}

/** Returns the next full block, or what is left where `last`; `null` until more comes. */
function nextBlock(cutter: Cutter, last: boolean): TapeBlock | null {
  if (cutter.passing) passOver(cutter)
  while (cutter.gathered < cutter.held.length) {
    const end = endOfLine(cutter, last)
    const reach = end < 0 ? cutter.held.length : end
    if (reach >= BLOCK_BYTES_MAX)
      return cutter.lines > 0 ? takeGathered(cutter) : takeCut(cutter, end)
    if (end < 0) return null
    if (!isBlankLine(cutter.held, cutter.gathered, end)) cutter.lines += 1
    cutter.gathered = end + 1
    if (cutter.lines === 0) {
      // Blank lines before the first one of a block belong to none.
      cutter.held = cutter.held.subarray(cutter.gathered)
      cutter.gathered = 0
    }
    if (cutter.lines === BLOCK_LINES_MAX) return takeGathered(cutter)
  }
  return last && cutter.lines > 0 ? takeGathered(cutter) : null
}

/** Returns where the line after those gathered ends, or -1 where that is not known yet. */
function endOfLine(cutter: Cutter, last: boolean): number {
  const { held, gathered: start, ranges } = cutter
  const newline = held.indexOf(NEWLINE, start)
  if (newline < 0 && !last) return -1
  const plainEnd = newline < 0 ? held.length : newline
  if (!cutter.csv || !held.subarray(start, plainEnd).includes(QUOTE)) return plainEnd
  // Whether its quotes close can be told once as much is held as they may span.
  if (!last && held.length - start < QUOTED_BYTES_MAX + 2) return -1
  const end = scanCsvLine(held, start, held.length, ranges)
  return end === held.length && !last ? -1 : end
}

function takeGathered(cutter: Cutter): TapeBlock {
  const next = cutter.gathered
  // The newline at the end of the block is not part of it.
  const block = take(cutter, next - 1, cutter.lines)
  cutter.held = cutter.held.subarray(next)
  return block
}

/** Cuts the overlong line that is held short; where it ends may not be known yet. */
function takeCut(cutter: Cutter, end: number): TapeBlock {
  const block = take(cutter, BLOCK_BYTES_MAX, 1)
  cutter.passing = end < 0
  cutter.held = end < 0 ? Buffer.alloc(0) : cutter.held.subarray(end + 1)
  return block
}

function take(cutter: Cutter, end: number, lines: number): TapeBlock {
  const bytes = Buffer.from(cutter.held.subarray(0, end))
  const block = { bytes, lines, firstLine: cutter.firstLine }
  cutter.firstLine += lines
  cutter.gathered = 0
  cutter.lines = 0
  return block
}

function passOver(cutter: Cutter): void {
  const newline = cutter.held.indexOf(NEWLINE)
  cutter.passing = newline < 0
  cutter.held = newline < 0 ? Buffer.alloc(0) : cutter.held.subarray(newline + 1)
}
