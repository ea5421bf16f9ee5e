import { crc32 } from 'node:zlib'

/** What a commit line says of the batch it ends. */
export interface Commit {
  /** First position of the batch. */
  readonly pos: number
  /** Records in it, at consecutive positions. */
  readonly count: number
  /** Length of the record lines before this line, newlines included. */
  readonly bytes: number
  /** The line up to its checksum. */
  readonly facts: string
  /** Of the record lines, and then of `facts`. */
  readonly crc32: number
}

/** How every commit line begins. No record line does, and no payload holds a raw newline. */
export const COMMIT_START = '{"commit":'

/** No commit line is longer: three safe integers and the rest. */
export const COMMIT_BYTES_MAX = 128

const FACTS = /\{"commit":\{"pos":(\d{1,16}),"count":(\d{1,16}),"bytes":(\d{1,16}),/
const COMMIT_PATTERN = new RegExp(`^(${FACTS.source})"crc32":"([0-9a-f]{8})"\\}\\}$`)

/** Returns the commit line, newline included, for the record lines `bytes[start, end)`. */
export function commitLine(batch: {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly pos: number
  readonly count: number
}): string {
  const { bytes, start, end, pos, count } = batch
  const facts = `${COMMIT_START}{"pos":${pos},"count":${count},"bytes":${end - start},`
  const sum = checksum(bytes, start, end, facts)
  return `${facts}"crc32":"${sum.toString(16).padStart(8, '0')}"}}\n`
}

/** Reads the line `bytes[start, end)`, newline left out; null if it is no commit line. */
export function parseCommit(bytes: Buffer, start: number, end: number): Commit | null {
  if (end - start > COMMIT_BYTES_MAX) return null
  const found = COMMIT_PATTERN.exec(bytes.toString('latin1', start, end))
  if (found === null) return null
  const [pos, count, length] = [Number(found[2]), Number(found[3]), Number(found[4])]
  if (!Number.isSafeInteger(pos + count) || count === 0) return null
  const facts = found[1] as string
  return { pos, count, bytes: length, facts, crc32: Number.parseInt(found[5] as string, 16) }
}

/** Returns whether the record lines `bytes[start, end)` are those the commit line vouches for. */
export function isWhole(bytes: Buffer, start: number, end: number, commit: Commit): boolean {
  if (end - start !== commit.bytes) return false
  return checksum(bytes, start, end, commit.facts) === commit.crc32
}

// The facts are summed as well: a digit of `pos` that rots would move good records elsewhere.
function checksum(bytes: Buffer, start: number, end: number, facts: string): number {
  return crc32(facts, crc32(bytes.subarray(start, end)))
}
