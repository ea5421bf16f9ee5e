import type { Command } from 'commander'
import { Option } from 'commander'
import { AssayError } from '../core/errors.ts'
import type { Context, Settings } from './context.ts'

/** The flags that choose venues, products and hosts. */
export interface VenueFlags {
  readonly venues?: readonly string[]
  readonly products?: readonly string[]
  readonly coins?: readonly string[]
  readonly restUrl?: readonly string[]
  readonly sim?: string
}

/** The flags of every command that collects. */
export interface CollectFlags extends VenueFlags {
  readonly mode?: string
  readonly wsUrl?: readonly string[]
  readonly feed?: string
  readonly pollSeconds?: string
  readonly seconds?: string
  readonly books?: boolean
}

/**
 * The venues of ours, and where `assay sim` serves each below its own address; those without
 * a socket have coins, not products. The registry itself is not loaded for a command's help.
 */
const PATHS: Readonly<Record<string, { readonly ws: string | null; readonly rest: string }>> = {
  coinbase: { ws: '', rest: '' },
  'binance-us': { ws: '/binance-us/stream', rest: '/binance-us' },
  kraken: { ws: '/kraken/v2', rest: '/kraken' },
  coingecko: { ws: null, rest: '/coingecko/api/v3' },
}

/** Where the simulator serves the other of Coinbase's feeds. */
const ADVANCED_PATH = '/advanced'

/** An exchange that the ccxt library collects. */
const CCXT = /^ccxt:[a-z0-9]+$/

/** Adds the flags that choose venues and products. */
export function venueOptions(command: Command): Command {
  return command
    .option(
      '--venues <venue...>',
      `of ${Object.keys(PATHS).join(', ')} (default: all), and ccxt:ID`,
    )
    .option(
      '--products <product...>',
      'BTC-USD or as a venue writes it; kraken:BTC-USD for one venue (default: each venue’s own)',
    )
    .option('--coins <coin...>', 'CoinGecko’s coins by id, or top N (default: ten well-known ones)')
    .option('--rest-url <url...>', 'another REST host, venue=URL where there are several venues')
    .option('--sim <url>', 'all venues from a simulator, such as http://127.0.0.1:8101')
}

/** Adds the flags that say what is collected, and how. */
export function collectOptions(command: Command): Command {
  return venueOptions(
    command.addOption(
      new Option('--mode <mode>', 'socket, polling over REST, or both (default: ws)').choices([
        'ws',
        'rest',
        'both',
      ]),
    ),
  )
    .addOption(
      new Option('--feed <name>', "which of Coinbase's feeds").choices(['exchange', 'advanced']),
    )
    .option('--books', 'keep order books too')
    .option('--ws-url <url...>', 'another WebSocket, venue=URL where there are several venues')
    .option('--poll-seconds <n>', 'pause between polls of REST (default: 300)')
    .option('--seconds <n>', 'stop after so long')
}

/**
 * Returns what those flags give the configuration, which adds venues of these ids.
 *
 * @throws ASSAY_UNKNOWN_VENUE; ASSAY_USAGE for an address of which it is not clear whose it is,
 * and for a product of a venue that has none.
 */
export function collectSettings(flags: CollectFlags, venueIds: readonly string[] = []): Settings {
  const venues = listOf(flags.venues)
  const known = [...Object.keys(PATHS), ...venueIds]
  for (const venue of venues ?? []) if (!CCXT.test(venue)) knownVenue(venue, known)
  return {
    mode: flags.mode,
    'collect.venues': venues,
    'collect.books': flags.books,
    'venues.coinbase.feed': flags.feed,
    'poll.everySeconds': flags.pollSeconds,
    'venues.coingecko.coins': coinsOf(flags.coins),
    ...productSettings(listOf(flags.products), known),
    ...simSettings(flags.sim, flags.feed),
    ...urlSettings('wsUrl', flags.wsUrl, { venues, known }),
    ...urlSettings('restUrl', flags.restUrl, { venues, known }),
  }
}

