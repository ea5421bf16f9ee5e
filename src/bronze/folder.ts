import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { systemCode } from '../core/errors.ts'

/**
 * Makes a folder and what is missing above it, so that a power cut does not take them again.
 *
 * @throws the system's own error: EROFS, EACCES, ENOSPC
 */
export function makeFolder(path: string): void {
  let first: string | undefined
  try {
    first = mkdirSync(path, { recursive: true })
  } catch (error) {
    // What Node says of every failed recursive mkdir; making one folder tells the true cause.
    if (systemCode(error) === 'ENOENT') mkdirSync(firstMissing(path))
    throw error
  }
  if (first === undefined) return
  let folder = dirname(first)
  syncPath(folder)
  for (const part of relative(folder, dirname(path)).split(sep).filter(Boolean)) {
    folder = join(folder, part)
    syncPath(folder)
  }
}

function firstMissing(path: string): string {
  const parent = dirname(path)
  return existsSync(parent) || parent === path ? path : firstMissing(parent)
}

/** Makes a file's content, or the names in a folder, durable. Blocks meanwhile. */
export function syncPath(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes the names in a folder durable, on the thread pool. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
