import {
  createFieldScanner,
  FIELD,
  type FieldScanner,
  firstElement,
  nextElement,
  scanObject,
  skipValue,
} from '../../core/json/scan.ts'
import { canonicalDecimal } from '../../market/decimal.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { Listing } from '../../market/instrument.ts'
import { createTally, kindOf, rejectFrame } from '../frame.ts'
import * as fields from './fields.ts'
import type { EventList } from './trade-list.ts'

const ASSETS = 0
const PAIRS = 1
const groups = createFieldScanner(['assets', 'pairs'])

const SYMBOL = 0
const BASE = 1
const QUOTE = 2
const STATUS = 3
const PRICE_STEP = 4
const SIZE_STEP = 5
const pair = createFieldScanner([
  ...['symbol', 'base', 'quote', 'status'],
  ...['price_increment', 'qty_increment'],
])

const ID = 0
const MULTIPLIER = 1
const asset = createFieldScanner(['id', 'multiplier'])

/** Reads the `data` of an `instrument` message: an object of `assets` and `pairs`, no list. */
export function takeInstruments(data: EventList, sink: EventSink): FrameKind {
  const { bytes, start, end, base } = data
  const scanned = scanObject(groups, bytes, start, end)
  if (scanned === null) return rejectFrame(sink, 'malformed', 'data is no object')
  const multipliers = readMultipliers(scanned)
  const tally = createTally()
  // An update may have no pairs.
  if (groups.kinds[PAIRS] !== FIELD.array) return 'event'
  const stop = groups.ends[PAIRS] as number
  const origin = scanned === bytes ? base : scanned.length
  let at = firstElement(scanned, groups.starts[PAIRS] as number, stop)
  while (at >= 0) {
    const row = scanObject(pair, scanned, at, stop)
    const after = row === null ? skipValue(scanned, at, stop) : pair.after
    const read = row === null ? NO_PAIR : readPair(row, multipliers)
    if ('reason' in read) {
      const { reason, detail } = read
      tally.rejected += 1
      sink.reject({ item: tally.item, reason, detail, offset: Math.max(0, at - origin) })
    } else {
      tally.accepted += 1
      sink.listing(read)
    }
    tally.item += 1
    if (after < 0) break
    at = nextElement(scanned, after, stop)
  }
  return kindOf(tally)
}

const NO_PAIR: fields.Fault = Object.freeze({
  reason: 'malformed',
  detail: 'the pair is no object',
  at: -1,
})

function readPair(
  bytes: Uint8Array,
  multipliers: ReadonlyMap<string, number>,
): Listing | fields.Fault {
  const symbol = fields.wordOf(pair, bytes, SYMBOL)
  if (symbol === null) return fields.fault(pair, SYMBOL, fields.BAD_SYMBOL)
  const base = fields.wordOf(pair, bytes, BASE)
  if (base === null) return fields.fault(pair, BASE, fields.BAD_SYMBOL)
  const quote = fields.wordOf(pair, bytes, QUOTE)
  if (quote === null) return fields.fault(pair, QUOTE, fields.BAD_SYMBOL)
  const status = fields.wordOf(pair, bytes, STATUS)
  return {
    symbol,
    kind: 'spot',
    base,
    quote,
    multiplier: multipliers.get(base) ?? 1,
    priceStep: stepAt(bytes, PRICE_STEP),
    sizeStep: stepAt(bytes, SIZE_STEP),
    active: status === 'online',
  }
}

function stepAt(bytes: Uint8Array, field: number): string | null {
  return pair.kinds[field] === FIELD.number ? canonicalDecimal(textAt(pair, bytes, field)) : null
}

/** Units of an asset that one quoted unit stands for, where that is not one (tokenised shares). */
function readMultipliers(bytes: Uint8Array): Map<string, number> {
  const multipliers = new Map<string, number>()
  if (groups.kinds[ASSETS] !== FIELD.array) return multipliers
  const end = groups.ends[ASSETS] as number
  let at = firstElement(bytes, groups.starts[ASSETS] as number, end)
  while (at >= 0) {
    const row = scanObject(asset, bytes, at, end)
    const after = row === null ? skipValue(bytes, at, end) : asset.after
    const id = row === null ? null : fields.wordOf(asset, row, ID)
    if (row !== null && id !== null && asset.kinds[MULTIPLIER] === FIELD.number) {
      const multiplier = Number(textAt(asset, row, MULTIPLIER))
      if (multiplier > 0 && Number.isFinite(multiplier)) multipliers.set(id, multiplier)
    }
    if (after < 0) break
    at = nextElement(bytes, after, end)
  }
  return multipliers
}

function textAt(scanner: FieldScanner, bytes: Uint8Array, field: number): string {
  const start = scanner.starts[field] as number
  const end = Math.min(scanner.ends[field] as number, start + 80)
  return String.fromCharCode(...bytes.subarray(start, end))
}
