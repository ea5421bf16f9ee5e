import {
  createFieldScanner,
  FIELD,
  firstElement,
  nextElement,
  scanObject,
  skipValue,
} from '../../core/json/scan.ts'
import type { EventSink } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { readSymbol } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'
import { createTally, type Tally } from '../frame.ts'
import { learnRow, takeAlike } from './decode-alike.ts'
import { type Fault, isNull, lettersOf, readFigure, type Source, sourceOf } from './figure.ts'
import { listingOf } from './instruments.ts'
import {
  FIGURES,
  FIRST_CHANGE,
  FIRST_FIGURE,
  ID,
  LAST_UPDATED,
  NAME,
  RANK,
  ROW_FIELDS,
  row,
  snapshotOf,
  TICKER,
} from './market-row.ts'

const scanner = createFieldScanner(ROW_FIELDS)

const text = new TextDecoder()

/**
 * Reads the rows of `GET /coins/markets`: a snapshot and a listing of each.
 *
 * Fields that are new are passed over and fields that are missing are `null`; a row in which
 * one has another type is refused, alone.
 */
export function takeMarkets(record: RawRecord, sink: EventSink): Tally {
  const { bytes, start, end } = record
  const source = sourceOf(bytes, start, end)
  const tally = createTally()
  let at = firstElement(bytes, start, end)
  for (; at >= 0; tally.item += 1) {
    const { item } = tally
    let after = takeAlike(source, at)
    const fault = after >= 0 ? null : takeRow(source, at)
    if (after < 0) after = scannedTo
    if (fault === null) {
      if (row.ticker !== null) sink.listing(listingOf({ id: row.symbol, symbol: row.ticker }))
      sink.snapshot(snapshotOf(item))
      tally.accepted += 1
    } else {
      const { reason, detail } = fault
      sink.reject({ item, reason, detail, offset: at - start })
      tally.rejected += 1
    }
    if (after < 0) break
    at = nextElement(bytes, after, end)
  }
  return tally
}

/** Index after the row that {@link takeRow} read last, or -1 where it had no end. */
let scannedTo = -1

/** Reads a row however it is written, into {@link row}, and learns how it was. */
function takeRow(source: Source, start: number): Fault | null {
  const { bytes, end } = source
  const scanned = scanObject(scanner, bytes, start, end)
  scannedTo = scanned === null ? skipValue(bytes, start, end) : scanner.after
  if (scanned === null) return NO_OBJECT
  const fault = readRow(partOf(source, scanned))
  if (fault === null && scanned === bytes) {
    learnRow(source, start, scannedTo)
  }
  return fault
}

const NO_OBJECT: Fault = { reason: 'malformed', detail: 'a row is no object' }

/** A row that held escapes was rewritten, and has letters of its own. */
function partOf(source: Source, scanned: Uint8Array): Source {
  return scanned === source.bytes ? source : sourceOf(scanned, 0, scanned.length)
}

function readRow(source: Source): Fault | null {
  const { bytes } = source
  const { kinds, starts, ends } = scanner
  if (kinds[ID] !== FIELD.string) return { reason: 'missing_field', detail: 'a row names no coin' }
  const symbol = readSymbol(bytes, starts[ID] as number, ends[ID] as number)
  if (symbol === null) return { reason: 'bad_symbol', detail: 'an id is not 1 to 64 plain letters' }
  const ticker = readText(source, TICKER)
  const name = readText(source, NAME)
  if (ticker === undefined || name === undefined) {
    return { reason: 'malformed', detail: `the ticker or the name of ${symbol} is no text` }
  }
  const lastUpdatedUs = readUpdated(bytes)
  if (Number.isNaN(lastUpdatedUs)) {
    return { reason: 'bad_time', detail: `last_updated of ${symbol} is no RFC 3339 time` }
  }
  const marketCapRank = readRank(source)
  if (marketCapRank === undefined) {
    return { reason: 'bad_decimal', detail: `market_cap_rank of ${symbol} is no whole number` }
  }
  const fault = readFigures(source, symbol)
  if (fault !== null) return fault
  row.symbol = symbol
  row.ticker = ticker
  row.name = name
  row.lastUpdatedUs = lastUpdatedUs
  row.marketCapRank = marketCapRank
  return null
}

/** Reads the row's figures into {@link row}, or says which is none. */
function readFigures(source: Source, symbol: string): Fault | null {
  for (let i = 0; i < FIGURES.length; i += 1) {
    const figure = readField(source, FIRST_FIGURE + i)
    if (figure === undefined) {
      return { reason: 'bad_decimal', detail: `${FIGURES[i]} of ${symbol} is no number` }
    }
    if (i < FIRST_CHANGE && figure?.startsWith('-')) {
      return { reason: 'not_positive', detail: `${FIGURES[i]} of ${symbol} is below zero` }
    }
    row.figures[i] = figure
  }
  return null
}

function readField(source: Source, field: number): string | null | undefined {
  const kind = scanner.kinds[field] as number
  return readFigure(source, kind, scanner.starts[field] as number, scanner.ends[field] as number)
}

/** A text, `null` where it is null or absent, `undefined` where it is something else. */
function readText(source: Source, field: number): string | null | undefined {
  const { bytes } = source
  const kind = scanner.kinds[field] as number
  const start = scanner.starts[field] as number
  const end = scanner.ends[field] as number
  if (kind === FIELD.absent || (kind === FIELD.literal && isNull(bytes, start, end))) return null
  if (kind === FIELD.string) {
    for (let at = start; at < end; at += 1) {
      if ((bytes[at] as number) > 0x7e) return text.decode(bytes.subarray(start, end))
    }
    return lettersOf(source, start, end)
  }
  if (kind !== FIELD.escaped) return undefined
  // What is escaped even in the plainest form holds a quote or a backslash, as names may.
  return JSON.parse(text.decode(bytes.subarray(start - 1, end + 1))) as string
}

/** `NaN` where it is something else than a time or null. */
function readUpdated(bytes: Uint8Array): number | null {
  const kind = scanner.kinds[LAST_UPDATED] as number
  const start = scanner.starts[LAST_UPDATED] as number
  const end = scanner.ends[LAST_UPDATED] as number
  if (kind === FIELD.string) return readTimeUs(bytes, start, end)
  const isNone = kind === FIELD.absent || (kind === FIELD.literal && isNull(bytes, start, end))
  return isNone ? null : Number.NaN
}

function readRank(source: Source): number | null | undefined {
  const figure = readField(source, RANK)
  if (figure === null || figure === undefined) return figure
  const rank = Number(figure)
  return Number.isSafeInteger(rank) && rank >= 0 ? rank : undefined
}
