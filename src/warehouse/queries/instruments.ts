import { AssayError } from '../../core/errors.ts'
import type { Instrument } from '../../market/instrument.ts'
import { USD_QUOTES } from '../../market/quote.ts'
import type { InstrumentRow } from '../schema.ts'
import type { Warehouse } from '../warehouse.ts'
import { nearNames } from './near-names.ts'

/** Returns every instrument, by venue and symbol. */
export async function listInstruments(warehouse: Warehouse): Promise<Instrument[]> {
  const rows = await warehouse.read((db) => db.selectFrom('instruments').selectAll().execute())
  return rows.map(instrumentOfRow).sort((a, b) => (instrumentName(a) < instrumentName(b) ? -1 : 1))
}

/** Returns an instrument's full name, `coinbase:BTC-USD`: a selector that means it alone. */
export function instrumentName({ venue, symbol }: Pick<Instrument, 'venue' | 'symbol'>): string {
  return `${venue}:${symbol}`
}

/**
 * Returns the one instrument that a person means by `selector`, in any case of letters.
 *
 * That is a venue's own symbol (`BTCUSDT`), or base and quote (`BTC-USDT`) as the venue listed
 * them or, before it did, as its symbol spells them; either with a venue before it
 * (`kraken:BTC-USD`). At one venue its symbol goes before base and quote, and of several listings
 * of a symbol the newest is meant. Where nothing is quoted in USD that goes by the name, what is
 * quoted in USDT or USDC is meant.
 *
 * @throws ASSAY_AMBIGUOUS_INSTRUMENT, naming them, where it may mean several;
 * ASSAY_UNKNOWN_PRODUCT, with names like it, where it means none.
 */
export async function findInstrument(warehouse: Warehouse, selector: string): Promise<Instrument> {
  const instruments = await listInstruments(warehouse)
  const matches = matchSelector(instruments, selector)
  const [only] = matches
  if (only !== undefined && matches.length === 1) return only
  if (only === undefined) throw unknownError(instruments, selector)
  const names = matches.map(instrumentName)
  throw new AssayError(
    'ASSAY_AMBIGUOUS_INSTRUMENT',
    `${selector} may mean any of ${names.join(', ')}; say which`,
    { context: { selector, matches: names } },
  )
}

function matchSelector(instruments: readonly Instrument[], selector: string): Instrument[] {
  const wanted = selector.trim().toUpperCase()
  const colon = wanted.indexOf(':')
  const venue = colon < 0 ? null : wanted.slice(0, colon)
  const product = wanted.slice(colon + 1)
  const listed = [...newestListings(instruments)].filter(
    (one) => venue === null || one.venue.toUpperCase() === venue,
  )
  const exact = matchProduct(listed, product)
  if (exact.length > 0 || !product.endsWith('-USD')) return exact
  return USD_QUOTES.slice(1).flatMap((quote) =>
    matchProduct(listed, product.replace(/USD$/, quote)),
  )
}

/** Returns those whose symbol, or else whose base and quote, is the product, venue by venue. */
function matchProduct(instruments: readonly Instrument[], product: string): Instrument[] {
  const byVenue = Map.groupBy(instruments, (one) => one.venue)
  return [...byVenue.values()].flatMap((some) => {
    const bySymbol = some.filter((one) => one.symbol.toUpperCase() === product)
    return bySymbol.length > 0 ? bySymbol : some.filter((one) => isProduct(one, product))
  })
}

/**
 * Before a listing tells base and quote, a symbol spelled with the product's letters is it. A coin
 * of an aggregator is no product: its prices are those of no one market.
 */
function isProduct({ kind, base, quote, symbol }: Instrument, product: string): boolean {
  if (kind === 'coin') return false
  if (base !== null && quote !== null) return `${base}-${quote}`.toUpperCase() === product
  const letters = (text: string) => text.toUpperCase().replace(/[-/_]/, '')
  return product.includes('-') && letters(symbol) === letters(product)
}

function newestListings(instruments: readonly Instrument[]): Iterable<Instrument> {
  const newest = new Map<string, Instrument>()
  for (const instrument of instruments) {
    const name = instrumentName(instrument)
    const known = newest.get(name)
    if (known === undefined || known.listedFromUs < instrument.listedFromUs) {
      newest.set(name, instrument)
    }
  }
  return newest.values()
}

function unknownError(instruments: readonly Instrument[], selector: string): AssayError {
  const near = nearNames(selector, instruments.map(instrumentName))
  const hint = near.length > 0 ? `; there is ${near.join(', ')}` : ''
  return new AssayError('ASSAY_UNKNOWN_PRODUCT', `nothing is stored of ${selector}${hint}`, {
    context: { selector, near },
  })
}

function instrumentOfRow(row: InstrumentRow): Instrument {
  return {
    instrumentId: row.instrument_id,
    venue: row.venue,
    symbol: row.symbol,
    listedFromUs: row.listed_from_us,
    delistedUs: row.delisted_us,
    kind: row.kind,
    base: row.base,
    quote: row.quote,
    multiplier: row.multiplier,
    priceStep: row.price_step,
    sizeStep: row.size_step,
  }
}
