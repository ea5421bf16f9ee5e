import { createFieldScanner, FIELD, firstElement, scanObject } from '../../core/json/scan.ts'
import type { EventSink } from '../../market/event.ts'
import type { TradeSlot } from '../../market/trade.ts'
import { createTally } from '../frame.ts'
import { UNKNOWN_ROUTE } from '../unknown-route.ts'
import type { Route } from '../venue.ts'
import { createTradeBatch, readTrades } from './decode-trade.ts'
import { readPairMessage } from './decode-v1.ts'
import * as fields from './fields.ts'
import { symbolOfPair } from './names.ts'
import { takeTrades } from './trade-list.ts'
import { isMethodAnswer, isStatus, type MethodAnswer } from './wire.ts'

const CHANNEL = 0
const DATA = 1
const SENT = 2
const envelope = createFieldScanner(['channel', 'data', 'timestamp'])

const SYMBOL = 0
const TIME = 1
const item = createFieldScanner(['symbol', 'timestamp'])

const batch = createTradeBatch()
const decoder = new TextDecoder()

/** Everything but an open bracket is an object, or nothing. */
const BRACKET = 0x5b

/** Tells what the collector must know of a frame, of either WebSocket. Never throws. */
export function routeFrame(frame: Uint8Array): Route {
  if (readTrades(frame, 0, frame.length, batch)) return routeTrades(batch.slots, batch.count)
  if (frame[0] === BRACKET) return routePair(frame)
  const bytes = scanObject(envelope, frame, 0, frame.length)
  if (bytes === null) return UNKNOWN_ROUTE
  const channel = fields.wordOf(envelope, bytes, CHANNEL)
  switch (channel) {
    case null:
      return routeAnswer(frame)
    case 'heartbeat':
      return { ...UNKNOWN_ROUTE, kind: 'heartbeat', channel }
    case 'status':
      return routeStatus(frame)
    case 'trade':
      return routeUnusualTrades(bytes)
    default:
      return routeData(bytes, channel)
  }
}

/** Speaks of the first symbol of a frame: its newest id, and its latest time. */
function routeTrades(slots: readonly Readonly<TradeSlot>[], count: number): Route {
  const symbol = (slots[0] as TradeSlot).symbol
  let [lastId, eventTimeUs] = [-1, 0]
  for (let at = 0; at < count; at += 1) {
    const slot = slots[at] as TradeSlot
    if (slot.symbol !== symbol) continue
    if (slot.tradeId > lastId) lastId = slot.tradeId
    if (slot.eventTimeUs > eventTimeUs) eventTimeUs = slot.eventTimeUs
  }
  return { kind: 'data', channel: 'trade', symbol, lastId, eventTimeUs }
}

function routeUnusualTrades(bytes: Uint8Array): Route {
  const slots: TradeSlot[] = []
  if (envelope.kinds[DATA] === FIELD.array) {
    const [start, end] = [envelope.starts[DATA] as number, envelope.ends[DATA] as number]
    const sink: EventSink = { ...IGNORE, trade: (slot) => slots.push({ ...slot }) }
    takeTrades({ bytes, start, end, base: 0 }, sink, createTally())
  }
  if (slots.length > 0) return routeTrades(slots, slots.length)
  return { ...UNKNOWN_ROUTE, kind: 'data', channel: 'trade' }
}

const IGNORE: EventSink = {
  trade() {},
  candle() {},
  witness() {},
  listing() {},
  snapshot() {},
  reject() {},
}

/** Reads the first symbol of a frame, and the time it was sent at or, failing that, happened. */
function routeData(bytes: Uint8Array, channel: string): Route {
  const sentUs = fields.timeOf(envelope, bytes, SENT)
  const route = { ...UNKNOWN_ROUTE, kind: 'data' as const, channel, eventTimeUs: timeOr0(sentUs) }
  if (envelope.kinds[DATA] !== FIELD.array) return route
  const end = envelope.ends[DATA] as number
  const at = firstElement(bytes, envelope.starts[DATA] as number, end)
  const found = at < 0 ? null : scanObject(item, bytes, at, end)
  if (found === null) return route
  const symbol = fields.wordOf(item, found, SYMBOL)
  if (sentUs > 0) return { ...route, symbol }
  return { ...route, symbol, eventTimeUs: timeOr0(fields.timeOf(item, found, TIME)) }
}

