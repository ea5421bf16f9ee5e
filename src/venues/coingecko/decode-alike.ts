import { readSymbol } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'
import { isNull, lettersOf, passed, passNumber, placedText, type Source } from './figure.ts'
import { createLayout, learnLayout, NO_MATCH, passJoint, passTail, passValue } from './layout.ts'
import {
  FIRST_CHANGE,
  FIRST_FIGURE,
  ID,
  LAST_UPDATED,
  RANK,
  ROW_FIELDS,
  row,
  TICKER,
} from './market-row.ts'

const FIELDS: ReadonlyMap<string, number> = new Map(ROW_FIELDS.map((name, field) => [name, field]))

/** How rows were written of late. */
const layout = createLayout()

const text = new TextDecoder()

/** Learns how the row `[start, end)` is written, which names no field with an escape. */
export function learnRow(source: Source, start: number, end: number): void {
  learnLayout(layout, source, { start, end }, FIELDS)
}

/**
 * Reads a row that is written as the one learned last, into {@link row}. Returns the index after
 * it; or -1 for any other, and wherever there is something to be said of one of its values.
 */
export function takeAlike(source: Source, start: number): number {
  const { bytes, end } = source
  const { count, fields } = layout
  if (count === 0) return NO_MATCH
  clearRow()
  let at = start
  for (let member = 0; member < count; member += 1) {
    at = passJoint(layout, source, member, at)
    if (at < 0) return NO_MATCH
    const field = fields[member] as number
    if (field < 0) at = passValue(source, at, end)
    else if (field >= FIRST_FIGURE) at = takeFigure(source, at, field - FIRST_FIGURE)
    else at = takeWord(source, at, field)
    if (at < 0) return NO_MATCH
  }
  return passTail(layout, bytes, at, end)
}

function clearRow(): void {
  const { figures } = row
  row.ticker = null
  row.name = null
  row.lastUpdatedUs = null
  row.marketCapRank = null
  for (let i = 0; i < figures.length; i += 1) figures[i] = null
}

/** Reads the figure at `start`; returns the index after it, or -1 where it is not one of those. */
function takeFigure(source: Source, start: number, figure: number): number {
  const { bytes, end } = source
  const first = bytes[start]
  if (first === 0x6e) return isNull(bytes, start, start + 4) ? start + 4 : NO_MATCH
  if (first === 0x2d && figure < FIRST_CHANGE) return NO_MATCH
  const after = passNumber(source, start, end)
  if (after < 0) return NO_MATCH
  const text = placedText(source, start, passed.stop, after)
  if (text === undefined) return NO_MATCH
  row.figures[figure] = text
  return after
}

/** Reads the value at `start` that is no figure; returns the index after it, or -1. */
function takeWord(source: Source, start: number, field: number): number {
  const { bytes, end } = source
  if (bytes[start] === 0x6e) {
    const isAllowed = field !== ID && isNull(bytes, start, start + 4)
    return isAllowed ? start + 4 : NO_MATCH
  }
  if (field === RANK) return takeRank(source, start)
  if (bytes[start] !== 0x22) return NO_MATCH
  let at = start + 1
  let isAscii = true
  for (; at < end && bytes[at] !== 0x22; at += 1) {
    if (bytes[at] === 0x5c) return NO_MATCH
    if ((bytes[at] as number) > 0x7e) isAscii = false
  }
  if (field === ID) {
    const symbol = readSymbol(bytes, start + 1, at)
    if (symbol === null) return NO_MATCH
    row.symbol = symbol
  } else if (field === LAST_UPDATED) {
    const timeUs = readTimeUs(bytes, start + 1, at)
    if (Number.isNaN(timeUs)) return NO_MATCH
    row.lastUpdatedUs = timeUs
  } else {
    const word = isAscii
      ? lettersOf(source, start + 1, at)
      : text.decode(bytes.subarray(start + 1, at))
    if (field === TICKER) row.ticker = word
    else row.name = word
  }
  return at + 1
}

/** Digits of a rank that is certainly a small whole number. */
const RANK_DIGITS_MAX = 8

function takeRank({ bytes, end }: Source, start: number): number {
  let rank = 0
  let at = start
  for (; at < end && ((bytes[at] as number) ^ 0x30) <= 9; at += 1) {
    rank = rank * 10 + ((bytes[at] as number) ^ 0x30)
  }
  if (at === start || at - start > RANK_DIGITS_MAX) return NO_MATCH
  row.marketCapRank = rank
  return at
}
