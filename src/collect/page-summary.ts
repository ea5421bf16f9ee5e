import type { EventSink, VenueCandle } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import type { TradeSlot } from '../market/trade.ts'
import type { Decoder, PageSummary, RestRequest } from '../venues/venue.ts'

/** Told of each trade id a page holds, both ends included. */
export type OnTrade = (firstId: number, lastId: number, eventTimeUs: number) => void

/** Told of what a page says of a symbol's newest trade: by trades, or by the venue's word. */
export type OnNewest = (symbol: string, lastId: number) => void

/** One page, and how it is made. */
export interface ReadPage {
  readonly page: PageSummary
  /** What is odd about it, in few words; `null` for a page in order and without holes. */
  readonly flaw: string | null
}

/**
 * Sums up one page by the venue's own decoder, so that paging and silver read it alike.
 *
 * A page of candles counts candles and their open times and has no ids. A page that is not an
 * answer (status other than 200) counts nothing.
 */
export function summarisePage(
  decoder: Decoder,
  record: RawRecord,
  options: {
    readonly request: RestRequest
    readonly onTrade?: OnTrade
    readonly onNewest?: OnNewest
  },
): ReadPage {
  const sum = { count: 0, leastId: 0, greatestId: 0, leastTimeUs: 0, greatestTimeUs: 0 }
  const order = createOrder()
  let ids = 0
  let rejected = 0
  const time = (timeUs: number) => {
    if (sum.count === 0 || timeUs < sum.leastTimeUs) sum.leastTimeUs = timeUs
    if (sum.count === 0 || timeUs > sum.greatestTimeUs) sum.greatestTimeUs = timeUs
  }
  const sink: EventSink = {
    trade(slot: Readonly<TradeSlot>) {
      time(slot.eventTimeUs)
      if (sum.count === 0 || slot.firstId < sum.leastId) sum.leastId = slot.firstId
      if (sum.count === 0 || slot.lastId > sum.greatestId) sum.greatestId = slot.lastId
      sum.count += 1
      ids += slot.lastId - slot.firstId + 1
      order.see(slot.firstId)
      options.onTrade?.(slot.firstId, slot.lastId, slot.eventTimeUs)
      options.onNewest?.(slot.symbol, slot.lastId)
    },
    candle(candle: VenueCandle) {
      time(candle.openTimeUs)
      order.see(candle.openTimeUs)
      sum.count += 1
    },
    witness: (witness) => options.onNewest?.(witness.symbol, witness.lastId),
    listing() {},
    snapshot() {
      sum.count += 1
    },
    reject() {
      rejected += 1
    },
  }
  const status = record.request?.status ?? 0
  if (status === 200) decoder(record, sink)
  const page = { request: options.request, status, headers: record.request?.headers ?? {}, ...sum }
  const missing = ids === 0 ? 0 : sum.greatestId - sum.leastId + 1 - ids
  return { page, flaw: flawOf({ isSorted: order.isSorted(), missing, rejected }) }
}

function flawOf(found: {
  readonly isSorted: boolean
  readonly missing: number
  readonly rejected: number
}): string | null {
  const { isSorted, missing, rejected } = found
  const flaws: string[] = []
  if (!isSorted) flaws.push('not in order')
  if (missing > 0) flaws.push(`${missing} ids missing within`)
  if (missing < 0) flaws.push('ids told twice')
  if (rejected > 0) flaws.push(`${rejected} rows refused`)
  return flaws.length === 0 ? null : flaws.join(', ')
}

/** Whether numbers only rise, or only fall: venues page either way. */
function createOrder() {
  let last: number | null = null
  let rises = false
  let falls = false
  return {
    see(value: number): void {
      if (last !== null && value > last) rises = true
      if (last !== null && value < last) falls = true
      last = value
    },
    isSorted: () => !(rises && falls),
  }
}
