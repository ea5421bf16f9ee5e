import { AssayError } from '../../core/errors.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import { decimalText, parseDecimal, roundDecimal } from '../../market/decimal.ts'
import type { Instrument } from '../../market/instrument.ts'
import {
  findInstrument,
  instrumentName,
  listInstruments,
  listSnapshots,
  newestSnapshots,
  openWarehouse,
  type StoredSnapshot,
  type Warehouse,
} from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { SnapshotFlags } from '../commands/snapshots.ts'
import { showTime } from '../format.ts'
import { readLimit } from '../limit.ts'
import type { Column } from '../output.ts'
import { printRows } from '../output.ts'
import { styles } from '../style.ts'
import { parseSpan } from '../time-argument.ts'

/** A snapshot as people and programs are given it: changes that end in `_pct` are in percent. */
interface SnapshotLine
  extends Omit<
    StoredSnapshot,
    'symbol' | 'base' | 'instrument_id' | 'time_us' | 'last_updated_us' | 'received_time_us'
  > {
  readonly coin: string
  readonly ticker: string | null
  /** When the poll began, or the time of the sample. */
  readonly time: string
  /** When the aggregator last computed the figures: equal to the row before it, unchanged. */
  readonly last_updated: string | null
  readonly received_time: string
}

/** Prints snapshots: `[--from, --to)` of the coins named, or the newest poll of each. */
export async function showSnapshots({ context, args, flags }: Call<SnapshotFlags>): Promise<void> {
  const { clock, storeUrl: url, json, csv } = context
  const span = parseSpan(flags, clock.nowUs())
  const wanted = readLimit(flags)
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const coins = await selectCoins(warehouse, args)
  const isOverview = coins.length === 0 && flags.from === undefined && flags.to === undefined
  const instrumentIds = coins.map(({ instrumentId }) => instrumentId)
  const rows = isOverview
    ? (await newestSnapshots(warehouse)).slice(0, wanted.limit)
    : await listSnapshots(warehouse, { instrumentIds, ...span, ...wanted })
  const empty = `No snapshots${args.length === 0 ? '' : ` of ${args.join(', ')}`} in this span.`
  printRows(rows.map(lineOf), { json, csv, columns: COLUMNS, empty })
}

/**
 * Returns the coins that are meant, by id or by ticker.
 *
 * @throws ASSAY_AMBIGUOUS_INSTRUMENT for a ticker that several have; ASSAY_UNKNOWN_PRODUCT.
 */
async function selectCoins(
  warehouse: Warehouse,
  names: readonly string[],
): Promise<readonly Instrument[]> {
  const stored = await listInstruments(warehouse)
  const coins = stored.filter(({ kind }) => kind === 'coin')
  return Promise.all(names.map(async (name) => pickCoin(coins, name) ?? unknown(warehouse, name)))
}

function pickCoin(coins: readonly Instrument[], name: string): Instrument | null {
  const byId = coins.find((coin) => coin.symbol === name || instrumentName(coin) === name)
  if (byId !== undefined) return byId
  const [only, ...others] = coins.filter(({ base }) => base === name.toUpperCase())
  if (only === undefined) return null
  if (others.length === 0) return only
  const names = [only, ...others].map(({ symbol }) => symbol)
  throw new AssayError(
    'ASSAY_AMBIGUOUS_INSTRUMENT',
    `${name} is the ticker of ${names.join(', ')}; name one by its id`,
    { context: { selector: name, matches: names } },
  )
}

async function unknown(warehouse: Warehouse, name: string): Promise<never> {
  const { venue, symbol } = await findInstrument(warehouse, name)
  const message = `${venue}:${symbol} is traded; snapshots are of coins, by id or ticker`
  throw new AssayError('ASSAY_UNKNOWN_PRODUCT', message, { context: { selector: name } })
}

function lineOf(row: StoredSnapshot): SnapshotLine {
  const { symbol, base, time_us, last_updated_us, received_time_us } = row
  return {
    time: formatTimeUs(time_us),
    venue: row.venue,
    coin: symbol,
    ticker: base,
    quote: row.quote,
    source: row.source,
    last_updated: last_updated_us === null ? null : formatTimeUs(last_updated_us),
    price: row.price,
    market_cap: row.market_cap,
    fully_diluted_valuation: row.fully_diluted_valuation,
    volume_24h: row.volume_24h,
    high_24h: row.high_24h,
    low_24h: row.low_24h,
    price_change_24h: row.price_change_24h,
    change_1h_pct: row.change_1h_pct,
    change_24h_pct: row.change_24h_pct,
    change_7d_pct: row.change_7d_pct,
    circulating_supply: row.circulating_supply,
    total_supply: row.total_supply,
    max_supply: row.max_supply,
    market_cap_rank: row.market_cap_rank,
    received_time: formatTimeUs(received_time_us),
    log: row.log,
    pos: row.pos,
    item: row.item,
  }
}

type Figure = keyof SnapshotLine & ('market_cap' | 'volume_24h' | `change_${string}_pct`)

const data = (key: keyof SnapshotLine): Column<SnapshotLine> => ({ key, where: 'data' })

const figure = (key: Figure, title: string, places: number): Column<SnapshotLine> => ({
  key,
  title,
  align: 'right',
  show: (row) => rounded(row[key], places),
})

const COLUMNS: readonly Column<SnapshotLine>[] = [
  { key: 'time', title: 'time, UTC', show: (row) => showTime(row.time) },
  data('venue'),
  { key: 'coin' },
  data('ticker'),
  data('quote'),
  data('source'),
  { key: 'price', align: 'right', show: ({ price }) => rounded(price, placesOf(price)) },
  figure('change_1h_pct', '1h %', 2),
  figure('change_24h_pct', '24h %', 2),
  figure('change_7d_pct', '7d %', 2),
  figure('market_cap', 'market cap', 0),
  data('fully_diluted_valuation'),
  figure('volume_24h', 'volume 24h', 0),
  data('high_24h'),
  data('low_24h'),
  data('price_change_24h'),
  data('circulating_supply'),
  data('total_supply'),
  data('max_supply'),
  { key: 'market_cap_rank', title: 'rank', align: 'right' },
  {
    key: 'last_updated',
    title: 'last updated',
    show: ({ last_updated: time, source }) => showUpdated(time, source),
  },
  data('received_time'),
  data('log'),
  data('pos'),
  data('item'),
]

/** Programs are given all the digits; people those that tell. */
function rounded(text: string | null, places: number): string {
  const exact = text === null ? null : parseDecimal(text)
  return exact === null ? styles.dim('-') : decimalText(roundDecimal(exact, places))
}

function placesOf(price: string | null): number {
  return price?.startsWith('0.') ? 12 : 4
}

function showUpdated(time: string | null, source: StoredSnapshot['source']): string {
  if (source === 'chart') return styles.dim('sample of history')
  return time === null ? styles.dim('-') : styles.dim(showTime(time))
}
