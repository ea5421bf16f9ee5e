import { INTERVALS, MINUTE_US } from '../market/bucket.ts'
import { findVenue } from '../venues/index.ts'
import type { InstrumentRow, WriteTransaction } from '../warehouse/index.ts'

const DAY_US = INTERVALS['1d']
const MINUTES = DAY_US / MINUTE_US

/** Days of one instrument kept in memory at most, 180 bytes each: the least recently made goes. */
const PAGES_MAX = 8192

/** More days than lie between the epoch and the last time a safe integer tells. */
const DAYS_MAX = 200_000

/** Dollars, and what is kept at a dollar: the quotes a product is collected in. */
const DOLLARS = ['USD', 'USDT', 'USDC']

/**
 * In which minutes which instrument traded, by trades held or by the venue's own candles: read
 * from the warehouse a day at a time where it is asked for, and kept while it is.
 */
export class Activity {
  readonly #pages = new Map<number, Uint8Array>()

  /** Tells whether it traded in the minute that opens then; `undefined` before its day is read. */
  peek(instrumentId: number, minuteUs: number): boolean | undefined {
    const page = this.#pages.get(pageKey(instrumentId, minuteUs))
    if (page === undefined) return undefined
    const at = (minuteUs % DAY_US) / MINUTE_US
    return ((page[at >> 3] as number) & (1 << (at & 7))) !== 0
  }

  /** Reads the day that holds a minute. */
  async load(tx: WriteTransaction, instrumentId: number, minuteUs: number): Promise<void> {
    const dayUs = minuteUs - (minuteUs % DAY_US)
    const page = new Uint8Array(MINUTES / 8)
    for (const openUs of await tx.findTradedMinutes(instrumentId, dayUs, dayUs + DAY_US)) {
      const at = (openUs - dayUs) / MINUTE_US
      page[at >> 3] = (page[at >> 3] as number) | (1 << (at & 7))
    }
    const oldest = this.#pages.keys().next().value
    if (this.#pages.size >= PAGES_MAX && oldest !== undefined) this.#pages.delete(oldest)
    this.#pages.set(pageKey(instrumentId, minuteUs), page)
  }

  /** Notes what has become of a minute. */
  note(instrumentId: number, minuteUs: number, isTraded: boolean): void {
    const key = pageKey(instrumentId, minuteUs)
    const page = this.#pages.get(key)
    if (page === undefined) return
    const at = (minuteUs % DAY_US) / MINUTE_US
    if (isTraded) page[at >> 3] = (page[at >> 3] as number) | (1 << (at & 7))
    // By another source it may have traded all the same: that is to be read again.
    else this.#pages.delete(key)
  }
}

/** A number made of both: text would be made for every minute that is looked at. */
function pageKey(instrumentId: number, timeUs: number): number {
  return instrumentId * DAYS_MAX + Math.floor(timeUs / DAY_US)
}

const bases = new WeakMap<InstrumentRow, string | null>()

/**
 * Returns what an instrument trades: by its listing, else by a symbol that parts base from
 * quote, else as its venue spells the products we know of. Never by cutting a symbol up.
 */
export function baseOf(row: InstrumentRow): string | null {
  let base = bases.get(row)
  if (base === undefined) {
    base = row.base ?? /^([^-/_]+)[-/_]/.exec(row.symbol)?.[1] ?? spelledBase(row)
    base = base?.toUpperCase() ?? null
    bases.set(row, base)
  }
  return base
}

function spelledBase({ venue: id, symbol }: InstrumentRow): string | null {
  const venue = findVenue(id)
  if (venue?.kind !== 'exchange') return null
  for (const product of venue.defaultProducts) {
    const base = product.slice(0, product.lastIndexOf('-'))
    if (DOLLARS.some((quote) => venue.spell(base, quote) === symbol)) return base
  }
  return null
}