function listOf(words: readonly string[] | undefined): readonly string[] | undefined {
  return words?.flatMap((one) => one.split(',')).filter(Boolean)
}

/** `--coins top 50` reaches us as two words. */
function coinsOf(words: readonly string[] | undefined): string | undefined {
  return words?.join(' ')
}

/** A product goes to every exchange, one with a venue before it to that alone. */
function productSettings(
  products: readonly string[] | undefined,
  known: readonly string[],
): Settings {
  if (products === undefined) return {}
  const exchanges = known.filter((venue) => PATHS[venue]?.ws !== null)
  const own = new Map<string, string[]>()
  const shared: string[] = []
  for (const product of products) {
    const colon = product.indexOf(':')
    if (colon < 0) shared.push(product)
    else {
      const id = knownVenue(product.slice(0, colon), known)
      if (!exchanges.includes(id)) {
        throw new AssayError('ASSAY_USAGE', `${id} has no products; name its coins with --coins`)
      }
      own.set(id, [...(own.get(id) ?? []), product.slice(colon + 1)])
    }
  }
  const lists = exchanges.map((id): [string, string[]] => {
    return [id, [...new Set([...shared, ...(own.get(id) ?? [])])]]
  })
  if (shared.length > 0) lists.push(['ccxt', shared])
  const named = lists.filter(([, list]) => list.length > 0)
  return Object.fromEntries(named.map(([id, list]) => [`venues.${id}.products`, list]))
}

function simSettings(sim: string | undefined, feed: string | undefined): Settings {
  if (sim === undefined) return {}
  const http = sim.replace(/\/+$/, '').replace(/^ws/, 'http')
  const settings: Record<string, string> = {}
  for (const [venue, { ws, rest }] of Object.entries(PATHS)) {
    settings[`venues.${venue}.restUrl`] = http + rest
    if (ws !== null) settings[`venues.${venue}.wsUrl`] = http.replace(/^http/, 'ws') + ws
  }
  if (feed === 'advanced') settings['venues.coinbase.wsUrl'] += ADVANCED_PATH
  return settings
}

function urlSettings(
  key: 'wsUrl' | 'restUrl',
  urls: readonly string[] | undefined,
  at: { readonly venues: readonly string[] | undefined; readonly known: readonly string[] },
): Settings {
  const { venues, known } = at
  const settings: Record<string, string> = {}
  for (const text of urls ?? []) {
    const [, named, url] = /^([a-z][a-z0-9-]*)=(.*)$/.exec(text) ?? [undefined, undefined, text]
    const venue = named ?? (venues?.length === 1 ? venues[0] : undefined)
    if (venue === undefined) {
      const flag = key === 'wsUrl' ? '--ws-url' : '--rest-url'
      throw new AssayError('ASSAY_USAGE', `whose is ${text}? Write ${flag} coinbase=${text}`)
    }
    settings[`venues.${knownVenue(venue, known)}.${key}`] = url ?? ''
  }
  return settings
}

function knownVenue(id: string, known: readonly string[]): string {
  if (known.includes(id)) return id
  const list = known.join(', ')
  throw new AssayError(
    'ASSAY_UNKNOWN_VENUE',
    `no venue is called ${id}; there is ${list}, and ccxt:ID`,
  )
}

/** Ends a run when the process is asked to stop, or some time after it has begun. */
export interface Ending {
  readonly signal: AbortSignal
  /** Starts the time of `--seconds`, once there is something to be ended. */
  begin(): void
}

/**
 * Reads `--seconds`, which may be left out.
 *
 * @throws ASSAY_USAGE when that is no number.
 */
export function endingOf(context: Context, seconds: string | undefined): Ending {
  if (seconds === undefined) return { signal: context.signal, begin: () => {} }
  const value = Number(seconds)
  if (seconds.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new AssayError('ASSAY_USAGE', `--seconds takes a number, not ${seconds}`)
  }
  const timed = new AbortController()
  const signal = AbortSignal.any([context.signal, timed.signal])
  const begin = () => {
    context.clock.sleep(value * 1000, signal).then(() => timed.abort('the time is over'))
  }
  return { signal, begin }
}
