import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Pace, PaceStore } from './pace.ts'

/**
 * Keeps paces in one small JSON file, replaced whole.
 *
 * A file that is not there or cannot be understood is empty: paces are learned again.
 */
export function createPaceFile(path: string): PaceStore {
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch(() => '{}')
      return readPaces(text)
    },
    async save(paces) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(`${path}.new`, JSON.stringify(paces))
      await rename(`${path}.new`, path)
    },
  }
}

function readPaces(text: string): Record<string, Pace> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {}
  }
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter((entry) => isPace(entry[1])))
}

function isPace(value: unknown): value is Pace {
  if (typeof value !== 'object' || value === null) return false
  if (!('meanGapMs' in value) || !('samples' in value)) return false
  return Number.isFinite(value.meanGapMs) && Number.isSafeInteger(value.samples)
}
