/** Which positions of `[fromPos, endPos)` have been seen: one bit each. */
export class PositionSet {
  readonly #fromPos: number
  readonly #length: number
  readonly #bits: Uint8Array
  #count = 0

  constructor(fromPos: number, endPos: number) {
    this.#fromPos = fromPos
    this.#length = endPos - fromPos
    this.#bits = new Uint8Array(Math.ceil(this.#length / 8))
  }

  /** Adds a position; returns false if it is outside or was seen before. */
  add(pos: number): boolean {
    const index = pos - this.#fromPos
    if (index < 0 || index >= this.#length) return false
    const bit = 1 << (index & 7)
    const byte = this.#bits[index >> 3] as number
    if ((byte & bit) !== 0) return false
    this.#bits[index >> 3] = byte | bit
    this.#count++
    return true
  }

  /** Whether every position was seen. */
  get isFull(): boolean {
    return this.#count === this.#length
  }
}
