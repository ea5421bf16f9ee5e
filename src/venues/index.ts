import { AssayError } from '../core/errors.ts'
import { SELF_DIALECT } from '../market/self-record.ts'
import { binanceUs, cousins } from './binance-us/index.ts'
import { decodeCcxt, isCcxtDialect } from './ccxt/index.ts'
import { coinbase } from './coinbase/index.ts'
import { coingecko } from './coingecko/index.ts'
import { kraken } from './kraken/index.ts'
import { decodeTape, isTapeDialect } from './tape/index.ts'
import type { Decoder, Venue } from './venue.ts'

/** Every venue of ours by its id: the registry, one line each. */
export const VENUES: Readonly<Record<string, Venue>> = Object.freeze({
  'binance-us': binanceUs,
  coinbase,
  coingecko,
  kraken,
})

const known = new Map<string, Venue>()
const decoders = new Map<string, Decoder>()
const bookChannels = new Set<string>()
for (const venue of Object.values(VENUES)) enter(venue)

for (const [dialect, decoder] of Object.entries(cousins)) decoders.set(dialect, decoder)

/** The diary is read by silver itself; as a record of a venue it holds no events. */
decoders.set(SELF_DIALECT, () => 'control')

/**
 * Returns the decoder of a dialect: a venue's own, that of imported files (`…/csv`, `…/jsonl`,
 * `…/klines`), that of what the ccxt library said of any venue (`…/ccxt`), or one that refuses
 * every record with `unknown_dialect`.
 */
export function decoderOf(dialect: string): Decoder {
  const known = decoders.get(dialect)
  if (known !== undefined) return known
  if (isCcxtDialect(dialect)) return decodeCcxt
  return isTapeDialect(dialect) ? decodeTape : decodeUnknown
}

/** The configuration files whose venues this thread knows: what its own threads are handed. */
const files = new Set<string>()

/**
 * Makes the venues of a configuration file known to this thread. In which order files come is all
 * one, and so is the same file twice.
 *
 * @throws ASSAY_CONFIG_INVALID where an id, or a dialect, is another's already.
 */
export function registerVenues(venues: readonly Venue[], file: string): void {
  for (const venue of venues) {
    const other = findVenue(venue.id)
    if (other === venue) continue
    if (other !== null) throw taken(`there is a venue called ${venue.id} already`, file)
    for (const dialect of Object.keys(venue.decoders)) {
      if (decoderOf(dialect) !== decodeUnknown) throw taken(`${dialect} is read already`, file)
    }
    enter(venue)
  }
  if (venues.length > 0) files.add(file)
}

function taken(what: string, file: string): AssayError {
  return new AssayError('ASSAY_CONFIG_INVALID', `${file}: ${what}`, { context: { file } })
}

/** Returns the files that a thread has to adopt, too, so that it knows the venues of this one. */
export function venueFiles(): readonly string[] {
  return [...files]
}

/** Returns the venue of this id, or `null`. */
export function findVenue(id: string): Venue | null {
  return known.get(id) ?? null
}

/** Returns every venue's id, the added ones last. */
export function venueIds(): readonly string[] {
  return [...known.keys()]
}

/** Whether any venue's channel of this name carries order books. */
export function isBookChannel(channel: string): boolean {
  return bookChannels.has(channel)
}

function enter(venue: Venue): void {
  known.set(venue.id, venue)
  for (const [dialect, decoder] of Object.entries(venue.decoders)) decoders.set(dialect, decoder)
  for (const channel of venue.books?.channels ?? []) bookChannels.add(channel)
}

const decodeUnknown: Decoder = (record, sink) => {
  const detail = `no decoder reads the dialect ${JSON.stringify(record.dialect.slice(0, 64))}`
  sink.reject({ item: 0, reason: 'unknown_dialect', detail, offset: 0 })
  return 'rejected'
}
