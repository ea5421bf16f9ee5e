import { assert } from '../core/assert.ts'
import { AssayError } from '../core/errors.ts'

/** How an asset is cut into parts by time, in UTC; `none` where it is one whole. */
export type Partitioning = 'hourly' | 'daily' | 'none'

/** One part of an asset: `[fromUs, toUs)`. */
export interface Partition {
  /** `2026-01-31T07` of an hour, `2026-01-31` of a day; empty where the asset has no parts. */
  readonly key: string
  readonly fromUs: number
  readonly toUs: number
}

const WIDTH_US = { hourly: 3_600_000_000, daily: 86_400_000_000 } as const

const KEY_LENGTH = { hourly: 13, daily: 10 } as const

/** The one part of an asset that is not cut. */
export const WHOLE: Partition = { key: '', fromUs: 0, toUs: Number.MAX_SAFE_INTEGER }

/** Returns how long a part is, in microseconds; of a whole, as long as can be. */
export function partitionWidthUs(partitioning: Partitioning): number {
  return partitioning === 'none' ? WHOLE.toUs : WIDTH_US[partitioning]
}

/** Returns the part that holds a time; a time on a boundary belongs to the later part. */
export function partitionAt(partitioning: Partitioning, timeUs: number): Partition {
  if (partitioning === 'none') return WHOLE
  assert(Number.isSafeInteger(timeUs) && timeUs >= 0, 'time is whole epoch microseconds')
  const widthUs = WIDTH_US[partitioning]
  const fromUs = timeUs - (timeUs % widthUs)
  const key = new Date(fromUs / 1000).toISOString().slice(0, KEY_LENGTH[partitioning])
  return { key, fromUs, toUs: fromUs + widthUs }
}

/**
 * Reads a key.
 *
 * @throws ASSAY_USAGE when it is none of this partitioning.
 */
export function parsePartition(partitioning: Partitioning, key: string): Partition {
  if (partitioning === 'none') {
    if (key === '') return WHOLE
    throw new AssayError('ASSAY_USAGE', `this asset has no partitions, so none is called ${key}`)
  }
  const text = partitioning === 'hourly' ? `${key}:00:00Z` : `${key}T00:00:00Z`
  const timeMs = Date.parse(text)
  const found = timeMs >= 0 ? partitionAt(partitioning, timeMs * 1000) : null
  if (found?.key === key) return found
  const like = partitioning === 'hourly' ? '2026-01-31T07' : '2026-01-31'
  throw new AssayError(
    'ASSAY_USAGE',
    `${key} is no ${partitioning} partition: write it as ${like}, in UTC`,
  )
}

/** Yields the parts that begin within `[fromUs, toUs)`, the earliest first. */
export function* partitionsIn(
  partitioning: Partitioning,
  fromUs: number,
  toUs: number,
): Generator<Partition> {
  if (partitioning === 'none') {
    yield WHOLE
    return
  }
  const first = partitionAt(partitioning, fromUs)
  let part = first.fromUs < fromUs ? partitionAt(partitioning, first.toUs) : first
  for (; part.fromUs < toUs; part = partitionAt(partitioning, part.toUs)) yield part
}

/** Returns the parts of another asset that share time with a part of this one. */
export function overlapping(partition: Partition, other: Partitioning): Partition[] {
  if (other === 'none') return [WHOLE]
  if (partition.key === '') return []
  const first = partitionAt(other, partition.fromUs)
  return [...partitionsIn(other, first.fromUs, partition.toUs)]
}
