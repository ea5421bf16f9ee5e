/**
 * Payloads as Binance.US sends them, as far as they are read as whole values. What comes by the
 * thousand (trades, klines) is read field by field from its bytes instead; its keys stand in
 * `fields.ts` and `kline.ts`.
 */

/** A request to the stream. */
export interface StreamRequest {
  readonly method: 'SUBSCRIBE' | 'UNSUBSCRIBE'
  readonly params: readonly string[]
  readonly id: number
}

/** A complaint, of the stream or of REST: `{"code":-1121,"msg":"Invalid symbol."}`. */
export interface ErrorBody {
  readonly code: number
  readonly msg: string
}

/** A row of `exchangeInfo`. */
export interface SymbolRow {
  readonly symbol: string
  readonly baseAsset: string
  readonly quoteAsset: string
  readonly status?: unknown
  readonly filters?: unknown
}

/** Whether a value is an object that may have fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is a complaint. */
export function isErrorBody(value: unknown): value is ErrorBody {
  return isRecord(value) && typeof value.code === 'number' && typeof value.msg === 'string'
}

/** Whether a row tells of a symbol. */
export function isSymbolRow(value: unknown): value is SymbolRow {
  return (
    isRecord(value) &&
    typeof value.symbol === 'string' &&
    typeof value.baseAsset === 'string' &&
    typeof value.quoteAsset === 'string'
  )
}

/** Parses short bytes; `undefined` where they are no JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
