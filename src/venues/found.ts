import { Buffer } from 'node:buffer'
import { MINUTE_US } from '../market/bucket.ts'
import { canonicalDecimal } from '../market/decimal.ts'
import type { EventSink, RejectReason, VenueCandle } from '../market/event.ts'
import type { Listing } from '../market/instrument.ts'
import { readSymbol } from '../market/symbol.ts'
import { createTradeSlot, SIDES, type Side, type TradeSlot } from '../market/trade.ts'
import type { Tally } from './frame.ts'

/** A whole number, or the text of one. */
export type WholeNumber = number | string

/** A trade as a venue tells of it. */
export interface ToldTrade {
  readonly symbol: string
  /** A whole number, greater with each trade of the symbol. */
  readonly tradeId: WholeNumber
  /** By the venue's clock, epoch microseconds. */
  readonly timeUs: WholeNumber
  /** Decimal text, as the venue sent it. */
  readonly price: string
  readonly size: string
  /** The taker's. @default 'unknown' */
  readonly side?: Side
  /** Of an aggregate: the last id it stands for, its first being `tradeId`. */
  readonly lastId?: WholeNumber
}

/** A venue's own one-minute candle, as it tells of it. */
export interface ToldCandle
  extends Pick<VenueCandle, 'symbol' | 'open' | 'high' | 'low' | 'close' | 'volume' | 'closed'>,
    Partial<Pick<VenueCandle, 'notional' | 'takerBuyVolume' | 'vwap'>> {
  /** Epoch microseconds. */
  readonly openTimeUs: WholeNumber
  readonly tradeCount?: WholeNumber | null
}

/** The venue's word on its newest trade of a symbol. */
export interface ToldWitness {
  readonly symbol: string
  readonly lastId: WholeNumber
  readonly timeUs: WholeNumber
}

/** Something the venue trades; in full, where it says more. */
export type ToldListing = Pick<Listing, 'symbol' | 'base' | 'quote'> & Partial<Listing>

/** Where what a message tells is put; what cannot be is refused, and the rest is kept. */
export interface Found {
  trade(trade: ToldTrade): void
  candle(candle: ToldCandle): void
  witness(witness: ToldWitness): void
  listing(listing: ToldListing): void
  reject(reason: RejectReason, detail: string): void
}

/** A reason to refuse what was told, and a sentence of it. */
type Fault = readonly [reason: RejectReason, detail: string]

const PRICES = ['open', 'high', 'low', 'close', 'volume'] as const
const FIGURES = ['notional', 'takerBuyVolume', 'vwap'] as const
const LISTING = {
  kind: 'spot' as const,
  multiplier: 1,
  priceStep: null,
  sizeStep: null,
  active: true,
}

/** Returns where to put what is found in one record; the tally says what came of it. */
export function createFound(sink: EventSink, tally: Tally): Found {
  const slot = createTradeSlot()
  const reject = (reason: RejectReason, detail: string) => {
    sink.reject({ item: tally.item, reason, detail: detail.slice(0, 200), offset: 0 })
    tally.item += 1
    tally.rejected += 1
  }
  const settle = (fault: Fault | null, put: () => void) => {
    if (fault !== null) return reject(...fault)
    put()
    tally.item += 1
    tally.accepted += 1
  }
  return {
    reject,
    trade(told) {
      settle(fillSlot(slot, told), () => {
        slot.item = tally.item
        sink.trade(slot)
      })
    },
    candle(told) {
      const read = readCandle(told, tally.item)
      if ('fault' in read) reject(...read.fault)
      else settle(null, () => sink.candle(read))
    },
    witness(told) {
      const [lastId, timeUs] = [wholeOf(told.lastId), wholeOf(told.timeUs)]
      const symbol = symbolOf(told.symbol)
      if (symbol === null) return reject('bad_symbol', 'a witness names no symbol')
      if (!(lastId > 0)) return reject('bad_id', 'a witness names no trade')
      if (!(timeUs > 0)) return reject('bad_time', 'a witness has no time in microseconds')
      sink.witness({ symbol, lastId, timeUs })
      tally.item += 1
    },
    listing(told) {
      const symbol = symbolOf(told.symbol)
      if (symbol === null) return reject('bad_symbol', 'a listing names no symbol')
      const isWhole = isText(told.base) && isText(told.quote)
      const fault: Fault = ['missing_field', 'a listing names no base and quote']
      settle(isWhole ? null : fault, () => sink.listing({ ...LISTING, ...told, symbol }))
    },
  }
}

/** Fills a slot with a trade; returns what is wrong with it. */
function fillSlot(slot: TradeSlot, told: ToldTrade): Fault | null {
  const { price, size } = told
  const symbol = symbolOf(told.symbol)
  if (symbol === null) return ['bad_symbol', 'a trade names no symbol']
  const tradeId = wholeOf(told.tradeId)
  const lastId = told.lastId === undefined ? tradeId : wholeOf(told.lastId)
  if (!(tradeId >= 0 && lastId >= tradeId)) return ['bad_id', 'an id is no whole number']
  const timeUs = wholeOf(told.timeUs)
  if (!(timeUs > 0)) return ['bad_time', 'a trade has no time in whole microseconds']
  if (!isText(price) || !isText(size)) return ['missing_field', 'price or size is no text']
  slot.symbol = symbol
  slot.tradeId = tradeId
  slot.firstId = tradeId
  slot.lastId = lastId
  slot.tradeCount = lastId - tradeId + 1
  slot.eventTimeUs = timeUs
  const side = SIDES.indexOf(told.side ?? 'unknown')
  slot.side = side < 0 ? SIDES.indexOf('unknown') : side
  slot.bytes = Buffer.from(`${price} ${size}`)
  slot.priceStart = 0
  slot.priceEnd = Buffer.byteLength(price)
  slot.sizeStart = slot.priceEnd + 1
  slot.sizeEnd = slot.bytes.length
  return null
}

function readCandle(told: ToldCandle, item: number): VenueCandle | { readonly fault: Fault } {
  const symbol = symbolOf(told.symbol)
  if (symbol === null) return { fault: ['bad_symbol', 'a candle names no symbol'] }
  const openTimeUs = wholeOf(told.openTimeUs)
  if (!(openTimeUs > 0)) return { fault: ['bad_time', 'a candle has no time in microseconds'] }
  const tradeCount = told.tradeCount == null ? null : wholeOf(told.tradeCount)
  if (Number.isNaN(tradeCount)) return { fault: ['malformed', 'a count is no whole number'] }
  const texts: Record<string, string | null> = {}
  for (const name of [...PRICES, ...FIGURES]) {
    const text: unknown = told[name] ?? null
    texts[name] = isText(text) ? canonicalDecimal(text) : null
    const isLeftOut = text === null && !PRICES.some((one) => one === name)
    if (texts[name] === null && !isLeftOut)
      return { fault: ['bad_decimal', `${name} is no decimal`] }
  }
  const decimals = texts as Pick<VenueCandle, (typeof PRICES)[number] | (typeof FIGURES)[number]>
  const closed = told.closed === true
  return { item, symbol, openTimeUs, intervalUs: MINUTE_US, ...decimals, tradeCount, closed }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function symbolOf(value: unknown): string | null {
  const name = isText(value) ? Buffer.from(value) : Buffer.alloc(0)
  return readSymbol(name, 0, name.length)
}

function wholeOf(value: unknown): number {
  const isDigits = typeof value === 'string' && /^\d{1,16}$/.test(value)
  const number = isDigits || typeof value === 'number' ? Number(value) : Number.NaN
  return Number.isSafeInteger(number) ? number : Number.NaN
}
