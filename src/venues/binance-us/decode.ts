import type { Decoder } from '../venue.ts'
import { decodeRest } from './decode-rest.ts'
import { decodeStream } from './decode-stream.ts'

/** Dialect of the WebSocket stream, combined (with a wrapper) or raw. */
export const STREAM_DIALECT = 'binance-us/stream'

/** Dialect of the answers of REST. */
export const REST_DIALECT = 'binance-us/rest'

/** Binance.US's decoders by dialect. */
export const decoders: Readonly<Record<string, Decoder>> = Object.freeze({
  [STREAM_DIALECT]: decodeStream,
  [REST_DIALECT]: decodeRest,
})

/** Decoders of what Binance's other markets recorded: they speak alike, and are no venues here. */
export const cousins: Readonly<Record<string, Decoder>> = Object.freeze({
  'binance/stream': decodeStream,
  'binance/rest': decodeRest,
  'binance-futures/stream': decodeStream,
})
