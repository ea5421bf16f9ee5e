import { AssayError } from '../../core/errors.ts'
import { decimalText, parseDecimal, roundDecimal } from '../../market/decimal.ts'
import {
  type BookBreak,
  type BookSecond,
  listBookBreaks,
  listBookSeconds,
  openWarehouse,
} from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { BookFlags } from '../commands/books.ts'
import { showCount, showTime } from '../format.ts'
import { readLimit } from '../limit.ts'
import { type Column, printRows } from '../output.ts'
import { selectInstrument } from '../selector.ts'
import { styles } from '../style.ts'
import { parseSpan } from '../time-argument.ts'

/** Prints the seconds of one book, or where books broke: `[--from, --to)`, or the newest. */
export async function showBooks({ context, args, flags }: Call<BookFlags>): Promise<void> {
  const { clock, storeUrl: url, json, csv } = context
  const [selector] = args
  if (selector === undefined && !flags.breaks) {
    throw new AssayError('ASSAY_USAGE', 'name an instrument, or ask for --breaks of all')
  }
  const span = parseSpan(flags, clock.nowUs())
  const wanted = readLimit(flags)
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const instrument =
    selector === undefined ? undefined : await selectInstrument(warehouse, selector, flags.venue)
  const instrumentId = instrument?.instrumentId
  if (flags.breaks || instrumentId === undefined) {
    const query = { instrumentId, venue: flags.venue, ...span, ...wanted }
    const empty = 'No chain of updates broke in this span.'
    printRows(await listBookBreaks(warehouse, query), { json, csv, columns: BREAKS, empty })
    return
  }
  const seconds = await listBookSeconds(warehouse, { instrumentId, ...span, ...wanted })
  const empty = `No book of ${selector} in this span; books: true in the configuration keeps them.`
  printRows(seconds, { json, csv, columns: SECONDS, empty })
}

const figure = (key: keyof BookSecond, title?: string): Column<BookSecond> => ({
  key,
  align: 'right',
  ...(title !== undefined && { title }),
})

const SECONDS: readonly Column<BookSecond>[] = [
  { key: 'second', title: 'second, UTC', show: (row) => showTime(row.second) },
  figure('bid_size'),
  figure('bid'),
  figure('ask'),
  figure('ask_size'),
  figure('spread'),
  figure('bid_depth', 'bids of ten'),
  figure('ask_depth', 'asks of ten'),
  { ...figure('imbalance'), show: ({ imbalance }) => rounded(imbalance, 3) },
  { ...figure('microprice'), show: (row) => rounded(row.microprice, placesOf(row) + 2) },
  { ...figure('updates'), show: ({ updates }) => showCount(updates) },
]

const BREAKS: readonly Column<BookBreak>[] = [
  { key: 'time', title: 'time, UTC', show: ({ time }) => showTime(time) },
  { key: 'venue' },
  { key: 'symbol' },
  { key: 'cause', show: ({ cause }) => cause.replaceAll('_', ' ') },
  { key: 'detail' },
  { key: 'conn', where: 'data' },
  { key: 'frame', where: 'data' },
]

/** Programs are given all eighteen places; people as many as tell something. */
function rounded(text: string | null, places: number): string {
  const exact = text === null ? null : parseDecimal(text)
  return exact === null ? styles.dim('-') : decimalText(roundDecimal(exact, places))
}

function placesOf({ bid, ask }: BookSecond): number {
  const places = (text: string | null) => text?.split('.')[1]?.length ?? 0
  return Math.max(places(bid), places(ask))
}
