import {
  createFieldScanner,
  FIELD,
  type FieldScanner,
  firstElement,
  scanObject,
} from '../../core/json/scan.ts'
import type { EventSink } from '../../market/event.ts'
import { readSymbol } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'
import { createTally } from '../frame.ts'
import { UNKNOWN_ROUTE } from '../unknown-route.ts'
import type { Route, Subscription } from '../venue.ts'
import { wordOf } from './fields.ts'
import { parseFrame, routeError } from './route-exchange.ts'
import { takeTrades } from './trade-list.ts'
import { isAdvancedSubscriptions, isTextList } from './wire.ts'

const CHANNEL = 0
const EVENTS = 1
const TIMESTAMP = 2
const TYPE = 3
const envelope = createFieldScanner(['channel', 'events', 'timestamp', 'type'])

const PRODUCT_ID = 0
const FIRST_LIST = 1
const event = createFieldScanner(['product_id', 'trades', 'tickers', 'candles'])
const row = createFieldScanner(['product_id'])

/** Data channels whose messages carry another name than their subscription. */
const SUBSCRIBED_AS: Readonly<Record<string, string>> = { l2_data: 'level2' }

/** Tells what the collector must know of a frame of the Advanced Trade feed. Never throws. */
export function routeAdvanced(frame: Uint8Array): Route {
  const bytes = scanObject(envelope, frame, 0, frame.length)
  if (bytes === null) return UNKNOWN_ROUTE
  const channel = wordOf(envelope, bytes, CHANNEL)
  if (channel === null)
    return wordOf(envelope, bytes, TYPE) === 'error' ? routeError(frame) : UNKNOWN_ROUTE
  if (channel === 'subscriptions') return routeAck(frame)
  const sentUs =
    envelope.kinds[TIMESTAMP] === FIELD.string
      ? readTimeUs(bytes, envelope.starts[TIMESTAMP] as number, envelope.ends[TIMESTAMP] as number)
      : Number.NaN
  const eventTimeUs = sentUs > 0 ? sentUs : 0
  if (channel === 'heartbeats') return { ...UNKNOWN_ROUTE, kind: 'heartbeat', channel, eventTimeUs }
  const name = Object.hasOwn(SUBSCRIBED_AS, channel) ? (SUBSCRIBED_AS[channel] as string) : channel
  const route = { kind: 'data' as const, channel: name, symbol: null, lastId: -1, eventTimeUs }
  return envelope.kinds[EVENTS] === FIELD.array ? { ...route, ...firstProduct(bytes) } : route
}

/** Reads the first product a frame speaks of and, of its trades, the newest id and time. */
function firstProduct(bytes: Uint8Array): Partial<Route> {
  const end = envelope.ends[EVENTS] as number
  const at = firstElement(bytes, envelope.starts[EVENTS] as number, end)
  const scanned = at < 0 ? null : scanObject(event, bytes, at, end)
  if (scanned === null) return {}
  if (event.kinds[PRODUCT_ID] === FIELD.string) return { symbol: symbolIn(event, scanned) }
  const list = event.kinds.indexOf(FIELD.array, FIRST_LIST)
  if (list < 0) return {}
  const start = event.starts[list] as number
  const listEnd = event.ends[list] as number
  if (list !== FIRST_LIST) {
    const item = firstElement(scanned, start, listEnd)
    const found = item < 0 ? null : scanObject(row, scanned, item, listEnd)
    return found === null ? {} : { symbol: symbolIn(row, found) }
  }
  const newest = { symbol: null as string | null, lastId: -1, eventTimeUs: 0 }
  const sink: EventSink = {
    ...IGNORE,
    trade(slot) {
      newest.symbol ??= slot.symbol
      if (slot.symbol !== newest.symbol) return
      newest.lastId = Math.max(newest.lastId, slot.tradeId)
      newest.eventTimeUs = Math.max(newest.eventTimeUs, slot.eventTimeUs)
    },
  }
  const trades = { bytes: scanned, start, end: listEnd, base: 0, symbol: null }
  takeTrades(trades, sink, createTally())
  return newest.symbol === null ? {} : newest
}

const IGNORE: EventSink = {
  trade() {},
  candle() {},
  witness() {},
  snapshot() {},
  listing() {},
  reject() {},
}

function symbolIn(scanner: FieldScanner, bytes: Uint8Array): string | null {
  if (scanner.kinds[0] !== FIELD.string) return null
  return readSymbol(bytes, scanner.starts[0] as number, scanner.ends[0] as number)
}

/** Reads the cumulative list of what this connection is subscribed to. */
function routeAck(frame: Uint8Array): Route {
  const value = parseFrame(frame)
  if (!isAdvancedSubscriptions(value)) return UNKNOWN_ROUTE
  const acked: Subscription[] = []
  for (const { subscriptions } of value.events) {
    for (const [channel, products] of Object.entries(subscriptions)) {
      // Heartbeats concern no product, whatever the list says.
      if (channel === 'heartbeats') acked.push({ channel, symbol: '' })
      else if (isTextList(products)) {
        for (const symbol of products) acked.push({ channel, symbol })
      }
    }
  }
  return {
    ...UNKNOWN_ROUTE,
    kind: 'ack',
    channel: 'subscriptions',
    ack: { kind: 'whole', subscriptions: acked },
  }
}
