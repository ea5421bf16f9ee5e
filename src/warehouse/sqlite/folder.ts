import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { AssayError, systemCode } from '../../core/errors.ts'

/**
 * The folder of an SQLite warehouse:
 *
 *     current              the name of the generation in force, one line
 *     gen-000001.sqlite    a generation, with SQLite's own `-wal` and `-shm` beside it
 *     writer.lock          held by whoever writes, with the holder's name beside it
 *
 * A name is never used again once it was current, so a reader that still has an old
 * generation open cannot meet the files of another under its name.
 */
const GENERATION = /^gen-[0-9]{6,}$/
const GENERATION_FILE = /^(gen-[0-9]{6,})\.sqlite(?:-wal|-shm|-journal)?$/

/** The first generation of a warehouse that never had one. */
export const FIRST_GENERATION = 'gen-000001'

/** Returns the name of the generation in force, or `null` where there is none yet. */
export function currentGeneration(folder: string): string | null {
  let text: string
  try {
    text = readFileSync(join(folder, 'current'), 'utf8').trim()
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null
    throw folderError(error, folder)
  }
  if (GENERATION.test(text)) return text
  throw new AssayError(
    'ASSAY_WAREHOUSE_UNAVAILABLE',
    `the warehouse ${folder} does not say which generation is current; rebuild it`,
    { context: { folder } },
  )
}

/** Returns the path of a generation's file. */
export function generationPath(folder: string, generation: string): string {
  return join(folder, `${generation}.sqlite`)
}

/** Returns a name that no generation in the folder has, and that none before them had. */
export function nextGeneration(folder: string): string {
  const numbers = generationsIn(folder).map((name) => Number(name.slice(4)))
  const current = currentGeneration(folder)
  if (current !== null) numbers.push(Number(current.slice(4)))
  return `gen-${String(Math.max(0, ...numbers) + 1).padStart(6, '0')}`
}

/** Makes the folder if it is missing. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    // What making a path fails with on a read-only disk: nothing else there can be missing.
    throw systemCode(error) === 'ENOENT' ? readOnly(folder, error) : folderError(error, folder)
  }
}

/** Deletes the files of every generation but the current one: what a crash or a swap left. */
export function removeOtherGenerations(folder: string): void {
  const current = currentGeneration(folder)
  for (const name of generationsIn(folder)) {
    if (name !== current) removeGeneration(folder, name)
  }
}

/** Deletes a generation's files; whoever has them open keeps reading them. */
export function removeGeneration(folder: string, generation: string): void {
  for (const ending of ['', '-wal', '-shm', '-journal']) {
    rmSync(`${generationPath(folder, generation)}${ending}`, { force: true })
  }
}

/** Makes a generation the current one, durably and in one step. */
export function switchGeneration(folder: string, generation: string): void {
  const next = join(folder, 'current.next')
  try {
    const file = openSync(next, 'w')
    try {
      writeSync(file, `${generation}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    syncPath(folder)
    renameSync(next, join(folder, 'current'))
    syncPath(folder)
  } catch (error) {
    throw folderError(error, folder)
  }
}

/** Makes a file's bytes, or a folder's names, survive a power cut. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function generationsIn(folder: string): string[] {
  const names = readdirSync(folder).map((name) => GENERATION_FILE.exec(name)?.[1])
  return [...new Set(names.filter((name) => name !== undefined))]
}

function folderError(error: unknown, folder: string): unknown {
  const options = { context: { folder }, cause: error }
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new AssayError('ASSAY_DISK_FULL', `no room left in the warehouse ${folder}`, options)
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return readOnly(folder, error)
    case 'EEXIST':
    case 'ENOTDIR':
      return new AssayError('ASSAY_WAREHOUSE_UNAVAILABLE', `${folder} is no folder`, options)
    default:
      return error
  }
}

function readOnly(folder: string, cause: unknown): AssayError {
  return new AssayError('ASSAY_READ_ONLY', `the warehouse ${folder} cannot be written`, {
    context: { folder },
    cause,
  })
}