/** A ticker may tell the year 1970, which stands for unknown. */
function timeOr0(timeUs: number): number {
  return timeUs > 0 ? timeUs : 0
}

/** Reads what a recorded message of the older WebSocket is about. */
function routePair(frame: Uint8Array): Route {
  const message = readPairMessage(frame, 0, frame.length)
  if (message === null) return UNKNOWN_ROUTE
  const { name, pair } = message
  return { ...UNKNOWN_ROUTE, kind: 'data', channel: name, symbol: symbolOfPair(pair) }
}

/** Trading is halted or restricted: worth a word, since silence follows that is no fault. */
function routeStatus(frame: Uint8Array): Route {
  const value = parseFrame(frame)
  if (!isStatus(value)) return UNKNOWN_ROUTE
  const route = { ...UNKNOWN_ROUTE, channel: 'status' }
  const system = value.data.find((each) => each.system !== 'online')?.system
  if (system === undefined) return { ...route, kind: 'data' }
  return { ...route, kind: 'error', message: `the trading engine is in ${system}`.slice(0, 200) }
}

/** Complaints that refuse nothing: the data asked for flows, or the asking was too quick. */
const HARMLESS = /^already subscribed/i
const TOO_QUICK = /^exceeded msg rate/i

/** Reads the answer to a request: one comes for each symbol asked for. */
function routeAnswer(frame: Uint8Array): Route {
  const value = parseFrame(frame)
  if (!isMethodAnswer(value)) return UNKNOWN_ROUTE
  const channel = value.method ?? 'error'
  const words = value.error ?? value.Error
  if (words === undefined && value.success !== false) return routeSuccess(value, channel)
  const symbol = typeof value.symbol === 'string' ? value.symbol : null
  const { req_id: id } = value
  const requestId = typeof id === 'number' && Number.isSafeInteger(id) ? id : null
  const isLeaving = value.method === 'unsubscribe'
  if (isLeaving || HARMLESS.test(words ?? '')) {
    // To leave what is not held, or to ask for what is, is to have what was wanted. The answer
    // names no channel, but its request did.
    const ack =
      requestId === null
        ? { kind: isLeaving ? ('removed' as const) : ('added' as const), subscriptions: [] }
        : { kind: 'request' as const, id: requestId }
    return { ...UNKNOWN_ROUTE, kind: 'ack', channel, symbol, ack }
  }
  const message = (words ?? 'refused without a word').slice(0, 200)
  const route = { ...UNKNOWN_ROUTE, kind: 'error' as const, channel, message }
  if (TOO_QUICK.test(message)) return route
  return requestId === null ? { ...route, symbol } : { ...route, symbol, requestId }
}

function routeSuccess(answer: MethodAnswer, channel: string): Route {
  if (channel === 'pong') return { ...UNKNOWN_ROUTE, kind: 'heartbeat', channel }
  const { result } = answer
  const isSubscription = channel === 'subscribe' || channel === 'unsubscribe'
  if (!isSubscription || typeof result?.channel !== 'string') return { ...UNKNOWN_ROUTE, channel }
  // A channel that concerns no symbol is held with an empty one.
  const symbol = typeof result.symbol === 'string' ? result.symbol : ''
  const kind = channel === 'subscribe' ? ('added' as const) : ('removed' as const)
  const ack = { kind, subscriptions: [{ channel: result.channel, symbol }] }
  return { ...UNKNOWN_ROUTE, kind: 'ack', channel, ack }
}

function parseFrame(frame: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(frame))
  } catch {
    return undefined
  }
}
