import type { FaultRequest, OpenFault } from '../faults/fault.ts'
import { garbageBytes, oversizedBytes } from '../faults/garbage.ts'
import type { Fill } from '../market/ledger.ts'
import type { Connection } from '../service/connection.ts'
import { forEachLive, isMuted, isWithheld } from '../service/feed.ts'
import type { Feed, Mute, Print, VenueContext } from '../venue-sim.ts'
import type { BookClock } from './book-clock.ts'
import { createBookClock } from './book-clock.ts'
import { aggTradeText, msOf, tradeText } from './frames.ts'
import type { KlineClock } from './kline-clock.ts'
import { createKlineClock } from './kline-clock.ts'
import { createLimits } from './limits.ts'
import type { SocketRequest } from './request.ts'
import { readRequest } from './request.ts'
import type { State } from './state.ts'
import type { StreamSession, Streams } from './streams.ts'
import { createStreams, wrapped } from './streams.ts'

interface LateAck {
  readonly connection: Connection
  readonly frame: string
  readonly dueUs: number
}

const GOING_AWAY = 1001
const POLICY = 1008
const STREAMS_MAX = 1024
// Order ids are one numbering of the venue; each product gets a stretch of its own.
const ORDER_ID_FIRST = 1_909_000_000

/** The streams of Binance.US: raw and combined on one service. */
export class BinanceFeed implements Feed {
  readonly #context: VenueContext
  readonly #state: State
  readonly #streams: Streams = createStreams()
  readonly #sessions = new Map<Connection, StreamSession>()
  readonly #klines: KlineClock
  readonly #bookClock: BookClock
  #lateAcks: LateAck[] = []
  #acksToDelay = 0
  #ackDelayMs = 0

  constructor(context: VenueContext, state: State) {
    this.#context = context
    this.#state = state
    this.#klines = createKlineClock(context, this.#streams)
    this.#bookClock = createBookClock(context, { streams: this.#streams, books: state.books })
  }

  get connections(): number {
    return this.#sessions.size
  }

  get subscribers(): number {
    const trades = (name: string) => name.endsWith('@aggTrade') || name.endsWith('@trade')
    return [...this.#sessions.values()].filter(({ streams }) => [...streams].some(trades)).length
  }

  // Streams named by the URL are never acknowledged.
  accept(connection: Connection, url: URL): void {
    const { clocks, counters } = this.#context
    const [, service = '', ...names] = url.pathname.replace(/^\/binance-us/, '').split('/')
    const session: StreamSession = {
      connection,
      limits: createLimits(connection, clocks, counters),
      streams: new Set(),
      mutes: new Map(),
      combined: service === 'stream',
    }
    this.#sessions.set(connection, session)
    const asked = url.searchParams.get('streams')?.split('/') ?? []
    this.#subscribe(
      session,
      [...names, ...asked].filter((name) => name !== ''),
    )
  }

  forget(connection: Connection): void {
    const session = this.#sessions.get(connection)
    this.#sessions.delete(connection)
    if (session === undefined) return
    for (const stream of [...session.streams]) this.#streams.leave(session, stream)
  }

  receive(connection: Connection, text: string): void {
    const session = this.#sessions.get(connection)
    if (session === undefined) return
    session.limits.heard('message', this.#context.nowUs())
    const request = readRequest(text)
    if ('code' in request) connection.send(JSON.stringify(request))
    else this.#obey(session, request)
  }

  heard(connection: Connection, frame: 'ping' | 'pong'): void {
    this.#sessions.get(connection)?.limits.heard(frame, this.#context.nowUs())
  }

  trade(print: Print): void {
    const { product } = print[0]!
    const { timeUs } = this.#context.market
    const prefix = product.id.toLowerCase()
    if (this.#streams.has(`${prefix}@trade`)) {
      const lets = ({ mutes }: StreamSession) => !isMuted(mutes, product.id, timeUs)
      for (const fill of print) {
        this.#streams.publish(`${prefix}@trade`, () => this.#tradeText(fill), lets)
      }
    }
    const sent = this.#streams.publish(
      `${prefix}@aggTrade`,
      () => this.#aggregateText(print),
      (session) => !isWithheld(session, print, timeUs),
    )
    if (sent) this.#context.told(product.id, print[0]!.tradeId, print.at(-1)!.tradeId)
  }

  order(): void {
    // No stream here follows taker orders.
  }

  second(timeUs: number): void {
    this.#klines.second(timeUs)
  }

  quarter(): void {
    // The venue's own beats are the second and the tenth of one.
  }

