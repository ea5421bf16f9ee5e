import type { Decoder } from '../venue.ts'
import { decodeRest } from './decode-rest.ts'
import { decodeV1 } from './decode-v1.ts'
import { decodeV2 } from './decode-v2.ts'

/** Dialect of the current WebSocket. */
export const V2_DIALECT = 'kraken/v2'

/** Dialect of the older WebSocket, in recordings. */
export const V1_DIALECT = 'kraken/v1'

/** Dialect of the answers of REST. */
export const REST_DIALECT = 'kraken/rest'

/** Kraken's decoders by dialect. */
export const decoders: Readonly<Record<string, Decoder>> = Object.freeze({
  [V2_DIALECT]: decodeV2,
  [V1_DIALECT]: decodeV1,
  [REST_DIALECT]: decodeRest,
})
