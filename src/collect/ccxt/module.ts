import { AssayError, systemCode } from '../../core/errors.ts'
import { nearSymbols } from '../near-symbols.ts'

/** What is used of an exchange of the ccxt library; everything it answers is unknown until read. */
export interface CcxtExchange {
  readonly name: string
  /** By method: `true` where the exchange itself offers it. */
  readonly has: Readonly<Record<string, unknown>>
  readonly timeframes?: Readonly<Record<string, unknown>>
  readonly precisionMode?: number
  loadMarkets(): Promise<Readonly<Record<string, unknown>>>
  /** `since` in epoch milliseconds. */
  fetchTrades(symbol: string, since?: number): Promise<unknown>
  fetchOHLCV(symbol: string, timeframe: string, since?: number): Promise<unknown>
  /** Resolves with the trades that are new since it was asked last. */
  watchTrades?(symbol: string): Promise<unknown>
  /** Wanted before a plain `ws://` URL is used. */
  loadHttpProxyAgent?(): Promise<unknown>
  /** Ends all sockets; what waits on them rejects. */
  close(): Promise<unknown>
  /** The socket of a URL, one for all that is asked over it. */
  client?(url: string): CcxtSocket
}

/** What is used of one of the library's sockets. */
export interface CcxtSocket {
  send(message: unknown): Promise<unknown>
}

/** Makes an exchange; the settings are the library's own. */
export type CcxtClass = new (settings: Readonly<Record<string, unknown>>) => CcxtExchange

/** What is used of the ccxt library: exchanges by id, and in `pro` those that have sockets. */
export interface CcxtModule {
  readonly version: string
  readonly exchanges: readonly string[]
  readonly pro?: Readonly<Record<string, unknown>>
}

/** Loads the library, on first use and never before. */
export type LoadCcxt = () => Promise<CcxtModule>

const PACKAGE = 'ccxt'

/**
 * Loads the ccxt package, which is installed by whoever wants it.
 *
 * @throws ASSAY_UNSUPPORTED where it is not installed.
 */
export const loadCcxt: LoadCcxt = async () => {
  try {
    const loaded = (await import(PACKAGE)) as { readonly default: CcxtModule }
    return loaded.default
  } catch (cause) {
    const isMissing = systemCode(cause) === 'ERR_MODULE_NOT_FOUND'
    const message = isMissing
      ? 'other exchanges are read by the package ccxt, which is not installed: npm install ccxt'
      : 'the package ccxt is installed but cannot be loaded: npm install ccxt'
    throw new AssayError('ASSAY_UNSUPPORTED', message, { cause, context: { package: PACKAGE } })
  }
}

/**
 * Returns the class of an exchange, that with sockets where it is wanted and there is one.
 *
 * @throws ASSAY_UNKNOWN_VENUE where the library has no such exchange.
 */
export function classOf(module: CcxtModule, exchange: string, withSockets: boolean): CcxtClass {
  if (!module.exchanges.includes(exchange)) {
    const near = nearSymbols(exchange, module.exchanges, 5)
    const hint = near.length === 0 ? '' : `; near it are ${near.join(', ')}`
    const message = `ccxt ${module.version} knows no exchange ${JSON.stringify(exchange)}${hint}`
    throw new AssayError('ASSAY_UNKNOWN_VENUE', message, { context: { exchange } })
  }
  const own = (module as unknown as Readonly<Record<string, unknown>>)[exchange]
  const found = withSockets ? (module.pro?.[exchange] ?? own) : own
  return found as CcxtClass
}

/**
 * Keeps a message that could not be sent from ending the process.
 *
 * The library sends a subscription when its rate limit allows, and forgets to look how that ended:
 * where the socket was closed meanwhile, nobody would take the rejection. What waits for an answer
 * over that socket rejects all the same, when it closes.
 */
export function guardSends(exchange: CcxtExchange): void {
  const socketOf = exchange.client?.bind(exchange)
  if (socketOf === undefined) return
  const guarded = new WeakSet<CcxtSocket>()
  exchange.client = (url) => {
    const socket = socketOf(url)
    if (guarded.has(socket)) return socket
    guarded.add(socket)
    const send = socket.send.bind(socket)
    socket.send = (message) => {
      const sent = send(message)
      sent.catch(() => {})
      return sent
    }
    return socket
  }
}
