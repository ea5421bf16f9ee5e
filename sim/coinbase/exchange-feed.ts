import type { FaultRequest, OpenFault } from '../faults/fault.ts'
import { garbageBytes, oversizedBytes } from '../faults/garbage.ts'
import type { Fill } from '../market/ledger.ts'
import type { Product } from '../market/product.ts'
import type { ProductMarket } from '../market/product-market.ts'
import type { Connection } from '../service/connection.ts'
import { encodeFrame } from '../service/connection.ts'
import { forEachLive, isMuted, isOverdue, isWithheld } from '../service/feed.ts'
import type { Feed, Mute, Print, VenueContext } from '../venue-sim.ts'
import type { Books } from './books.ts'
import { createBooks } from './books.ts'
import { errorFrame, heartbeatFrame, matchFrame, tickerFrame } from './exchange-frames.ts'
import type { ExchangeSession, Subscribed } from './exchange-session.ts'
import { acknowledgement, subscribe, unsubscribe } from './exchange-session.ts'
import { statusFrame } from './listing.ts'
import { readSubscribeRequest } from './subscribe-request.ts'

interface LateAck {
  readonly session: ExchangeSession
  readonly frame: string
  readonly dueUs: number
}

const SLOW_EVERY_SECONDS = 5
const BOOK_CHANNEL = 'level2_50'

/** The Exchange WebSocket feed. */
export class ExchangeFeed implements Feed {
  readonly #options: VenueContext
  readonly #listed: ReadonlySet<string>
  readonly #products: readonly Product[]
  readonly #sessions = new Map<Connection, ExchangeSession>()
  readonly #books: Books
  #lateAcks: LateAck[] = []
  #acksToDelay = 0
  #ackDelayMs = 0
  #seconds = 0

  constructor(options: VenueContext) {
    this.#options = options
    this.#listed = new Set(options.market.products.keys())
    this.#products = [...options.market.products.values()].map((engine) => engine.product)
    this.#books = createBooks(options, {
      has: (product) => this.#holders(BOOK_CHANNEL, product).length > 0,
      tell: (product, frame) => this.#publish(BOOK_CHANNEL, product, () => frame),
    })
  }

  get connections(): number {
    return this.#sessions.size
  }

  /** The books as this feed tells them. */
  get books(): Books {
    return this.#books
  }

  get subscribers(): number {
    return [...this.#sessions.values()].filter((session) => session.channels.has('matches')).length
  }

  accept(connection: Connection): void {
    const channels = new Map<string, Set<string>>()
    const facts = { connection, channels, mutes: new Map(), unacked: new Set<string>() }
    this.#sessions.set(connection, { ...facts, greeted: false })
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
    const { symbolFaults } = this.#options
    const added = subscribe(session, request, { listed: this.#listed, symbolFaults })
    if (added.length === 0) return
    this.#acknowledge(session)
    this.#greet(session, added)
  }

  trade(print: Print): void {
    const { market, told } = this.#options
    const fill = print[0]!
    const { id } = fill.product
    let frame: Buffer | null = null
    let sent = false
    for (const session of this.#sessions.values()) {
      if (session.channels.get('matches')?.has(id) !== true) continue
      if (isWithheld(session, print, market.timeUs)) continue
      frame ??= encodeFrame(matchFrame('match', fill, this.#engine(id).salt))
      sent = session.connection.sendFrame(frame) || sent
    }
    if (sent) told(id, fill.tradeId, fill.tradeId)
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

  quarter(): void {
    // Books are told more often than this, trades at once.
  }

  tick(nowUs: number): void {
    this.#books.tick(nowUs)
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

  stall(fault: OpenFault, untilUs: number): number {
    return forEachLive(this.#sessions.keys(), (connection) => connection.stall(fault, untilUs))
  }

  mute(product: string, mute: Mute): number {
    const muted = this.#wanting(product)
    for (const session of muted) session.mutes.set(product, mute)
    return muted.length
  }

  plannedCut(): number {
    return this.disconnect(1001)
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
    const frame = oversizedBytes('{"type":"match"', bytes)
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
    return this.#holders('matches', product)
  }

  #holders(channel: string, product: string): readonly ExchangeSession[] {
    return [...this.#sessions.values()].filter(
      (session) => session.channels.get(channel)?.has(product) === true,
    )
  }

  /** Sends to every session of (channel, product); the frame is built only if there is one. */
  #publish(channel: string, product: string, build: () => string): void {
    let frame: Buffer | null = null
    for (const session of this.#sessions.values()) {
      if (session.channels.get(channel)?.has(product) !== true) continue
      frame ??= encodeFrame(build())
      session.connection.sendFrame(frame)
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
    const { told } = this.#options
    const { connection } = session
    const of = (...channels: readonly string[]) =>
      added.flatMap(([channel, id]) => (channels.includes(channel) ? [this.#engine(id)] : []))
    for (const engine of of('ticker', 'ticker_1000')) {
      const { lastFill } = engine.ledger
      if (lastFill !== null) connection.send(tickerFrame(lastFill, engine))
    }
    for (const { product, ledger, salt } of of('matches')) {
      const { lastFill } = ledger
      if (lastFill === null) continue
      const sent = connection.send(matchFrame('last_match', lastFill, salt))
      if (sent) told(product.id, lastFill.tradeId, lastFill.tradeId)
    }
    for (const { product } of of(BOOK_CHANNEL)) {
      connection.send(this.#books.snapshot(product.id))
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
