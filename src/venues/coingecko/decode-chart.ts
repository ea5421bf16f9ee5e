import { NO_ELEMENT, nextElement, skipValue } from '../../core/json/scan.ts'
import type { EventSink } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import type { MarketSnapshot } from '../../market/snapshot.ts'
import { createTally, type Tally } from '../frame.ts'
import { type Fault, lettersOf, ODD, oddText, type Source, sourceOf } from './figure.ts'
import {
  createTimedPlaces,
  createTimedRow,
  endOfList,
  passTimedRow,
  readTimedRow,
  skipBlanks,
} from './list-rows.ts'

/** The lists of a chart; a snapshot calls their figures price, market cap and volume. */
const LISTS: readonly string[] = ['prices', 'market_caps', 'total_volumes']

/** Longer than the name of any list, with its quotes. */
const NAME_BYTES_MAX = 16

/** What is read of a chart, and where reading has come. */
interface Chart {
  readonly source: Source
  readonly end: number
  readonly points: Points
  readonly sink: EventSink
  /** Of entries, over all lists; accepted are the points that they come to. */
  readonly tally: Tally
  hasList: boolean
}

/**
 * Reads `GET /coins/{id}/market_chart`: three lists of `[ms, value]`, joined by time.
 *
 * Points are samples at odd times, not bars; the last is "now". Volumes are those of the 24
 * hours before. `null` where the answer is no object with one of the lists. Read in one pass:
 * an answer of a year is long.
 */
export function takeChart(record: RawRecord, symbol: string, sink: EventSink): Tally | null {
  const { bytes, start, end } = record
  const points: Points = { items: [], times: [], columns: LISTS.map(createColumn), byTime: null }
  const tally = createTally()
  const source = sourceOf(bytes, start, end)
  const chart: Chart = { source, end, points, sink, tally, hasList: false }
  let at = skipBlanks(bytes, start, end)
  if (at === end || bytes[at] !== 0x7b) return null
  do at = takeMember(chart, skipBlanks(bytes, at + 1, end))
  while (at >= 0 && bytes[at] === 0x2c)
  if (!chart.hasList) return null
  for (let place = 0; place < points.times.length; place += 1) {
    sink.snapshot(sampleOf(symbol, chart, place))
  }
  tally.accepted = points.times.length
  return tally
}

/** Reads the member whose name begins at `at`; returns what follows it, or -1 for no more. */
function takeMember(chart: Chart, at: number): number {
  const { source, end } = chart
  const { bytes } = source
  const nameEnd = at < end && bytes[at] === 0x22 ? skipValue(bytes, at, end) : -1
  if (nameEnd < 0) return -1
  const name = nameEnd - at > NAME_BYTES_MAX ? '' : lettersOf(source, at + 1, nameEnd - 1)
  const colon = skipBlanks(bytes, nameEnd, end)
  if (colon === end || bytes[colon] !== 0x3a) return -1
  const value = skipBlanks(bytes, colon + 1, end)
  const list = value < end && bytes[value] === 0x5b ? LISTS.indexOf(name) : -1
  const after = list >= 0 ? takeList(chart, list, value) : skipValue(bytes, value, end)
  return after < 0 ? -1 : skipBlanks(bytes, after, end)
}

function takeList(chart: Chart, list: number, start: number): number {
  const { source, end, points } = chart
  const { bytes } = source
  const column = points.columns[list] as Column
  chart.hasList = true
  let at = skipBlanks(bytes, start + 1, end)
  if (bytes[at] === 0x5d) return at + 1
  for (let ordinal = 0; ; ordinal += 1) {
    let after = passTimedRow(places, source, at, end)
    const isPlain = after >= 0 && putPlaces(chart, column, ordinal)
    if (!isPlain) after = takeEntry(chart, list, { at, ordinal })
    if (after < 0) return -1
    chart.tally.item += 1
    if (bytes[after] === 0x2c && bytes[after + 1] === 0x5b) {
      at = after + 1
      continue
    }
    at = nextElement(bytes, after, end)
    if (at < 0) return at === NO_ELEMENT ? endOfList(bytes, after, end) : -1
  }
}

/** Puts the entry of {@link places} into its column; false where it is to be looked at. */
function putPlaces({ source, points, tally }: Chart, column: Column, ordinal: number): boolean {
  const { timeUs } = places
  const start = places.starts[0] as number
  const stop = places.stops[0] as number
  if (source.bytes[start] === 0x2d) return false
  const odd = stop === ODD ? oddText(source, start, places.ends[0] as number) : null
  if (odd === undefined) return false
  const isJoined = points.times[ordinal] === timeUs
  const place = isJoined ? ordinal : placeOf(points, timeUs, ordinal, tally.item)
  if (odd === null) put(column, place, start, stop)
  else put(column, place, column.texts.push(odd) - 1, ODD)
  return true
}

