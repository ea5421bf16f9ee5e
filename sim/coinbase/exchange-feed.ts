import type { FaultRequest } from '../faults/fault.ts'
import { garbageBytes } from '../faults/garbage.ts'
import type { Fill } from '../market/ledger.ts'
import type { Product } from '../market/product.ts'
import type { ProductMarket } from '../market/product-market.ts'
import { bookSnapshotFrame, bookUpdateFrame } from './book.ts'
import type { Connection } from './connection.ts'
import { errorFrame, heartbeatFrame, matchFrame, tickerFrame } from './exchange-frames.ts'
import type { ExchangeSession, Subscribed } from './exchange-session.ts'
import { acknowledgement, subscribe, unsubscribe } from './exchange-session.ts'
import type { Feed, FeedOptions } from './feed.ts'
import { forEachLive, isMuted, isOverdue } from './feed.ts'
import { statusFrame } from './listing.ts'
import { readSubscribeRequest } from './subscribe-request.ts'

interface LateAck {
  readonly session: ExchangeSession
  readonly frame: string
  readonly dueUs: number
}

const SLOW_EVERY_SECONDS = 5

/** The Exchange WebSocket feed. */
export class ExchangeFeed implements Feed {
  readonly #options: FeedOptions
  readonly #listed: ReadonlySet<string>
  readonly #products: readonly Product[]
  readonly #sessions = new Map<Connection, ExchangeSession>()
  #lateAcks: LateAck[] = []
  #acksToDelay = 0
  #ackDelayMs = 0
  #seconds = 0

  constructor(options: FeedOptions) {
    this.#options = options
    this.#listed = new Set(options.market.products.keys())
    this.#products = [...options.market.products.values()].map((engine) => engine.product)
  }

  get connections(): number {
    return this.#sessions.size
  }

