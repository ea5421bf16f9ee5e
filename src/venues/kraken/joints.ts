/** Returns the text that stands between two values of a frame, as bytes: ASCII. */
export function joint(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

/** Tells whether a joint stands at `at`; before and beyond the ends of `bytes` nothing stands. */
export function isAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  const { length } = text
  if (at < 0 || at + length > bytes.length) return false
  for (let i = 0; i < length; i += 1) if (bytes[at + i] !== text[i]) return false
  return true
}

/** Bytes of a JSON number: digits, point and signs, and the letters of an exponent. */
const IN_NUMBERS = Uint8Array.from({ length: 256 }, (_, byte) =>
  '0123456789.-+eE'.includes(String.fromCharCode(byte)) ? 1 : 0,
)

/** Returns the index of the first byte from `start` that no JSON number holds. */
export function skipNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && IN_NUMBERS[bytes[at] as number] === 1) at += 1
  return at
}

/** Returns the index of the quote that ends a string without escapes, or -1 where it has one. */
export function plainEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at]
    if (byte === 0x22) return at
    if (byte === 0x5c) return -1
    at += 1
  }
  return -1
}