/** Takes an entry that is written in no plain way, or is none; returns the index after it. */
function takeEntry(chart: Chart, list: number, entryAt: { at: number; ordinal: number }): number {
  const { source, end, points, sink, tally } = chart
  const { item } = tally
  const { at, ordinal } = entryAt
  const fault = readEntry(source, at, end)
  if (fault === null) {
    const place = placeOf(points, entry.timeUs as number, ordinal, item)
    const text = entry.figures[0] ?? null
    const column = points.columns[list] as Column
    if (text === null) put(column, place, 0, NONE)
    else put(column, place, column.texts.push(text) - 1, ODD)
  } else {
    const detail = `${LISTS[list]}: ${fault.detail}`
    sink.reject({ item, reason: fault.reason, detail, offset: Math.min(at, end) - source.from })
    tally.rejected += 1
  }
  return entry.after >= 0 ? entry.after : skipValue(source.bytes, at, end)
}

/** Points in columns, for there are thousands; each list fills one column of figures. */
interface Points {
  /** Ordinal of the first entry of each point, over all lists. */
  readonly items: number[]
  readonly times: number[]
  readonly columns: readonly Column[]
  byTime: Map<number, number> | null
}

/**
 * The figures of a list, one for each point, as places in the answer: texts are cut out when
 * they are told, so that thousands need not be kept. May be shorter than there are points.
 */
interface Column {
  readonly starts: number[]
  /** Where the text ends; {@link NONE}; or `ODD`, where `starts` is an index of `texts`. */
  readonly stops: number[]
  /** Figures whose text is no part of the answer. */
  readonly texts: string[]
}

/** Of a point the list says nothing of, or `null`. */
const NONE = -2

function createColumn(): Column {
  return { starts: [], stops: [], texts: [] }
}

function put({ starts, stops }: Column, place: number, start: number, stop: number): void {
  while (starts.length < place) {
    starts.push(0)
    stops.push(NONE)
  }
  if (place === starts.length) {
    starts.push(start)
    stops.push(stop)
  } else {
    starts[place] = start
    stops[place] = stop
  }
}

function figureOf(source: Source, column: Column, place: number): string | null {
  if (place >= column.starts.length) return null
  const start = column.starts[place] as number
  const stop = column.stops[place] as number
  if (stop >= 0) return lettersOf(source, start, stop)
  return stop === ODD ? (column.texts[start] as string) : null
}

/** Returns the place of the point of `timeUs`; nearly always lists have the same times in order. */
function placeOf(points: Points, timeUs: number, ordinal: number, item: number): number {
  const { times } = points
  if (times[ordinal] === timeUs) return ordinal
  const count = times.length
  const isNext = ordinal === count && (count === 0 || timeUs > (times[count - 1] as number))
  if (!isNext) {
    points.byTime ??= new Map(times.map((time, place) => [time, place]))
    const place = points.byTime.get(timeUs)
    if (place !== undefined) return place
  }
  points.byTime?.set(timeUs, count)
  times.push(timeUs)
  points.items.push(item)
  return count
}

/** Where the parts of the entry at hand stand. */
const places = createTimedPlaces(1)

/** The entry read last: there are thousands in an answer. */
const entry = createTimedRow(1)

/** Reads `[ms, value]` into {@link entry}, or says what is wrong with it. */
function readEntry(source: Source, start: number, stop: number): Fault | null {
  if (!readTimedRow(entry, source, start, stop)) {
    return { reason: 'malformed', detail: 'an entry is no pair' }
  }
  const [figure] = entry.figures
  if (entry.timeUs === null || entry.timeUs < 0) {
    return { reason: 'bad_time', detail: 'an entry has no time' }
  }
  if (figure === undefined) return { reason: 'bad_decimal', detail: 'a value is no number' }
  if (figure?.startsWith('-')) return { reason: 'not_positive', detail: 'a value is below zero' }
  return null
}

function sampleOf(symbol: string, { source, points }: Chart, place: number): MarketSnapshot {
  const [prices, caps, volumes] = points.columns as [Column, Column, Column]
  return {
    item: points.items[place] as number,
    symbol,
    ticker: null,
    name: null,
    quote: 'USD',
    source: 'chart',
    timeUs: points.times[place] as number,
    lastUpdatedUs: null,
    price: figureOf(source, prices, place),
    marketCap: figureOf(source, caps, place),
    fullyDilutedValuation: null,
    volume24h: figureOf(source, volumes, place),
    high24h: null,
    low24h: null,
    priceChange24h: null,
    change1hPct: null,
    change24hPct: null,
    change7dPct: null,
    circulatingSupply: null,
    totalSupply: null,
    maxSupply: null,
    marketCapRank: null,
  }
}
