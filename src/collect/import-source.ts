import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AssayError } from '../core/errors.ts'
import { readZstd } from './import-zstd.ts'

/** A file somebody brought, identified and ready to be read. */
export interface SourceFile {
  readonly path: string
  /** Name without its folder. */
  readonly name: string
  /** SHA-256 of the file as stored, compressed or not, in hex. */
  readonly sha256: string
  readonly bytes: number
  readonly compression: 'none' | 'gzip' | 'zstd'
}

/** Leading bytes of what we can unpack, and of archives we name instead of misreading them. */
const MAGIC = { gzip: '1f8b', zstd: '28b52ffd', zip: '504b0304', bzip2: '425a68', xz: 'fd377a58' }

const CHUNK_BYTES = 262_144

/**
 * Looks at a file and takes its hash.
 *
 * @throws AssayError `ASSAY_FILE_UNREADABLE` if it cannot be read, is a folder, is empty, or is
 *   packed in a way we do not unpack. An `AbortError` if stopped by `signal`.
 */
export async function openSource(path: string, signal?: AbortSignal): Promise<SourceFile> {
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
    return { path, name, sha256: hash.digest('hex'), bytes, compression: compressionOf(head, name) }
  } catch (error) {
    throw asUnreadable(error, name)
  }
}

/**
 * Reads the content of a file, unpacked, chunk by chunk.
 *
 * @param onBytes told how many bytes of the stored file were read so far.
 * @throws AssayError `ASSAY_FILE_UNREADABLE` where it cannot be read or unpacked to its end.
 */
export async function* readSource(
  source: SourceFile,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<Buffer> {
  let read = 0
  async function* stored(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(source.path, { highWaterMark: CHUNK_BYTES })) {
      read += (chunk as Buffer).length
      onBytes(read)
      yield chunk as Buffer
    }
  }
  try {
    if (source.compression === 'gzip') {
      const unpacked = createGunzip({ chunkSize: CHUNK_BYTES })
      // The pipeline's own error reaches the loop below as well, which is where it is handled.
      pipeline(Readable.from(stored()), unpacked, () => {})
      yield* unpacked
    } else if (source.compression === 'zstd') yield* readZstd(stored())
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
  for (const kind of ['zip', 'bzip2', 'xz'] as const) {
    if (hex.startsWith(MAGIC[kind])) {
      throw unreadable(name, `is a ${kind} archive; unpack it first, or pack it as .gz or .zst`)
    }
  }
  return 'none'
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
