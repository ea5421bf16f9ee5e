import { type EventSink, IGNORE_EVENTS } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import { ORIGINS } from '../market/record.ts'
import type { TradeSlot } from '../market/trade.ts'
import { TradeColumns } from '../market/trade-columns.ts'
import { displaces, overlap, type Range } from '../silver/ranges.ts'
import { admitTrade } from '../silver/validate.ts'
import { decoderOf } from '../venues/index.ts'
import type { HourTrade } from './hour-facts.ts'

/** Reports of trades, by the ids they are of; of two reports of the same ids the one to stand. */
export type Reports = Map<string, HourTrade>

/**
 * Decodes a record and keeps what it reports of an instrument's own numbering: by silver's rules,
 * and so without what silver refuses.
 */
export function collectReports(
  record: RawRecord,
  of: { readonly venue: string; readonly symbol: string },
  into: Reports,
): void {
  if (!record.dialect.startsWith(`${of.venue}/`)) return
  const sink: EventSink = {
    ...IGNORE_EVENTS,
    trade(slot) {
      if (slot.symbol !== of.symbol || slot.tape !== '') return
      const report = reportOf(slot, record)
      if (report === null) return
      const ids = `${report.firstId} ${report.lastId}`
      const known = into.get(ids)
      if (known === undefined || standsBefore(report, known)) into.set(ids, report)
    },
  }
  try {
    decoderOf(record.dialect)(record, sink)
  } catch {
    // A decoder that throws has a fault of ours; silver keeps what it told before, and so do we.
  }
}

/** Room for one trade's decimals. */
const room = new TradeColumns(1)

function reportOf(slot: Readonly<TradeSlot>, record: RawRecord): HourTrade | null {
  room.textLength = 0
  if (admitTrade(room, slot, record.receivedTimeUs) !== null) return null
  const { text, priceEnd, sizeEnd } = room
  const [middle, end] = [priceEnd[0] as number, sizeEnd[0] as number]
  const written = Buffer.from(text.buffer, text.byteOffset, end).toString('latin1')
  return {
    firstId: slot.firstId,
    lastId: slot.lastId,
    eventTimeUs: slot.eventTimeUs,
    price: written.slice(0, middle),
    size: written.slice(middle),
    side: slot.side,
    origin: ORIGINS.indexOf(record.origin),
  }
}

/** Of two reports of the same ids the least by origin and text stands (D5). */
function standsBefore(a: HourTrade, b: HourTrade): boolean {
  if (a.origin !== b.origin) return a.origin < b.origin
  const text = ({ eventTimeUs, price, size, side }: HourTrade) =>
    JSON.stringify([eventTimeUs, price, size, side])
  return text(a) < text(b)
}

/**
 * Returns the reports that stand, in order of id: those that no longer one, and no rival,
 * displaces. Rivals are ranges that were reported elsewhere.
 */
export function standingReports(reports: Reports, rivals: readonly Range[]): HourTrade[] {
  const ranges: (Range | HourTrade)[] = [...reports.values(), ...rivals]
  ranges.sort((a, b) => a.firstId - b.firstId || b.lastId - a.lastId)
  const displaced = new Set<Range>(rivals)
  let near: Range[] = []
  for (const range of ranges) {
    near = near.filter((other) => overlap(other, range))
    for (const other of near) {
      if (displaces(other, range)) displaced.add(range)
      // A rival may be of the very ids of a report, and then neither displaces the other.
      else if (displaces(range, other)) displaced.add(other)
    }
    near.push(range)
  }
  return ranges.filter((range): range is HourTrade => !displaced.has(range))
}
