import { join, resolve } from 'node:path'

/** The recorded data; suites that need it say so and are skipped where it is absent. */
export const DATA = resolve(import.meta.dirname, '../../../shared/data')

/** Log time by which a minute is final, after its end. */
export const GRACE_US = 10_000_000

/** Returns the address of the warehouse in a data folder. */
export function urlOf(dataDir: string): string {
  return `sqlite:${join(dataDir, 'warehouse')}`
}
