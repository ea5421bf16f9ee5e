import type { Origin } from '../../market/record.ts'
import { ORIGINS } from '../../market/record.ts'

/**
 * A stretch of a header seen before, kept as 64-bit words so that a new line is compared with
 * it eight bytes at a time (measured: a third faster than four). At least eight bytes long.
 */
export interface Template {
  readonly length: number
  readonly words: BigInt64Array
  /** The last eight bytes, which overlap the last whole word. */
  readonly last: bigint
}

/** Returns whether the bytes from `at`, all before `end`, are those of the template. */
export function matches(view: DataView, at: number, end: number, template: Template): boolean {
  if (at + template.length > end) return false
  const words = template.words
  for (let index = 0; index < words.length; index++) {
    if (view.getBigInt64(at + index * 8, true) !== words[index]) return false
  }
  return view.getBigInt64(at + template.length - 8, true) === template.last
}

function createTemplate(view: DataView, start: number, end: number): Template {
  const words = new BigInt64Array((end - start) >> 3)
  for (let index = 0; index < words.length; index++) {
    words[index] = view.getBigInt64(start + index * 8, true)
  }
  return { length: end - start, words, last: view.getBigInt64(end - 8, true) }
}

/** `,"dialect":…,"channel":…,"symbol":` and the symbols seen after it, by a hash of their start. */
export interface FeedTemplate extends Template {
  readonly dialect: string
  readonly channel: string
  readonly symbols: Map<number, SymbolTemplate>
}

/** `"BTC-USD","origin":"ws","receivedTimeUs":` */
export interface SymbolTemplate extends Template {
  readonly symbol: string | null
  readonly origin: Origin
}

/** `,"conn":"…","frame":` */
export interface ConnTemplate extends Template {
  readonly conn: string
}

/** Reads a feed stretch from its start; null if the line is not as we write it. */
export function readFeed(bytes: Buffer, view: DataView, start: number): FeedTemplate | null {
  const walk = { bytes, at: start }
  if (!take(walk, ',"dialect":')) return null
  const dialect = takeText(walk)
  if (dialect === null || !take(walk, ',"channel":')) return null
  const channel = takeText(walk)
  if (channel === null || !take(walk, ',"symbol":')) return null
  return { ...createTemplate(view, start, walk.at), dialect, channel, symbols: new Map() }
}

/** Reads a symbol stretch from its start; null if the line is not as we write it. */
export function readSymbol(bytes: Buffer, view: DataView, start: number): SymbolTemplate | null {
  const walk = { bytes, at: start }
  const symbol = take(walk, 'null') ? null : takeText(walk)
  if ((symbol === null && walk.at === start) || !take(walk, ',"origin":')) return null
  const origin = takeText(walk)
  if (origin === null || !isOrigin(origin) || !take(walk, ',"receivedTimeUs":')) return null
  return { ...createTemplate(view, start, walk.at), symbol, origin }
}

/** Reads a connection stretch from its start; null if the line is not as we write it. */
export function readConn(bytes: Buffer, view: DataView, start: number): ConnTemplate | null {
  const walk = { bytes, at: start }
  if (!take(walk, ',"conn":')) return null
  const conn = takeText(walk)
  if (conn === null || !take(walk, ',"frame":')) return null
  return { ...createTemplate(view, start, walk.at), conn }
}

interface Walk {
  readonly bytes: Buffer
  at: number
}

function take(walk: Walk, literal: string): boolean {
  const end = walk.at + literal.length
  if (walk.bytes.toString('latin1', walk.at, end) !== literal) return false
  walk.at = end
  return true
}

function takeText(walk: Walk): string | null {
  const { bytes, at } = walk
  if (bytes[at] !== 0x22) return null
  let end = at + 1
  while (end < bytes.length && bytes[end] !== 0x22 && bytes[end] !== 0x0a) {
    end += bytes[end] === 0x5c ? 2 : 1
  }
  if (bytes[end] !== 0x22) return null
  walk.at = end + 1
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8', at, walk.at))
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}

function isOrigin(text: string): text is Origin {
  return (ORIGINS as readonly string[]).includes(text)
}
