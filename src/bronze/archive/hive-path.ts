import { createHash } from 'node:crypto'
import type { RawRecord } from '../../market/record.ts'
import { hourOf, padPos } from '../layout.ts'

// A name of more bytes than this would not fit a file system's 255 beside its key.
const VALUE_LENGTH_MAX = 160
const KEPT_LENGTH = 96

/**
 * Returns the archive folder of a record, below the archive:
 * `dataset=matches/exchange=coinbase/symbol=BTC-USD/year=2026/month=01/day=31/hour=07`.
 *
 * The hour is that of receipt. Whatever a venue calls a symbol, the folder stays inside.
 */
export function hivePath(record: RawRecord): string {
  const [year, month, day, hour] = hourOf(record.receivedTimeUs).split(/[-T]/)
  const venue = record.dialect.split('/', 1)[0] as string
  const symbol = record.symbol === null ? '_none' : hiveValue(record.symbol)
  return [
    `dataset=${hiveValue(record.channel)}`,
    `exchange=${hiveValue(venue)}`,
    `symbol=${symbol}`,
    `year=${year}`,
    `month=${month}`,
    `day=${day}`,
    `hour=${hour}`,
  ].join('/')
}

/** Returns the name of an archived file by the position of its first record. */
export function partName(firstPos: number): string {
  return `part-${padPos(firstPos)}.jsonl.zst`
}

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
