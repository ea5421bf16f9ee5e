import { scanObject } from '../../core/json/scan.ts'
import { createTradeSlot } from '../../market/trade.ts'
import { UNKNOWN_ROUTE } from '../unknown-route.ts'
import type { Route, Subscription } from '../venue.ts'
import { readMatch } from './decode-match.ts'
import * as fields from './fields.ts'
import { isRecord, isSubscriptions } from './wire.ts'

const TYPE = fields.FIRST_OTHER
const LAST_TRADE_ID = TYPE + 1

const scanner = fields.createTradeScanner(['type', 'last_trade_id'])
const slot = createTradeSlot()
const decoder = new TextDecoder()

/** Channels by the type of their messages. */
const CHANNEL_OF: Readonly<Record<string, string>> = {
  match: 'matches',
  last_match: 'matches',
  ticker: 'ticker',
  heartbeat: 'heartbeat',
  status: 'status',
  snapshot: 'level2_batch',
  l2update: 'level2_batch',
  auction: 'auctionfeed',
  rfq_match: 'rfq_matches',
  received: 'full',
  open: 'full',
  done: 'full',
  change: 'full',
  activate: 'full',
}

/** What a channel is called in an ack, where that is not what it is asked for by. */
const ALIASES: Readonly<Record<string, string>> = {
  level2_50: 'level2_batch',
  ticker_1000: 'ticker_batch',
}

/** Tells what the collector must know of a frame of the Exchange feed. Never throws. */
export function routeExchange(frame: Uint8Array): Route {
  if (readMatch(frame, 0, frame.length, slot)) {
    const { symbol, lastId, eventTimeUs } = slot
    return { kind: 'data', channel: 'matches', symbol, lastId, eventTimeUs }
  }
  const bytes = scanObject(scanner, frame, 0, frame.length)
  const type = bytes === null ? null : fields.wordOf(scanner, bytes, TYPE)
  if (bytes === null || type === null) return UNKNOWN_ROUTE
  if (type === 'subscriptions') return routeAck(frame)
  if (type === 'error') return routeError(frame)
  if (!Object.hasOwn(CHANNEL_OF, type)) return UNKNOWN_ROUTE
  const heartbeat = type === 'heartbeat'
  const lastId = fields.readId(scanner, bytes, heartbeat ? LAST_TRADE_ID : fields.TRADE_ID)
  const timeUs = fields.readTime(scanner, bytes)
  return {
    kind: heartbeat ? 'heartbeat' : 'data',
    channel: CHANNEL_OF[type] as string,
    symbol: fields.readProduct(scanner, bytes),
    // Id 0 is Coinbase's way of not knowing; so is the year 1.
    lastId: lastId > 0 ? lastId : -1,
    eventTimeUs: timeUs > 0 ? timeUs : 0,
  }
}

/** Reads the cumulative list of what this connection is subscribed to. */
function routeAck(frame: Uint8Array): Route {
  const value = parseFrame(frame)
  if (!isSubscriptions(value)) return UNKNOWN_ROUTE
  const acked: Subscription[] = []
  for (const { name, product_ids: products } of value.channels) {
    const channel = Object.hasOwn(ALIASES, name) ? (ALIASES[name] as string) : name
    // A channel that concerns no product is held with an empty list.
    if (products.length === 0) acked.push({ channel, symbol: '' })
    for (const symbol of products) acked.push({ channel, symbol })
  }
  return {
    ...UNKNOWN_ROUTE,
    kind: 'ack',
    channel: 'subscriptions',
    ack: { kind: 'whole', subscriptions: acked },
  }
}

/** Reads a complaint of either feed, which no request can be told by. */
export function routeError(frame: Uint8Array): Route {
  const value = parseFrame(frame)
  if (!isRecord(value)) return UNKNOWN_ROUTE
  const words = [value.message, value.reason].filter((word) => typeof word === 'string')
  return {
    ...UNKNOWN_ROUTE,
    kind: 'error',
    channel: 'error',
    message: words.join(': ').slice(0, 200),
  }
}

/** Parses a frame that is about the connection; `undefined` where it is no JSON. */
export function parseFrame(frame: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(frame))
  } catch {
    return undefined
  }
}
