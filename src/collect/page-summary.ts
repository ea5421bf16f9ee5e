import type { EventSink, VenueCandle } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import type { TradeSlot } from '../market/trade.ts'
import type { Decoder, PageSummary, RestRequest } from '../venues/venue.ts'

/** Told of each trade id a page holds, both ends included. */
export type OnTrade = (firstId: number, lastId: number, eventTimeUs: number) => void

/**
 * Sums up one page by the venue's own decoder, so that paging and silver read it alike.
 *
 * A page of candles counts candles and their open times and has no ids. A page that is not an
 * answer (status other than 200) counts nothing.
 */
export function summarisePage(
  decoder: Decoder,
  record: RawRecord,
  options: { readonly request: RestRequest; readonly onTrade?: OnTrade },
): PageSummary {
  const sum = { count: 0, leastId: 0, greatestId: 0, leastTimeUs: 0, greatestTimeUs: 0 }
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
      options.onTrade?.(slot.firstId, slot.lastId, slot.eventTimeUs)
    },
    candle(candle: VenueCandle) {
      time(candle.openTimeUs)
      sum.count += 1
    },
    witness() {},
    listing() {},
    reject() {},
  }
  const status = record.request?.status ?? 0
  if (status === 200) decoder(record, sink)
  return { request: options.request, status, headers: record.request?.headers ?? {}, ...sum }
}
