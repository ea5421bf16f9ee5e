import { isOneLineJson, isUtf8 } from '../core/json/scan.ts'
import type { FrameKind, Rejection, VenueCandle, Witness } from '../market/event.ts'
import type { Listing } from '../market/instrument.ts'
import type { PayloadForm, RawRecord } from '../market/record.ts'
import type { MarketSnapshot } from '../market/snapshot.ts'
import { SIDES } from '../market/trade.ts'
import type { Decoder } from './venue.ts'

/** A trade as a decoder gave it, its price and size still the venue's own text. */
export interface DecodedTrade {
  readonly item: number
  readonly symbol: string
  readonly tape: string
  readonly tradeId: number
  readonly firstId: number
  readonly lastId: number
  readonly tradeCount: number
  readonly eventTimeUs: number
  readonly side: string
  readonly price: string
  readonly size: string
}

/** Everything a decoder found in one record. */
export interface Decoded {
  readonly kind: FrameKind
  readonly trades: readonly DecodedTrade[]
  readonly candles: readonly VenueCandle[]
  readonly witnesses: readonly Witness[]
  readonly listings: readonly Listing[]
  readonly snapshots: readonly MarketSnapshot[]
  readonly rejections: readonly Rejection[]
}

const text = new TextDecoder()

/** Runs a decoder over one record and keeps copies of all it found. */
export function decodeAll(decoder: Decoder, record: RawRecord): Decoded {
  const trades: DecodedTrade[] = []
  const candles: VenueCandle[] = []
  const witnesses: Witness[] = []
  const listings: Listing[] = []
  const snapshots: MarketSnapshot[] = []
  const rejections: Rejection[] = []
  const kind = decoder(record, {
    trade(slot) {
      const { item, symbol, tape, tradeId, firstId, lastId, tradeCount, eventTimeUs } = slot
      const price = text.decode(slot.bytes.subarray(slot.priceStart, slot.priceEnd))
      const size = text.decode(slot.bytes.subarray(slot.sizeStart, slot.sizeEnd))
      const side = SIDES[slot.side] ?? `side ${slot.side}`
      const ids = { tradeId, firstId, lastId, tradeCount }
      trades.push({ item, symbol, tape, ...ids, eventTimeUs, side, price, size })
    },
    candle: (candle) => candles.push({ ...candle }),
    witness: (witness) => witnesses.push({ ...witness }),
    listing: (listing) => listings.push({ ...listing }),
    snapshot: (snapshot) => snapshots.push({ ...snapshot }),
    reject: (rejection) => rejections.push({ ...rejection }),
  })
  return { kind, trades, candles, witnesses, listings, snapshots, rejections }
}

/** Returns the form a payload has in the log. */
export function formOf(bytes: Uint8Array): PayloadForm {
  if (!isUtf8(bytes, 0, bytes.length)) return 'bytes'
  return isOneLineJson(bytes, 0, bytes.length) ? 'json' : 'text'
}

/** Returns a record of a payload as the log would give it, inside of a longer buffer. */
export function recordOf(
  payload: string | Uint8Array,
  about: Partial<RawRecord> & Pick<RawRecord, 'dialect'>,
): RawRecord {
  const inner = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload
  const bytes = new Uint8Array(inner.length + 16).fill(0x7d)
  bytes.set(inner, 8)
  return {
    pos: 0,
    channel: 'unknown',
    symbol: null,
    origin: 'ws',
    receivedTimeUs: 1_790_689_560_000_000,
    conn: 'c-test',
    frame: 0,
    request: null,
    form: formOf(inner),
    ...about,
    bytes,
    start: 8,
    end: 8 + inner.length,
  }
}