  tick(nowUs: number): void {
    for (const session of this.#sessions.values()) {
      session.connection.tick(nowUs)
      session.limits.tick(nowUs)
    }
    this.#klines.tick(nowUs)
    if (this.#sessions.size > 0) this.#bookClock.tick(nowUs)
    if (this.#lateAcks.length === 0) return
    const due = this.#lateAcks.filter((ack) => ack.dueUs <= nowUs)
    this.#lateAcks = this.#lateAcks.filter((ack) => ack.dueUs > nowUs)
    for (const ack of due) ack.connection.send(ack.frame)
  }

  stall(fault: OpenFault, untilUs: number): number {
    return forEachLive(this.#sessions.keys(), (connection) => connection.stall(fault, untilUs))
  }

  mute(product: string, mute: Mute): number {
    const muted = this.#wanting(product)
    for (const session of muted) session.mutes.set(product, mute)
    return muted.length
  }

  garbage(request: FaultRequest, product: string): number {
    const { product: listed, ledger } = this.#context.market.products.get(product)!
    const stream = `${product.toLowerCase()}@aggTrade`
    if (ledger.lastFill === null) return 0
    const aggregates = this.#state.aggregates.get(product)!
    const { aggId } = aggregates.at(aggregates.nextId - 1)
    const truth = aggTradeText(listed, ledger.lastFill, {
      ...this.#state.facts(product, aggId),
      eventMs: msOf(this.#context.nowUs()),
    })
    return forEachLive(
      this.#wanting(product).map((session) => session.connection),
      (connection) => {
        const session = this.#sessions.get(connection)!
        const whole = wrapped(session, stream, truth)
        const { bytes, binary } = garbageBytes(request.variant ?? 'malformed', whole)
        connection.sendBytes(bytes, binary)
      },
    )
  }

  oversized(bytes: number): number {
    if (this.#sessions.size === 0) return 0
    const frame = oversizedBytes('{"e":"aggTrade"', bytes)
    return forEachLive(this.#sessions.keys(), (connection) => connection.sendBytes(frame, false))
  }

  disconnect(code: number | null): number {
    return forEachLive(this.#sessions.keys(), (c) => c.close(code, 'going away'))
  }

  plannedCut(): number {
    return this.disconnect(GOING_AWAY)
  }

  delayAcks(ms: number, count: number): void {
    this.#ackDelayMs = ms
    this.#acksToDelay += count
  }

  #wanting(product: string): readonly StreamSession[] {
    return [...this.#streams.listeners(`${product.toLowerCase()}@aggTrade`)]
  }

  /** Returns the product a stream is of, where it is listed and spelt as streams spell it. */
  #productOf(stream: string): string | null {
    const symbol = stream.slice(0, Math.max(0, stream.indexOf('@')))
    const product = symbol.toUpperCase()
    const known = symbol === symbol.toLowerCase() && this.#context.market.products.has(product)
    return known ? product : null
  }

  // What is not known is taken all the same, and never heard of again.
  #subscribe(session: StreamSession, names: readonly string[]): void {
    const { symbolFaults } = this.#context
    const products = new Set(names.map((name) => this.#productOf(name)))
    const rejected = new Set(
      [...products].filter((id) => id !== null && symbolFaults.take('reject', id) !== null),
    )
    for (const name of names) {
      const product = this.#productOf(name)
      if (rejected.has(product)) continue
      this.#streams.join(session, name)
      // A fresh subscription cures a symbol that fell silent.
      if (product !== null && name.endsWith('@aggTrade')) session.mutes.delete(product)
    }
    if (session.streams.size > STREAMS_MAX) session.connection.close(POLICY, 'Too many streams')
  }

  #obey(session: StreamSession, { method, params, id }: SocketRequest): void {
    const names = params as readonly string[]
    switch (method) {
      case 'SUBSCRIBE':
        this.#subscribe(session, names)
        if (!this.#isWithheld(names)) this.#acknowledge(session, { result: null, id })
        break
      case 'UNSUBSCRIBE':
        for (const name of names) this.#streams.leave(session, name)
        this.#acknowledge(session, { result: null, id })
        break
      case 'LIST_SUBSCRIPTIONS':
        this.#acknowledge(session, { result: [...session.streams], id })
        break
      default:
        this.#acknowledge(session, answerProperty(session, { method, params, id }))
    }
  }

  #isWithheld(names: readonly string[]): boolean {
    const products = new Set(names.map((name) => this.#productOf(name)))
    return [...products].some(
      (id) => id !== null && this.#context.symbolFaults.take('ack_withheld', id) !== null,
    )
  }

  #acknowledge({ connection }: StreamSession, answer: object): void {
    const frame = JSON.stringify(answer)
    if (this.#acksToDelay === 0) {
      connection.send(frame)
      return
    }
    this.#acksToDelay -= 1
    const dueUs = this.#context.nowUs() + this.#ackDelayMs * 1000
    this.#lateAcks.push({ connection, frame, dueUs })
  }

  #eventMs(timeUs: number): number {
    return msOf(timeUs) + this.#context.random.int(0, 3)
  }

  #tradeText(fill: Fill): string {
    const first = ORDER_ID_FIRST + this.#state.ordinal(fill.product.id) * 1e9
    return tradeText(fill.product, fill, {
      eventMs: this.#eventMs(fill.timeUs),
      makerOrder: first + fill.makerOrder,
      takerOrder: first + fill.takerOrder,
    })
  }

  #aggregateText(print: Print): string {
    const fill = print[0]!
    const aggId = this.#state.aggIdOf(fill)
    const eventMs = this.#eventMs(fill.timeUs)
    const facts = { firstId: fill.tradeId, lastId: print.at(-1)!.tradeId, aggId, eventMs }
    const units = print.reduce((sum, part) => sum + part.units, 0)
    return aggTradeText(fill.product, fill, { ...facts, units })
  }
}

/** Answers what concerns the one property there is. */
function answerProperty(session: StreamSession, { method, params, id }: SocketRequest): object {
  const [name, value] = params
  if (typeof name !== 'string') {
    return { code: 2, msg: 'Invalid request: property name must be a string', id }
  }
  if (name !== 'combined') return { code: 0, msg: 'Unknown property', id }
  if (method === 'GET_PROPERTY') return { result: session.combined, id }
  if (typeof value !== 'boolean') {
    return { code: 1, msg: 'Invalid value type: expected Boolean', id }
  }
  session.combined = value
  return { result: null, id }
}
