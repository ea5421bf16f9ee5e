import { AssayError } from '../../core/errors.ts'
import type { IntervalName } from '../../market/bucket.ts'
import { INTERVAL_NAMES } from '../../market/bucket.ts'
import type { Candle } from '../../market/candle.ts'
import { decimalText, parseDecimal, roundDecimal } from '../../market/decimal.ts'
import { listCandles, openWarehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { CandleFlags } from '../commands/candles.ts'
import { showCount, showTime } from '../format.ts'
import { readLimit } from '../limit.ts'
import type { Column } from '../output.ts'
import { printRows } from '../output.ts'
import { selectInstrument } from '../selector.ts'
import { styles } from '../style.ts'
import { parseSpan } from '../time-argument.ts'

/** Prints candles of one instrument: `[--from, --to)`, or the newest. */
export async function showCandles({ context, args, flags }: Call<CandleFlags>): Promise<void> {
  const { clock, storeUrl: url } = context
  const [selector = '', intervalText = ''] = args
  const interval = parseIntervalArgument(intervalText)
  const span = parseSpan(flags, clock.nowUs())
  const wanted = readLimit(flags)
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const { instrumentId } = await selectInstrument(warehouse, selector, flags.venue)
  const candles = await listCandles(warehouse, { instrumentId, interval, ...span, ...wanted })
  const empty = `No ${interval} candles of ${selector} in this span.`
  printRows(candles, { json: context.json, csv: context.csv, columns: COLUMNS, empty })
}

function parseIntervalArgument(text: string): IntervalName {
  const name = INTERVAL_NAMES.find((known) => known === text)
  if (name !== undefined) return name
  throw new AssayError('ASSAY_USAGE', `${text} is no interval; one of ${INTERVAL_NAMES.join(', ')}`)
}

const price = (key: 'open' | 'high' | 'low' | 'close'): Column<Candle> => ({ key, align: 'right' })

const COLUMNS: readonly Column<Candle>[] = [
  { key: 'open_time', title: 'open time, UTC', show: (row) => showTime(row.open_time) },
  price('open'),
  price('high'),
  price('low'),
  price('close'),
  { key: 'volume', align: 'right' },
  { key: 'notional', align: 'right', where: 'data' },
  { key: 'vwap', align: 'right', show: showVwap },
  {
    key: 'trade_count',
    title: 'trades',
    align: 'right',
    show: (row) => (row.trade_count === null ? '-' : showCount(row.trade_count)),
  },
  { key: 'taker_buy_volume', title: 'taker buys', align: 'right' },
  { key: 'status', show: showStatus },
  { key: 'complete', where: 'data' },
  { key: 'revision', where: 'data' },
]

/** Two places more than the prices have tell enough; programs are given all eighteen. */
function showVwap({ vwap, close }: Candle): string {
  const exact = vwap === null ? null : parseDecimal(vwap)
  if (exact === null) return styles.dim('-')
  const places = (close?.split('.')[1]?.length ?? 0) + 2
  return decimalText(roundDecimal(exact, places))
}

function showStatus({ status, complete }: Candle): string {
  if (status === 'unknown' || status === 'venue_down') return styles.red(status)
  return complete ? styles.dim(status) : styles.yellow(`${status}, incomplete`)
}
