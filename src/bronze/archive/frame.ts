import { readSync } from 'node:fs'
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Frame } from './manifest.ts'

/** Lines gathered before they are compressed together. */
export const FRAME_BYTES = 1024 * 1024

const { ZSTD_c_checksumFlag, ZSTD_c_compressionLevel } = constants
// Order ids are random: on what carries them higher levels gain nothing, and may lose.
const QUICK = 1
const HARD = 12

/** Compresses whole lines into one zstd frame, quickly: it is done beside a collector. */
export function compressFrame(lines: Buffer): Buffer {
  return compress(lines, QUICK)
}

/** Compresses whole lines into one zstd frame, harder where that makes it smaller. */
export function compressTightly(lines: Buffer): Buffer {
  const [quick, hard] = [compress(lines, QUICK), compress(lines, HARD)]
  return hard.length < quick.length ? hard : quick
}

function compress(lines: Buffer, level: number): Buffer {
  // Without the flag a flipped bit is decoded as if nothing were wrong.
  const params = { [ZSTD_c_compressionLevel]: level, [ZSTD_c_checksumFlag]: 1 }
  return zstdCompressSync(lines, { params })
}

/** Returns a frame's lines from the open file `fd`; null if they are not what was archived. */
export function readFrame(fd: number, frame: Frame): Buffer | null {
  const packed = Buffer.allocUnsafe(frame.bytes)
  if (readSync(fd, packed, 0, frame.bytes, frame.offset) < frame.bytes) return null
  return decompressFrame(packed, frame)
}

/** Returns the lines of `packed`, frame by frame since Node decodes no more than the first. */
export function decompressFrame(packed: Buffer, frame: Frame): Buffer | null {
  try {
    // The bound keeps a rotten length from asking for all of the memory.
    const lines = zstdDecompressSync(packed, { maxOutputLength: frame.rawBytes })
    return lines.length === frame.rawBytes ? lines : null
  } catch {
    return null
  }
}

/** Returns the checksum a manifest keeps of a frame's lines. */
export function linesChecksum(lines: Uint8Array): string {
  return crc32(lines).toString(16).padStart(8, '0')
}
