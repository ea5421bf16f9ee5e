import { createHash } from 'node:crypto'

// A name of more bytes than this would not fit a file system's 255 beside its key.
const VALUE_LENGTH_MAX = 160
const KEPT_LENGTH = 96

/**
 * Returns any text as part of a folder's name: letters, digits, dots, dashes and underscores
 * stand, all else is percent-encoded, byte by byte. No two texts share a name: a leading
 * underscore is encoded, since `_none` and `_empty` are ours, and what is too long is cut and
 * told apart by its hash.
 */
export function hiveValue(text: string): string {
  if (text === '') return '_empty'
  const bytes = Buffer.from(text, 'utf8')
  const encoded = encode(bytes.subarray(0, VALUE_LENGTH_MAX))
  const value = encoded.startsWith('_') ? `%5F${encoded.slice(1)}` : encoded
  if (bytes.length <= VALUE_LENGTH_MAX && value.length <= VALUE_LENGTH_MAX) return value
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  return `${value.slice(0, KEPT_LENGTH)}~${hash}`
}

const PLAIN = /[A-Za-z0-9._-]/

function encode(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) {
    const char = String.fromCharCode(byte)
    text += PLAIN.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}
