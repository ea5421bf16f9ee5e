import { AssayError, isAssayError } from '../../core/errors.ts'
import { listingsOf } from '../../venues/ccxt/index.ts'
import { findVenue } from '../../venues/index.ts'
import type { CollectorOptions } from '../collector-options.ts'
import type { CollectMode } from '../collector-status.ts'
import { createConnIds, createDiary, type Diary } from '../diary.ts'
import { createIncidentLog, type Incident, type IncidentLog } from '../incidents.ts'
import { requireProducts } from '../listing.ts'
import { type Caller, createCaller } from './call.ts'
import {
  type CcxtExchange,
  type CcxtModule,
  classOf,
  guardSends,
  type LoadCcxt,
  loadCcxt,
} from './module.ts'
import { pollCandles, pollTrades, watchTrades } from './product-tasks.ts'
import { createTradeStream, type TradeStream } from './trade-stream.ts'
import { type CcxtWriter, createCcxtWriter, type Way } from './writer.ts'

const DEFAULT_PRODUCTS = ['BTC-USD', 'ETH-USD']
const LISTING_MS_MAX = 5000
const POLL_SECONDS = 5

/** Everything collecting an exchange through the ccxt library needs. */
export interface CcxtCollectorOptions
  extends Pick<
    CollectorOptions,
    'journal' | 'clock' | 'random' | 'log' | 'command' | 'version' | 'lastWordUs'
  > {
  /** The library's id of the exchange: `bitstamp`. */
  readonly exchange: string
  /** `BTC-USD`, `BTC/USD`; `null` or none for BTC and ETH in dollars. */
  readonly products: readonly string[] | null
  /** `rest` asks for trades even where the library has a socket. @default 'both' */
  readonly mode?: CollectMode
  /** Pause between two pages of trades, where they are asked for. @default 5 */
  readonly pollSeconds?: number
  /** The library's own settings of the exchange: `timeout`, `httpProxy`, `urls` and such. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** @default loadCcxt */
  readonly load?: LoadCcxt
  readonly signal: AbortSignal
}

/** How collecting an exchange through the library goes. */
export interface CcxtCollectorStatus {
  /** The venue in the data. */
  readonly venue: string
  readonly way: Way
  /** The library's symbols; none before it has listed them. */
  readonly products: readonly string[]
  /** Written by this run: records, and trades in them. */
  readonly records: number
  readonly trades: number
  /** Time of the newest trade told, by the venue's clock, epoch microseconds; 0 before one is. */
  readonly lastTradeUs: number
  /** What is wrong now, oldest first. */
  readonly incidents: readonly Incident[]
}

/** A running collector of one exchange, through the library. */
export interface CcxtCollector {
  status(): CcxtCollectorStatus
  /** Resolves when stopped, everything written; rejects when the log can no longer be written. */
  readonly done: Promise<CcxtCollectorStatus>
}

interface Run {
  readonly options: CcxtCollectorOptions
  readonly exchange: CcxtExchange
  readonly venue: string
  readonly way: Way
  readonly conn: string
  readonly startUs: number
  readonly stopping: AbortController
  readonly signal: AbortSignal
  readonly diary: Diary
  readonly incidents: IncidentLog
  readonly writer: CcxtWriter
  readonly call: Caller
  readonly streams: Map<string, TradeStream>
}

/**
 * Returns the venue in the data of an exchange of the library: its id, but for exchanges that are
 * collected natively, whose data must not mix with what a library made of it.
 */
export function ccxtVenueOf(exchange: string): string {
  return findVenue(exchange) === null ? exchange : `ccxt-${exchange}`
}

/**
 * Starts collecting an exchange through the ccxt library, until aborted: trades over its socket,
 * else by asking, and one-minute candles.
 *
 * The exchange is asked for its markets first. Where they cannot be had within seconds, this
 * returns all the same, and collecting begins when they are there.
 *
 * @throws ASSAY_UNSUPPORTED where the package is not installed, or the exchange tells no trades;
 * ASSAY_UNKNOWN_VENUE; ASSAY_UNKNOWN_PRODUCT when the exchange lists none of the products.
 */
export async function startCcxtCollector(options: CcxtCollectorOptions): Promise<CcxtCollector> {
  const run = await openRun(options)
  const { clock, log } = options
  const listed = listProducts(run)
  const waiting = new AbortController()
  const early = listed.then(() => waiting.abort())
  try {
    await Promise.race([early, clock.sleep(LISTING_MS_MAX, waiting.signal)])
  } catch (error) {
    await run.exchange.close()
    await endRun(run, 'no product is known')
    throw error
  } finally {
    waiting.abort()
  }
  const late = listed.catch((error: unknown) => {
    if (!isAssayError(error)) throw error
    log.warn({ venue: run.venue }, `${error.message}; ${run.exchange.name} is left out`)
    return []
  })
  const done = finish(run, late)
  // Whoever does not wait for it must not lose the process to a rejection.
  done.catch(() => {})
  return { status: () => statusOf(run), done }
}

