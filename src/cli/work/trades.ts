import { formatTimeUs } from '../../market/bucket.ts'
import type { Side } from '../../market/trade.ts'
import { listTrades, openWarehouse, type StoredTrade } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { TradeFlags } from '../commands/trades.ts'
import { showTime } from '../format.ts'
import { readLimit } from '../limit.ts'
import type { Column } from '../output.ts'
import { printRows } from '../output.ts'
import { RawLogs } from '../raw-logs.ts'
import { selectInstrument } from '../selector.ts'
import { styles, visible } from '../style.ts'
import { parseSpan } from '../time-argument.ts'

/** A trade as people and programs are given it. Ids are text, as JavaScript's numbers end. */
interface TradeRow {
  readonly venue: string
  readonly symbol: string
  readonly trade_id: string
  /** `0` for the venue's own numbering, else the SHA-256 of the file that has these ids. */
  readonly tape: string
  readonly time: string
  readonly price: string
  readonly size: string
  /** The taker's. */
  readonly side: Side
  readonly origin: string
  readonly received_time: string
  readonly log: string
  readonly pos: number
  readonly item: number
}

/** A trade beside what the venue said of it. */
interface RawTradeRow extends TradeRow {
  /** The side as the venue gave it, of the maker where that is the venue's way. */
  readonly venue_side: string | null
  readonly dialect: string | null
  /** Verbatim; null where the log has lost it. */
  readonly raw: string | null
}

/** Prints trades of one instrument: `[--from, --to)`, or the newest. */
export async function showTrades({ context, args, flags }: Call<TradeFlags>): Promise<void> {
  const { clock, storeUrl: url, dataDir, json, csv } = context
  const [selector = ''] = args
  const span = parseSpan(flags, clock.nowUs())
  const wanted = readLimit(flags)
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const { instrumentId } = await selectInstrument(warehouse, selector, flags.venue)
  const trades = await listTrades(warehouse, { instrumentId, ...span, ...wanted })
  const empty = `No trades of ${selector} in this span.`
  if (!flags.raw) return printRows(trades.map(rowOf), { json, csv, columns: COLUMNS, empty })
  using logs = new RawLogs(dataDir)
  const rows = trades.map((trade) => ({ ...rowOf(trade), ...rawOf(logs, trade) }))
  printRows(rows, { json, csv, columns: RAW_COLUMNS, empty })
}

function rowOf(trade: StoredTrade): TradeRow {
  return {
    venue: trade.venue,
    symbol: trade.symbol,
    trade_id: String(trade.tradeId),
    tape: trade.tape,
    time: formatTimeUs(trade.eventTimeUs),
    price: trade.price,
    size: trade.size,
    side: trade.side,
    origin: trade.origin,
    received_time: formatTimeUs(trade.receivedTimeUs),
    log: trade.log,
    pos: trade.pos,
    item: trade.item,
  }
}

function rawOf(logs: RawLogs, trade: StoredTrade) {
  const { dialect, raw } = logs.find({ kind: 'trade', ...trade })
  return { venue_side: raw === null ? null : sideIn(raw), dialect, raw }
}

/** Returns the field `side` of a venue's object, in its own words. */
function sideIn(raw: string): string | null {
  return /"side"\s*:\s*"([^"\\]{1,16})"/.exec(raw)?.[1] ?? null
}

const COLUMNS: readonly Column<TradeRow>[] = [
  { key: 'time', title: 'time, UTC', show: (row) => showTime(row.time) },
  { key: 'venue', where: 'data' },
  { key: 'symbol', where: 'data' },
  { key: 'trade_id', title: 'trade id', align: 'right' },
  { key: 'tape', where: 'data' },
  { key: 'price', align: 'right' },
  { key: 'size', align: 'right' },
  { key: 'side', show: ({ side }) => showSide(side) },
  { key: 'origin' },
  { key: 'received_time', where: 'data' },
  { key: 'log', title: 'raw record', show: ({ log, pos }) => styles.dim(`${visible(log)} ${pos}`) },
  { key: 'pos', where: 'data' },
  { key: 'item', where: 'data' },
]

const RAW_COLUMNS: readonly Column<RawTradeRow>[] = [
  ...COLUMNS,
  { key: 'venue_side', title: "venue's side" },
  { key: 'dialect', where: 'data' },
  { key: 'raw', title: "venue's record", show: ({ raw }) => visible(raw ?? 'lost') },
]

function showSide(side: Side): string {
  if (side === 'unknown') return styles.dim(side)
  return side === 'buy' ? styles.green(side) : styles.red(side)
}
