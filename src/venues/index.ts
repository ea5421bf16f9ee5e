import { SELF_DIALECT } from '../market/self-record.ts'
import { binanceUs, cousins } from './binance-us/index.ts'
import { decodeCcxt, isCcxtDialect } from './ccxt/index.ts'
import { coinbase } from './coinbase/index.ts'
import { coingecko } from './coingecko/index.ts'
import { kraken } from './kraken/index.ts'
import { decodeTape, isTapeDialect } from './tape/index.ts'
import type { Decoder, Venue } from './venue.ts'

/** Every venue by its id: the registry, one line each. */
export const VENUES: Readonly<Record<string, Venue>> = Object.freeze({
  'binance-us': binanceUs,
  coinbase,
  coingecko,
  kraken,
})

/** Returns the venue of this id, or `null`. */
export function findVenue(id: string): Venue | null {
  return Object.hasOwn(VENUES, id) ? (VENUES[id] as Venue) : null
}

const decoders = new Map<string, Decoder>()
for (const venue of Object.values(VENUES)) {
  for (const [dialect, decoder] of Object.entries(venue.decoders)) decoders.set(dialect, decoder)
}

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

const decodeUnknown: Decoder = (record, sink) => {
  const detail = `no decoder reads the dialect ${JSON.stringify(record.dialect.slice(0, 64))}`
  sink.reject({ item: 0, reason: 'unknown_dialect', detail, offset: 0 })
  return 'rejected'
}