  get subscribers(): number {
    return [...this.#sessions.values()].filter((session) => session.channels.has('matches')).length
  }

  accept(connection: Connection): void {
    const channels = new Map<string, Set<string>>()
    this.#sessions.set(connection, { connection, channels, mutes: new Map(), greeted: false })
  }

  forget(connection: Connection): void {
    this.#sessions.delete(connection)
  }

  receive(connection: Connection, text: string): void {
    const session = this.#sessions.get(connection)
    if (session === undefined) return
    const request = readSubscribeRequest(text)
    if (typeof request === 'string') {
      connection.send(errorFrame(request))
      return
    }
    session.greeted = true
    if (request.type === 'unsubscribe') {
      unsubscribe(session, request)
      this.#acknowledge(session)
      return
    }
    const added = subscribe(session, request, this.#listed)
    if (added.length === 0) return
    this.#acknowledge(session)
    this.#greet(session, added)
  }

  trade(fill: Fill): void {
    const engine = this.#engine(fill.product.id)
    this.#publish('matches', fill.product.id, () => matchFrame('match', fill, engine.salt))
  }

  order(last: Fill): void {
    const engine = this.#engine(last.product.id)
    this.#publish('ticker', last.product.id, () => tickerFrame(last, engine))
  }

  second(timeUs: number): void {
    this.#seconds += 1
    this.#sendHeartbeats(timeUs)
    if (this.#seconds % SLOW_EVERY_SECONDS !== 0) return
    for (const session of this.#sessions.values()) {
      if (session.channels.has('status')) session.connection.send(statusFrame(this.#products))
    }
    for (const [id, engine] of this.#options.market.products) {
      const { lastFill } = engine.ledger
      if (lastFill === null) continue
      this.#publish('ticker_1000', id, () => tickerFrame(lastFill, engine))
    }
  }

  quarter(timeUs: number): void {
    const { market, random } = this.#options
    for (const [id, engine] of market.products) {
      this.#publish('level2_50', id, () => bookUpdateFrame(engine, random, timeUs))
    }
  }

  tick(nowUs: number): void {
    for (const session of this.#sessions.values()) {
      session.connection.tick(nowUs)
      if (isOverdue(session, nowUs, this.#options.subscribeDeadlineMs)) {
        session.connection.close(1008, 'no subscription in time')
      }
    }
    if (this.#lateAcks.length === 0) return
    const due = this.#lateAcks.filter((ack) => ack.dueUs <= nowUs)
    this.#lateAcks = this.#lateAcks.filter((ack) => ack.dueUs > nowUs)
    for (const ack of due) ack.session.connection.send(ack.frame)
  }

  stall(untilUs: number): number {
    return forEachLive(this.#sessions.keys(), (connection) => connection.stall(untilUs))
  }

  mute(product: string, untilUs: number, frozenId: number | null): number {
    const muted = this.#wanting(product)
    for (const session of muted) session.mutes.set(product, { untilUs, frozenId })
    return muted.length
  }

  garbage(request: FaultRequest, product: string): number {
    const { salt, ledger } = this.#engine(product)
    if (ledger.lastFill === null) return 0
    const truth = matchFrame('match', ledger.lastFill, salt)
    const { bytes, binary } = garbageBytes(request.variant ?? 'malformed', truth)
    return forEachLive(
      this.#wanting(product).map((session) => session.connection),
      (connection) => connection.sendBytes(bytes, binary),
    )
  }

  oversized(bytes: number): number {
    if (this.#sessions.size === 0) return 0
    const frame = Buffer.alloc(bytes, ' ')
    frame.write('{"type":"match"', 'latin1')
    frame.write('}', bytes - 1, 'latin1')
    return forEachLive(this.#sessions.keys(), (connection) => connection.sendBytes(frame, false))
  }

  disconnect(code: number | null): number {
    return forEachLive(this.#sessions.keys(), (c) => c.close(code, 'going away'))
  }

  delayAcks(ms: number, count: number): void {
    this.#ackDelayMs = ms
    this.#acksToDelay += count
  }

  #engine(product: string): ProductMarket {
    return this.#options.market.products.get(product)!
  }

  #wanting(product: string): readonly ExchangeSession[] {
    return [...this.#sessions.values()].filter(
      (session) => session.channels.get('matches')?.has(product) === true,
    )
  }

  /** Sends to every session of (channel, product); the frame is built only if there is one. */
  #publish(channel: string, product: string, build: () => string): void {
    let frame: string | null = null
    for (const session of this.#sessions.values()) {
      if (session.channels.get(channel)?.has(product) !== true) continue
      const { timeUs } = this.#options.market
      if (channel === 'matches' && isMuted(session.mutes, product, timeUs)) continue
      frame ??= build()
      session.connection.send(frame)
    }
  }

  #acknowledge(session: ExchangeSession): void {
    const frame = acknowledgement(session, this.#options.random)
    if (this.#acksToDelay === 0) {
      session.connection.send(frame)
      return
    }
    this.#acksToDelay -= 1
    const dueUs = this.#options.nowUs() + this.#ackDelayMs * 1000
    this.#lateAcks.push({ session, frame, dueUs })
  }

  // What a fresh subscription is told at once: tickers come before the last matches.
  #greet(session: ExchangeSession, added: readonly Subscribed[]): void {
    const { market, random } = this.#options
    const { connection } = session
    const of = (...channels: readonly string[]) =>
      added.flatMap(([channel, id]) => (channels.includes(channel) ? [this.#engine(id)] : []))
    for (const engine of of('ticker', 'ticker_1000')) {
      const { lastFill } = engine.ledger
      if (lastFill !== null) connection.send(tickerFrame(lastFill, engine))
    }
    for (const { ledger, salt } of of('matches')) {
      if (ledger.lastFill !== null) connection.send(matchFrame('last_match', ledger.lastFill, salt))
    }
    for (const engine of of('level2_50')) {
      connection.send(bookSnapshotFrame(engine, random, market.timeUs))
    }
    if (added.some(([channel]) => channel === 'status')) {
      connection.send(statusFrame(this.#products))
    }
  }

  #sendHeartbeats(timeUs: number): void {
    for (const [id, engine] of this.#options.market.products) {
      const lastId = engine.ledger.lastFill?.tradeId ?? 0
      for (const session of this.#sessions.values()) {
        if (session.channels.get('heartbeat')?.has(id) !== true) continue
        const muted = isMuted(session.mutes, id, timeUs)
        const told = (muted ? session.mutes.get(id)?.frozenId : null) ?? lastId
        session.connection.send(heartbeatFrame(engine, told, timeUs))
      }
    }
  }
}