async function openRun(options: CcxtCollectorOptions): Promise<Run> {
  const { journal, clock, command, version, lastWordUs = null } = options
  const module = await (options.load ?? loadCcxt)()
  const { exchange, way } = openExchange(module, options)
  const venue = ccxtVenueOf(options.exchange)
  const startUs = clock.nowUs()
  const nextConn = createConnIds()
  const diary = createDiary({ journal, clock, conn: nextConn() })
  diary.write({ event: 'start', command, version })
  const incidents = createIncidentLog({ venue, diary, clock })
  if (lastWordUs !== null && lastWordUs < startUs) {
    const detail = 'nothing was collected between the last record of the log and this start'
    incidents.past({ cause: 'collector_down', fromUs: lastWordUs, toUs: startUs, detail })
  }
  const stopping = new AbortController()
  const signal = AbortSignal.any([options.signal, stopping.signal])
  const conn = nextConn()
  const about = { exchange: options.exchange, version: module.version }
  return {
    ...{ options, exchange, venue, way, conn, startUs, stopping, signal, diary, incidents },
    writer: createCcxtWriter({ journal, clock, conn, venue, ...about }),
    call: createCaller({ ...options, venue, incidents, signal }),
    streams: new Map(),
  }
}

function openExchange(
  module: CcxtModule,
  { exchange: id, mode, settings }: CcxtCollectorOptions,
): { readonly exchange: CcxtExchange; readonly way: Way } {
  const Exchange = classOf(module, id, mode !== 'rest')
  const exchange = new Exchange({
    enableRateLimit: true,
    // Numbers stay the text they came as.
    number: String,
    // What currencies there are is another question, which some answer to nobody without a key.
    has: { fetchCurrencies: false },
    ...settings,
  })
  guardSends(exchange)
  if (mode !== 'rest' && exchange.has.watchTrades === true) return { exchange, way: 'ws' }
  if (exchange.has.fetchTrades === true) return { exchange, way: 'rest' }
  const message = `ccxt ${module.version} has no public trades of ${exchange.name}`
  throw new AssayError('ASSAY_UNSUPPORTED', message, { context: { exchange: id } })
}

/** Asks for the markets until they are there, and returns the symbols of the products. */
async function listProducts(run: Run): Promise<readonly string[]> {
  const { options, exchange, venue, call, writer } = run
  const answer = await call({ channel: 'loadMarkets' }, async () => {
    if (run.way === 'ws') await exchange.loadHttpProxyAgent?.()
    return exchange.loadMarkets()
  })
  if (answer === null) return []
  const { precisionMode } = exchange
  const markets = Object.values(answer.value)
  const listings = listingsOf(markets, precisionMode)
  const { products } = options
  const wanted = products === null || products.length === 0 ? DEFAULT_PRODUCTS : products
  const about = { venue: { id: venue, name: exchange.name }, log: options.log }
  const symbols = requireProducts(wanted, listings, about)
  const chosen = symbols.map((symbol) => answer.value[symbol])
  writer.write({ method: 'loadMarkets', symbol: null, value: { precisionMode, markets: chosen } })
  return symbols
}

async function collect(run: Run, listed: Promise<readonly string[]>): Promise<void> {
  const { options, exchange, venue, way, writer, diary, conn, startUs } = run
  const symbols = await listed
  if (symbols.length === 0) return
  const channel = way === 'ws' ? 'watchTrades' : 'fetchTrades'
  // No fact channel, and so no scope: nobody knows whether this exchange's ids leave none out.
  diary.write({ event: 'subscribe', venue, channel, symbols, fact: false })
  const startMs = Math.floor(startUs / 1000)
  const hasMinutes = exchange.has.fetchOHLCV === true && exchange.timeframes?.['1m'] !== undefined
  const tasks = symbols.flatMap((symbol) => {
    const stream = createTradeStream({ venue, symbol, way, writer, conn, startMs })
    run.streams.set(symbol, stream)
    const { pollSeconds = POLL_SECONDS, clock, log } = options
    const context = { ...run, clock, log, symbol, stream, pollSeconds }
    const trades = way === 'ws' ? watchTrades(context) : pollTrades(context)
    return hasMinutes ? [trades, pollCandles(context)] : [trades]
  })
  await Promise.all(tasks)
}

async function finish(run: Run, listed: Promise<readonly string[]>): Promise<CcxtCollectorStatus> {
  const { options, stopping, signal, diary } = run
  const ended = new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true })
    if (signal.aborted) resolve(null)
  })
  const tasks = [collect(run, listed), diary.keepTicking(signal), ended]
  try {
    await Promise.race([options.journal.failed, Promise.all(tasks)])
  } finally {
    stopping.abort('failed')
    await Promise.allSettled(tasks)
    await run.exchange.close()
  }
  await endRun(run, String(signal.reason))
  return statusOf(run)
}

async function endRun(run: Run, reason: string): Promise<void> {
  run.stopping.abort(reason)
  run.incidents.closeAll()
  run.diary.write({ event: 'stop', reason })
  await run.options.journal.flush()
}

function statusOf({ venue, way, streams, writer, incidents }: Run): CcxtCollectorStatus {
  const all = [...streams.values()]
  return {
    ...{ venue, way, products: [...streams.keys()], records: writer.records },
    trades: all.reduce((sum, { trades }) => sum + trades, 0),
    lastTradeUs: Math.max(0, ...all.map(({ newestMs }) => (newestMs ?? 0) * 1000)),
    incidents: incidents.current,
  }
}
