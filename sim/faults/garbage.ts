import type { GarbageVariant } from './fault.ts'

const LONG_SYMBOL = 'A'.repeat(1 << 20)
const NESTING = 200_000

// What each dialect calls the fields that are spoilt; the first that a frame has is meant.
const FIELDS = {
  price: ['price', 'p'],
  size: ['size', 'qty', 'q'],
  symbol: ['product_id', 'symbol', 's'],
  id: ['trade_id', 'f', 't'],
} as const

function nameOf(frame: string, field: keyof typeof FIELDS): string {
  return FIELDS[field].find((name) => frame.includes(`"${name}":`)) ?? FIELDS[field][0]
}

// Kraken writes numbers bare: what replaces one then stands bare as well.
function withField(frame: string, field: keyof typeof FIELDS, text: string): string {
  const pattern = new RegExp(`"${nameOf(frame, field)}":("[^"]*"|[-+.0-9eE]+)`)
  return frame.replace(pattern, (whole, value: string) => {
    const name = whole.slice(0, -value.length)
    return `${name}${value.startsWith('"') ? `"${text}"` : text}`
  })
}

function invalidUtf8(frame: string): Buffer {
  const bytes = Buffer.from(frame)
  // 0xC3 opens a two-byte character and 0x28 cannot end one.
  const middle = bytes.length >> 1
  bytes[middle] = 0xc3
  bytes[middle + 1] = 0x28
  return bytes
}

const TEXTS: Readonly<Partial<Record<GarbageVariant, (frame: string) => string>>> = {
  malformed: (frame) => frame.replace(':', ' '),
  truncated: (frame) => frame.slice(0, frame.length >> 1),
  exponent_price: (frame) => withField(frame, 'price', '1e400'),
  nan_price: (frame) => withField(frame, 'price', 'NaN').replace('"NaN"', 'NaN'),
  proto: (frame) => frame.replace('{', '{"__proto__":{"price":"1","side":"buy"},'),
  long_symbol: (frame) => withField(frame, 'symbol', LONG_SYMBOL),
  negative_price: (frame) => withField(frame, 'price', '-1.5'),
  zero_price: (frame) => withField(frame, 'price', '0.00'),
  negative_size: (frame) => withField(frame, 'size', '-0.1'),
  nested: () => `{"type":"match","deep":${'['.repeat(NESTING)}${']'.repeat(NESTING)}}`,
  huge_integer: (frame) =>
    frame.replace(new RegExp(`"${nameOf(frame, 'id')}":"?\\d+`), (id) => `${id}99999999999`),
  lone_surrogate: (frame) => withField(frame, 'symbol', 'BTC\\ud800-USD'),
  sql_symbol: (frame) => withField(frame, 'symbol', "BTC-USD'; DROP TABLE trades; --"),
  path_symbol: (frame) => withField(frame, 'symbol', '../../../etc/passwd'),
  unknown_type: () => '{"type":"weather","product_id":"BTC-USD","outlook":"mixed"}',
  missing_field: (frame) =>
    frame.replace(new RegExp(`"${nameOf(frame, 'size')}":("[^"]*"|[-+.0-9eE]+),`), ''),
  extra_field: (frame) => frame.replace('{', '{"settlement":{"venue":"new","legs":[1,2]},'),
}

/** A frame as bytes, and the WebSocket opcode to send it under. */
export interface GarbageFrame {
  readonly bytes: Buffer
  readonly binary: boolean
}

/**
 * Returns a spoilt copy of a true trade frame, in any dialect.
 *
 * The truth stays provable: every variant either has no trade a decoder may accept, or names a
 * product the venue does not list, or (`proto`, `extra_field`) says in all that counts what the
 * true frame says. So what reaches silver from garbage is a rejection or a plain duplicate, and
 * a pipeline that takes more than that has tables that differ from the truth. `huge_integer`
 * lengthens the trade id beyond what a double holds.
 *
 * `invalid_utf8` goes out as a *text* frame, against the protocol: a client that validates
 * UTF-8 closes the connection, one that does not can keep the bytes.
 */
export function garbageBytes(variant: GarbageVariant, frame: string): GarbageFrame {
  if (variant === 'binary') return { bytes: Buffer.from(frame).fill(0x9d, 0, 64), binary: true }
  if (variant === 'invalid_utf8') return { bytes: invalidUtf8(frame), binary: false }
  return { bytes: Buffer.from(TEXTS[variant]!(frame)), binary: false }
}

/** Returns a frame of so many bytes: an object that begins with `head`, and then mere blanks. */
export function oversizedBytes(head: string, bytes: number): Buffer {
  const frame = Buffer.alloc(bytes, ' ')
  frame.write(head, 'latin1')
  frame.write('}', bytes - 1, 'latin1')
  return frame
}
