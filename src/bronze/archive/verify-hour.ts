import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { decompressFrame, linesChecksum } from './frame.ts'
import type { ArchivedFile, Manifest } from './manifest.ts'

const NEWLINE = 0x0a

/**
 * Returns the first file of an hour, below `folder`, that does not read back as its manifest
 * says, frame by frame; null if all do.
 */
export function findUnsound(folder: string, manifest: Manifest): string | null {
  for (const file of manifest.files) {
    const path = join(folder, file.path)
    if (!isAsDescribed(path, file)) return path
  }
  return null
}

/** Whether a file's frames hold the lines its manifest was made of, and nothing else. */
function isAsDescribed(path: string, file: ArchivedFile): boolean {
  const hash = createHash('sha256')
  const fd = openIfThere(path)
  if (fd === null) return false
  try {
    for (const frame of file.frames) {
      const packed = Buffer.allocUnsafe(frame.bytes)
      readSync(fd, packed, 0, frame.bytes, frame.offset)
      hash.update(packed)
      const lines = decompressFrame(packed, frame)
      if (lines === null || linesChecksum(lines) !== frame.crc32) return false
      if (countLines(lines) !== frame.records) return false
    }
  } finally {
    closeSync(fd)
  }
  return hash.digest('hex') === file.sha256 && statSync(path).size === file.bytes
}

function countLines(lines: Buffer): number {
  let count = 0
  for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) count++
  return count
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch {
    return null
  }
}
