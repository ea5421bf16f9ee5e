import { createHash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { AssayError } from '../../core/errors.ts'
import { writeFailure } from '../../core/write-failure.ts'
import { makeFolder, syncPath } from '../folder.ts'

const { ZSTD_c_checksumFlag, ZSTD_c_compressionLevel } = constants
const PARAMS = { [ZSTD_c_compressionLevel]: 9, [ZSTD_c_checksumFlag]: 1 }

/** A file of lines, as it was written and read back. */
export interface LinesFile {
  readonly lines: number
  readonly bytes: number
  /** Of the lines, each ended by a newline. */
  readonly sha256: string
}

/**
 * Writes lines as one zstd frame, durably and whole, and proves it by reading it back: as many
 * lines, of the same digest. The same lines give the same bytes.
 *
 * @throws ASSAY_CHECKSUM_MISMATCH where they do not read back; ASSAY_DISK_FULL,
 * ASSAY_READ_ONLY or ASSAY_FILE_UNREADABLE where the file cannot be written.
 */
export function writeLinesFile(path: string, lines: readonly string[]): LinesFile {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const sha256 = digestOf(text)
  const packed = zstdCompressSync(text, { params: PARAMS })
  const part = `${path}.part`
  try {
    makeFolder(dirname(path))
    writeFileSync(part, packed)
    syncPath(part)
    const found = zstdDecompressSync(readFileSync(part))
    if (found.length !== text.length || digestOf(found) !== sha256) {
      const context = { path, lines: lines.length }
      throw new AssayError('ASSAY_CHECKSUM_MISMATCH', `${path} does not read back as written`, {
        context,
      })
    }
    renameSync(part, path)
    syncPath(dirname(path))
  } catch (cause) {
    throw cause instanceof AssayError ? cause : writeFailure(path, cause)
  }
  return { lines: lines.length, bytes: packed.length, sha256 }
}

/** Returns the SHA-256 of lines as {@link writeLinesFile} writes them. */
export function digestLines(lines: readonly string[]): string {
  return digestOf(Buffer.from(lines.map((line) => `${line}\n`).join('')))
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
