import type { BookLevel, BookMessage, BookSink } from '../../market/book.ts'
import {
  createDecimalSlot,
  type Decimal,
  decimalText,
  fitsDecimal,
  parseDecimal,
  readDecimal,
} from '../../market/decimal.ts'
import { POWERS } from '../../market/decimal-value.ts'
import type { HeldSize } from './side.ts'

/** Decimals that a price or a size may have (D8). */
const SCALE_MAX = 18
const DIGITS_MAX = 38

/** Digits that a Number holds, whatever the place of the point. */
const NUMBER_DIGITS = 15

/** One message of a book, read and checked; plain data, so that it can be stored. */
export interface HeldMessage extends Readonly<BookMessage> {
  readonly frame: number
  readonly receivedTimeUs: number
  /** Side, signed price and size of each level, in the order sent. */
  readonly isBid: boolean[]
  readonly keys: number[]
  readonly sizes: HeldSize[]
  /** Most decimals of a price and of a size here, without zeros at their ends. */
  priceScale: number
  sizeScale: number
}

/** A level that cannot be taken for one: what is held of its book is no longer to be trusted. */
export interface BadLevel {
  readonly symbol: string
  readonly detail: string
}

const slot = createDecimalSlot()
const text = new TextDecoder('latin1')

/** Reads what a decoder tells into messages, each of them whole or not at all. */
export class MessageReader implements BookSink {
  readonly #onMessage: (message: HeldMessage) => void
  #open: HeldMessage | null = null
  #frame = 0
  #receivedTimeUs = 0
  /** The first level of this record that was refused. */
  bad: BadLevel | null = null

  constructor(onMessage: (message: HeldMessage) => void) {
    this.#onMessage = onMessage
  }

  /** Begins a record. */
  enter(record: { readonly frame: number; readonly receivedTimeUs: number }): void {
    this.#frame = record.frame
    this.#receivedTimeUs = record.receivedTimeUs
    this.#open = null
    this.bad = null
  }

  /** The symbol of the message that was begun and not ended; `null` without one. */
  get unfinished(): string | null {
    return this.#open?.symbol ?? null
  }

  begin(message: Readonly<BookMessage>): void {
    this.#open = {
      ...message,
      frame: this.#frame,
      receivedTimeUs: this.#receivedTimeUs,
      isBid: [],
      keys: [],
      sizes: [],
      priceScale: 0,
      sizeScale: 0,
    }
  }

  level(level: Readonly<BookLevel>): void {
    const message = this.#open as HeldMessage
    const price = readPrice(level, message)
    const size = readSize(level, message)
    if (price === null || size === null) {
      this.bad ??= { symbol: message.symbol, detail: `${levelText(level)} is no price and size` }
      return
    }
    const isBid = level.side === 'bid'
    message.isBid.push(isBid)
    message.keys.push(isBid ? price : -price)
    message.sizes.push(size)
  }

  end(): void {
    const message = this.#open as HeldMessage
    this.#open = null
    if (this.bad?.symbol !== message.symbol) this.#onMessage(message)
  }
}

/** Returns a price as a Number; `null` where it is none above 0, or has too many digits. */
function readPrice(level: Readonly<BookLevel>, message: HeldMessage): number | null {
  const { bytes, priceStart, priceEnd } = level
  let price: number
  let scale: number
  if (readDecimal(bytes, priceStart, priceEnd, slot)) {
    scale = slot.scale
    if (scale > SCALE_MAX) return null
    price = numberOf(slot.mantissa, scale)
  } else {
    const decimal = parseDecimal(text.decode(bytes.subarray(priceStart, priceEnd)))
    if (decimal === null || !hasFewDigits(decimal)) return null
    scale = decimal.scale
    price = numberOf(Number(decimal.mantissa), scale)
  }
  if (!(price > 0)) return null
  if (scale > message.priceScale) message.priceScale = scale
  return price
}

function readSize(level: Readonly<BookLevel>, message: HeldMessage): HeldSize | null {
  const { bytes, sizeStart, sizeEnd } = level
  let size: HeldSize
  let scale: number
  if (readDecimal(bytes, sizeStart, sizeEnd, slot)) {
    scale = slot.scale
    if (scale > SCALE_MAX || slot.mantissa < 0) return null
    size = numberOf(slot.mantissa, scale)
  } else {
    const decimal = parseDecimal(text.decode(bytes.subarray(sizeStart, sizeEnd)))
    if (decimal === null || decimal.mantissa < 0n) return null
    if (!fitsDecimal(decimal, DIGITS_MAX, SCALE_MAX)) return null
    scale = decimal.scale
    size = hasFewDigits(decimal) ? numberOf(Number(decimal.mantissa), scale) : decimalText(decimal)
  }
  if (scale > message.sizeScale) message.sizeScale = scale
  return size
}

/** Both are exact, so one division rounds once: to the Number nearest to the decimal. */
function numberOf(mantissa: number, scale: number): number {
  return scale === 0 ? mantissa : mantissa / (POWERS[scale] as number)
}

function hasFewDigits({ mantissa, scale }: Decimal): boolean {
  return scale <= SCALE_MAX && mantissa.toString().length <= NUMBER_DIGITS
}

function levelText({ bytes, priceStart, priceEnd, sizeStart, sizeEnd }: BookLevel): string {
  const price = text.decode(bytes.subarray(priceStart, priceEnd)).slice(0, 40)
  const size = text.decode(bytes.subarray(sizeStart, sizeEnd)).slice(0, 40)
  return JSON.stringify([price, size])
}
