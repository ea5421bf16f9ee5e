import type { TimeUnit } from './time.ts'
import { dateUs } from './time.ts'

/** What a tape file holds: executions, or a venue's candles. */
export type TapeKind = 'trades' | 'klines'

/** Fields of a trade that a column may fill; a field's index here is its place in a plan. */
export const TRADE_FIELDS = [
  'trade_id',
  'first_id',
  'last_id',
  'time',
  'price',
  'size',
  'side',
  'symbol',
] as const

/** Fields of a candle that a column may fill; a field's index here is its place in a plan. */
export const KLINE_FIELDS = [
  'open_time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'notional',
  'trade_count',
  'taker_buy_volume',
  'close_time',
  'symbol',
] as const

/** Fields without which a line says nothing. */
export const REQUIRED_FIELDS: Readonly<Record<TapeKind, readonly string[]>> = {
  trades: ['time', 'price', 'size'],
  klines: ['open_time', 'open', 'high', 'low', 'close', 'volume'],
}

/** One column of a file and how to read it: `timestamp:us`, `c0:ms@2016-10-07`, `m:maker`. */
export interface ColumnSpec {
  /** Name of a CSV column or a JSON key; `c0`, `c1` … count columns where there are no names. */
  readonly column: string
  readonly unit: TimeUnit
  /** Added to a time that counts from this date instead of from 1970; epoch microseconds. */
  readonly baseUs: number
  /** The column tells the maker's side, which is the opposite of the taker's. */
  readonly maker: boolean
}

/** Where each wanted field stands in the columns of one file. */
export interface ColumnPlan {
  readonly kind: TapeKind
  /** The columns to look at: all of a CSV's, only the wanted ones of a JSON Lines file. */
  readonly columns: readonly string[]
  /** By field: index into `columns`, or -1 where the file does not tell. */
  readonly columnOf: Int32Array
  /** By field. */
  readonly specs: readonly (ColumnSpec | null)[]
}

/** Why a column map does not fit a file: one sentence naming what is wrong. */
export interface ColumnProblem {
  readonly problem: string
}

const UNITS: readonly string[] = ['s', 'ms', 'us', 'ns', 'iso', 'auto']
const SUFFIX = /^(.+):([a-z]+)(?:@(.+))?$/s
const POSITION = /^c?(0|[1-9][0-9]{0,3})$/

/** Returns the fields a kind of tape knows, in the order of a plan. */
export function fieldsOf(kind: TapeKind): readonly string[] {
  return kind === 'trades' ? TRADE_FIELDS : KLINE_FIELDS
}

/**
 * Reads one entry of a column map.
 *
 * What follows the last colon is taken as a unit only if it is one, so that names with colons
 * in them stay whole. A date after `@` that is none is a problem.
 */
export function parseColumnSpec(text: string): ColumnSpec | ColumnProblem {
  const match = SUFFIX.exec(text)
  const [, column = '', unit = '', date] = match ?? []
  if (match === null || (unit !== 'maker' && unit !== 'taker' && !UNITS.includes(unit))) {
    return { column: text, unit: 'auto', baseUs: 0, maker: false }
  }
  const baseUs = date === undefined ? 0 : dateUs(date)
  if (baseUs < 0) return { problem: `"${date}" in "${text}" is no date such as 2016-10-07` }
  if (unit === 'maker' || unit === 'taker') {
    return { column, unit: 'auto', baseUs, maker: unit === 'maker' }
  }
  return { column, unit: unit as TimeUnit, baseUs, maker: false }
}

/**
 * Fits a column map to a file: every wanted field finds its column, or the answer says why not.
 *
 * @param header the file's column names; `null` for JSON Lines, where keys are looked up by line.
 */
export function planColumns(
  kind: TapeKind,
  map: Readonly<Record<string, string>>,
  header: readonly string[] | null,
): ColumnPlan | ColumnProblem {
  const fields = fieldsOf(kind)
  const stranger = Object.keys(map).find((field) => !fields.includes(field))
  if (stranger !== undefined) {
    return { problem: `"${stranger}" is no field of ${kind}; they are ${fields.join(', ')}` }
  }
  const missing = REQUIRED_FIELDS[kind].filter((field) => map[field] === undefined)
  if (missing.length > 0) return { problem: `no column is given for ${missing.join(', ')}` }
  const lone = loneId(map)
  if (lone !== null) return { problem: lone }
  const columns: string[] = header === null ? [] : [...header]
  const columnOf = new Int32Array(fields.length).fill(-1)
  const specs: (ColumnSpec | null)[] = []
  for (const [index, field] of fields.entries()) {
    const text = map[field]
    const spec = text === undefined ? null : parseColumnSpec(text)
    if (spec !== null && 'problem' in spec) return spec
    specs.push(spec)
    if (spec === null) continue
    const column = header === null ? keyIndex(columns, spec.column) : place(header, spec.column)
    if (typeof column === 'string') return { problem: column }
    columnOf[index] = column
  }
  return { kind, columns, columnOf, specs }
}

/** Returns the place a positional name such as `c3` or `3` stands for, or -1. */
export function positionOf(column: string): number {
  const match = POSITION.exec(column)
  return match === null ? -1 : Number(match[1])
}

/** An aggregate's span of ids means nothing without both ends, nor without its own id. */
function loneId(map: Readonly<Record<string, string>>): string | null {
  const first = map.first_id !== undefined
  const last = map.last_id !== undefined
  if (first !== last) return 'first_id and last_id go together'
  if (first && map.trade_id === undefined) return 'first_id and last_id need a trade_id'
  return null
}

function keyIndex(columns: string[], column: string): number {
  const known = columns.indexOf(column)
  return known >= 0 ? known : columns.push(column) - 1
}

function place(header: readonly string[], column: string): number | string {
  const index = header.indexOf(column)
  if (index >= 0) {
    return header.lastIndexOf(column) === index ? index : `column "${column}" stands there twice`
  }
  const position = positionOf(column)
  if (position >= 0 && position < header.length) return position
  return `there is no column "${column}"; the file has ${header.join(', ')}`
}
