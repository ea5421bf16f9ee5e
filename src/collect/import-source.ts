import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AssayError } from '../core/errors.ts'
import { expectedHash } from './import-checksum.ts'
import { findZipEntry, readZipEntry } from './import-zip.ts'
import { readZstd } from './import-zstd.ts'

/** A file somebody brought, identified and ready to be read. */
export interface SourceFile {
  readonly path: string
  /** Name without its folder. */
  readonly name: string
  /**
   * SHA-256 in hex: of the file as stored, compressed or not; of a file in an archive, of its
   * content, so that it is the same tape whatever it came in.
   */
  readonly sha256: string
  /** Whether the stored file was held to a published checksum. */
  readonly verified: boolean
  /** Of the file as stored, or of a file in an archive unpacked. */
  readonly bytes: number
  readonly compression: 'none' | 'gzip' | 'zstd' | 'zip'
  /** Name within the archive; `null` of a file that is none. */
  readonly entry: string | null
}

/** How to open a file. */
export interface SourceOptions {
  readonly signal?: AbortSignal
  /** Which file of an archive. @default the only one */
  readonly entry?: string
  /** The SHA-256 it must have, or a file that says so. @default what lies beside it, if anything */
  readonly checksum?: string
}

/** Leading bytes of what we can unpack, and of archives we name instead of misreading them. */
const MAGIC = { gzip: '1f8b', zstd: '28b52ffd', zip: '504b0304', bzip2: '425a68', xz: 'fd377a58' }

const CHUNK_BYTES = 262_144

/**
 * Looks at a file, takes its hash, and holds it to its published checksum where there is one.
 *
 * @throws AssayError `ASSAY_FILE_UNREADABLE` if it cannot be read, is a folder, is empty, or is
 *   packed in a way we do not unpack; `ASSAY_CHECKSUM_MISMATCH`; `ASSAY_USAGE` where it is not
 *   clear which file of an archive is meant. An `AbortError` if stopped by `signal`.
 */
export async function openSource(path: string, options: SourceOptions = {}): Promise<SourceFile> {
  const { signal } = options
  const name = basename(path)
  try {
    const head = Buffer.alloc(4)
    {
      await using file = await open(path)
      if (!(await file.stat()).isFile()) throw unreadable(name, 'is not a file')
      await file.read(head, 0, 4, 0)
    }
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, signal })) {
      hash.update(chunk as Buffer)
      bytes += (chunk as Buffer).length
    }
    if (bytes === 0) throw unreadable(name, 'is empty')
    const sha256 = hash.digest('hex')
    const expected = await expectedHash(path, options.checksum)
    if (expected !== null && expected !== sha256) throw mismatch(name, { expected, sha256 })
    const compression = compressionOf(head, name)
    const stored = { path, name, sha256, bytes, compression, verified: expected !== null }
    if (compression !== 'zip') return { ...stored, entry: null }
    const entry = await findZipEntry(path, options.entry ?? null)
    return { ...stored, ...(await hashEntry(path, entry, signal)), entry }
  } catch (error) {
    throw asUnreadable(error, name)
  }
}

/**
 * Reads the content of a file, unpacked, chunk by chunk.
 *
 * @param onBytes told how many of the source's bytes were read so far.
 * @throws AssayError `ASSAY_FILE_UNREADABLE` where it cannot be read or unpacked to its end.
 */
export async function* readSource(
  source: SourceFile,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<Buffer> {
  let read = 0
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      read += chunk.length
      onBytes(read)
      yield chunk
    }
  }
  const stored = () => counted(createReadStream(source.path, { highWaterMark: CHUNK_BYTES }))
  try {
    if (source.compression === 'gzip') {
      const unpacked = createGunzip({ chunkSize: CHUNK_BYTES })
      // The pipeline's own error reaches the loop below as well, which is where it is handled.
      pipeline(Readable.from(stored()), unpacked, () => {})
      yield* unpacked
    } else if (source.compression === 'zstd') yield* readZstd(stored())
    else if (source.entry !== null) yield* counted(readZipEntry(source.path, source.entry))
    else yield* stored()
  } catch (error) {
    throw asUnreadable(error, source.name)
  }
}

function compressionOf(head: Buffer, name: string): SourceFile['compression'] {
  const hex = head.toString('hex')
  if (hex.startsWith(MAGIC.gzip)) return 'gzip'
  // A zstd file may open with a skippable frame, whose magic ends in this.
  if (hex.startsWith(MAGIC.zstd) || /^5.2a4d18/.test(hex)) return 'zstd'
  if (hex.startsWith(MAGIC.zip)) return 'zip'
  for (const kind of ['bzip2', 'xz'] as const) {
    if (hex.startsWith(MAGIC[kind])) {
      throw unreadable(name, `is packed as ${kind}; unpack it first, or pack it as .gz or .zst`)
    }
  }
  return 'none'
}

async function hashEntry(
  path: string,
  entry: string,
  signal?: AbortSignal,
): Promise<Pick<SourceFile, 'sha256' | 'bytes'>> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of readZipEntry(path, entry)) {
    signal?.throwIfAborted()
    hash.update(chunk)
    bytes += chunk.length
  }
  return { sha256: hash.digest('hex'), bytes }
}

function mismatch(
  name: string,
  hashes: { readonly expected: string; readonly sha256: string },
): AssayError {
  const message = `${name} is not what was published: its SHA-256 is not ${hashes.expected}.`
  return new AssayError('ASSAY_CHECKSUM_MISMATCH', message, { context: { file: name, ...hashes } })
}

function unreadable(name: string, why: string, cause?: unknown): AssayError {
  const options = { context: { file: name }, cause }
  return new AssayError('ASSAY_FILE_UNREADABLE', `${name} ${why}.`, options)
}

/** Says of any failure but our own that the file cannot be read, and why. */
function asUnreadable(error: unknown, name: string): unknown {
  if (error instanceof AssayError || !(error instanceof Error)) return error
  if (error.name === 'AbortError') return error
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return unreadable(name, 'is not there', error)
  return unreadable(name, `cannot be read: ${error.message}`, error)
}
