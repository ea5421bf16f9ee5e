import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Pace } from './pace.ts'

/** What a collector of one venue should know after a restart; none of it is a fact. */
export interface CollectorMemory {
  /** Learned paces by channel and symbol; without them a few doubts are false. */
  readonly paces: Readonly<Record<string, Pace>>
  /** Until when the venue asked us to make no request, epoch microseconds; 0 if it did not. */
  readonly pausedUntilUs: number
}

/** Where a collector's memory outlives the process. */
export interface MemoryStore {
  load(): Promise<CollectorMemory>
  save(memory: CollectorMemory): Promise<void>
}

/** What is remembered without a store. */
export const NO_MEMORY: CollectorMemory = Object.freeze({ paces: {}, pausedUntilUs: 0 })

/**
 * Keeps a venue's memory in one small JSON file, replaced whole.
 *
 * A file that is not there or cannot be understood is empty: paces are learned again.
 */
export function createMemoryFile(path: string): MemoryStore {
  let saving: Promise<void> = Promise.resolve()
  async function write(memory: CollectorMemory): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(`${path}.new`, JSON.stringify(memory))
    await rename(`${path}.new`, path)
  }
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch(() => '{}')
      return readMemory(text)
    },
    save(memory) {
      // One after the other: two at once would write into one file.
      saving = saving.catch(() => {}).then(() => write(memory))
      return saving
    },
  }
}

function readMemory(text: string): CollectorMemory {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return NO_MEMORY
  }
  if (!isObject(value)) return NO_MEMORY
  const paces = isObject(value.paces) ? Object.entries(value.paces) : []
  const pausedUntilUs = Number.isSafeInteger(value.pausedUntilUs) ? Number(value.pausedUntilUs) : 0
  return {
    paces: Object.fromEntries(paces.filter((entry): entry is [string, Pace] => isPace(entry[1]))),
    pausedUntilUs,
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPace(value: unknown): value is Pace {
  if (!isObject(value)) return false
  return Number.isFinite(value.meanGapMs) && Number.isSafeInteger(value.samples)
}
