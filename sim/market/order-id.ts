const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

// The finisher of MurmurHash3: every bit of the input reaches every bit of the output.
function mix(word: number): number {
  let hash = word
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function word(value: number): string {
  return (
    HEX[value >>> 24]! + HEX[(value >>> 16) & 255]! + HEX[(value >>> 8) & 255]! + HEX[value & 255]!
  )
}

/**
 * Returns the version 4 UUID of an order, a function of the product's salt and the order's
 * ordinal: looked up at will and never stored.
 */
export function orderId(salt: number, ordinal: number): string {
  const a = mix(ordinal ^ salt)
  const b = mix(a + 0x9e3779b9 + salt)
  const c = mix(b + 0x7f4a7c15 + ordinal)
  const d = mix(c + 0x94d049bb + a)
  const second = word(((b & 0xffff0fff) | 0x4000) >>> 0)
  const third = word(((c & 0x3fffffff) | 0x80000000) >>> 0)
  const middle = `${second.slice(0, 4)}-${second.slice(4)}-${third.slice(0, 4)}`
  return `${word(a)}-${middle}-${third.slice(4)}${word(d)}`
}
