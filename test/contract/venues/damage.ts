import type { Random } from '../../../src/core/random.ts'

const JUNK = [0, 9, 10, 32, 34, 44, 45, 48, 57, 58, 91, 92, 93, 101, 123, 125]

/** Changes, drops, doubles or cuts a few bytes; returns the payload so damaged. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  let out = bytes
  for (let change = random.int(1, 4); change > 0; change -= 1) {
    const at = random.int(0, out.length)
    const length = random.int(1, 12)
    const junk = random.next() < 0.2 ? random.int(0, 255) : random.pick(JUNK)
    const rest = out.subarray(Math.min(out.length, at + length))
    const how = random.int(0, 4)
    if (how === 0 && random.next() < 0.2) out = out.slice(0, at)
    else if (how === 1) out = Buffer.concat([out.subarray(0, at), rest])
    else if (how === 2) out = Buffer.concat([out.subarray(0, at + length), out.subarray(at)])
    else if (how === 3) out = Buffer.concat([out.subarray(0, at), Buffer.of(junk), rest])
    else if (at < out.length) out[at] = junk
  }
  return out
}
