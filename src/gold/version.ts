import { createHash } from 'node:crypto'
import type { GoldOutcome } from './run.ts'

/** Lines are hashed so many characters at a time. */
const CHUNK = 65_536

/**
 * A digest of rows in the order they are told: one line each, its values parted by tabs, an
 * absent one as `null`. An instrument is told as `venue:symbol`, never by its number.
 */
export class Version {
  readonly #hash = createHash('sha256')
  #pending = ''
  #rows = 0

  /** Takes one row; texts in it are canonical decimals, names and words of ours. */
  add(values: readonly (string | number | null)[]): void {
    this.#pending += `${values.map(String).join('\t')}\n`
    this.#rows += 1
    if (this.#pending.length > CHUNK) this.#flush()
  }

  /** Returns how many rows there were, and the digest of all; nothing is added after. */
  outcome(): GoldOutcome {
    this.#flush()
    return { rows: this.#rows, version: this.#hash.digest('hex') }
  }

  #flush(): void {
    this.#hash.update(this.#pending)
    this.#pending = ''
  }
}
