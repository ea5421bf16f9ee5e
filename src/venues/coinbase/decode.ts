import type { Decoder } from '../venue.ts'
import { decodeAdvanced } from './decode-advanced.ts'
import { decodeExchange } from './decode-exchange.ts'
import { decodeRest } from './decode-rest.ts'

/** Dialect of the Exchange's WebSocket feed. */
export const EXCHANGE_DIALECT = 'coinbase/exchange'

/** Dialect of Advanced Trade's WebSocket feed. */
export const ADVANCED_DIALECT = 'coinbase/advanced'

/** Dialect of the answers of REST. */
export const REST_DIALECT = 'coinbase/rest'

/** Coinbase's decoders by dialect. */
export const decoders: Readonly<Record<string, Decoder>> = Object.freeze({
  [EXCHANGE_DIALECT]: decodeExchange,
  [ADVANCED_DIALECT]: decodeAdvanced,
  [REST_DIALECT]: decodeRest,
})
