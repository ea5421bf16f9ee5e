import type { FaultRequest, OpenFault } from '../faults/fault.ts'
import { garbageBytes, oversizedBytes } from '../faults/garbage.ts'
import type { Fill } from '../market/ledger.ts'
import type { Connection } from '../service/connection.ts'
import { encodeFrame } from '../service/connection.ts'
import { forEachLive, isWithheld, shuffled } from '../service/feed.ts'
import type { RateLimit } from '../service/rate-limit.ts'
import { createRateLimit } from '../service/rate-limit.ts'
import type { Feed, Mute, Print, VenueContext } from '../venue-sim.ts'
import type { AckQueue } from './ack-queue.ts'
import { createAckQueue } from './ack-queue.ts'
import { ackFrame, pongFrame, rejectionFrame } from './answers.ts'
import type { BarFaults } from './bar-faults.ts'
import { createBarFaults } from './bar-faults.ts'
import { barStart, INTERVALS } from './bars.ts'
import { spoiltUpdate, stutteredUpdate } from './book-bends.ts'
import { HEARTBEAT, statusFrame, tradeFrame } from './frames.ts'
import { instrumentFrame } from './instrument.ts'
import type { Kraken } from './kraken.ts'
import type { Pair } from './pair.ts'
import type { ChannelRequest } from './request.ts'
import { bookTopic, ohlcTopic, readRequest, topicOf } from './request.ts'
import type { Session } from './session.ts'
import { holds, leave, Sessions, take } from './session.ts'
import type { Snapshots } from './snapshots.ts'
import { createSnapshots } from './snapshots.ts'
import { outcomesOf } from './subscribe.ts'

// The venue's limit is not published: this many messages pass at once, and as a steady pace.
const MESSAGES = { perSecond: 10, burst: 40 }
const CAPITAL_ERROR_PART = 0.25
const HEARTBEAT_US = 1_000_000
const MAINTENANCE_US = 2_000_000
const BARS = INTERVALS.map((interval) => ({ interval, topic: ohlcTopic(interval) }))
const TICKERS = ['ticker trades', 'ticker bbo']
// A book is quiet in one quarter of a second of five.
const BOOK_MOVES_PART = 0.8
// So many of its updates tell a price twice.
const STUTTER_PART = 0.1

/** The public WebSocket v2 feed. */
export class KrakenFeed implements Feed {
  readonly #context: VenueContext
  readonly #kraken: Kraken
  readonly #snapshots: Snapshots
  readonly #bars: BarFaults
  readonly #acks: AckQueue
  readonly #messages: RateLimit = createRateLimit(MESSAGES)
  readonly #sessions: Sessions

  constructor(context: VenueContext, kraken: Kraken) {
    this.#context = context
    this.#kraken = kraken
    this.#snapshots = createSnapshots(context, kraken)
    this.#bars = createBarFaults(context.symbolFaults)
    this.#acks = createAckQueue(context.nowUs)
    this.#sessions = new Sessions(context.nowUs())
  }

  get connections(): number {
    return this.#sessions.size
  }

  get subscribers(): number {
    return [...this.#sessions].filter(({ topics }) => (topics.get('trade')?.size ?? 0) > 0).length
  }

  accept(connection: Connection): void {
    const { random } = this.#context
    // Below 2^64 and above 2^53: a client that reads it as a double has another.
    const low = Array.from({ length: 18 }, () => random.int(0, 9)).join('')
    this.#tellStatus(this.#sessions.add(connection, `1${random.int(0, 7)}${low}`))
  }

  forget(connection: Connection): void {
    this.#sessions.forget(connection)
    this.#settle()
  }

  heard(connection: Connection): void {
    this.#sessions.heard(connection)
  }

  receive(connection: Connection, text: string): void {
    const session = this.#sessions.heard(connection)
    if (session === null) return
    const { random, counters } = this.#context
    if (!this.#messages.admit(session.connectionId, this.#sessions.turnUs / 1000)) {
      counters.messagesOverLimit += 1
      // The documentation spells the key with a capital, clients saw a small one.
      const key = random.next() < CAPITAL_ERROR_PART ? 'Error' : 'error'
      connection.send(`{"${key}":"Exceeded msg rate"}`)
      return
    }
    const request = readRequest(text)
    if (request.method === 'ping') connection.send(pongFrame(request.reqId, this.#timing()))
    else if (request.method === null) {
      const frame = rejectionFrame(request.error, { ...request, symbol: null }, this.#timing())
      connection.send(frame)
    } else if (request.channel === 'instrument') this.#serveInstrument(session, request)
    else this.#serve(session, request)
    this.#settle()
  }

  trade(print: Print): void {
    const { market, told } = this.#context
    const { id } = print[0]!.product
    const sent = this.#sessions.publish(
      { topic: 'trade', product: id },
      (session) => isWithheld(session, print, market.timeUs),
      () => tradeFrame('update', this.#pair(id), print),
    )
    if (sent) told(id, print[0]!.tradeId, print.at(-1)!.tradeId)
  }

  order(last: Fill): void {
    const pair = this.#pair(last.product.id)
    const { id } = pair.product
    for (const topic of TICKERS) {
      this.#publish(topic, pair, () => this.#snapshots.ticker('update', pair))
    }
    for (const { interval, topic } of BARS) {
      const wanted = this.#sessions.holding(topic, id).length > 0
      const openTimeUs = barStart(last.timeUs, interval)
      if (!wanted || (interval === 1 && this.#bars.holds(id, openTimeUs))) continue
      this.#publish(topic, pair, () => this.#snapshots.bar(pair, interval, openTimeUs))
    }
  }

  second(): void {
    // Heartbeats follow each connection's own silence, not the second.
  }

  quarter(): void {
    const { market, random } = this.#context
    if (!market.trading) return
    for (const pair of this.#kraken.books.followed) {
      if (random.next() < BOOK_MOVES_PART) this.#tellBook(pair)
    }
  }

  tick(nowUs: number): void {
    this.#sessions.turnUs = nowUs
    for (const session of this.#sessions) this.#tend(session, nowUs)
    for (const { product, openTimeUs } of this.#bars.due(nowUs)) {
      const pair = this.#pair(product)
      this.#publish(ohlcTopic(1), pair, () => this.#snapshots.bar(pair, 1, openTimeUs))
    }
    if (this.#kraken.system.recovers(nowUs)) this.#announce()
    this.#acks.release(nowUs)
  }

  stall(fault: OpenFault, untilUs: number): number {
    return forEachLive(this.#sessions.connections, (c) => c.stall(fault, untilUs))
  }

  mute(product: string, mute: Mute): number {
    const muted = this.#sessions.holding('trade', product)
    for (const session of muted) session.mutes.set(product, mute)
    return muted.length
  }

  garbage(request: FaultRequest, product: string): number {
    const pair = this.#pair(product)
    const { lastFill } = pair.engine.ledger
    if (lastFill === null) return 0
    const truth = tradeFrame('update', pair, [lastFill])
    const { bytes, binary } = garbageBytes(request.variant ?? 'malformed', truth)
    return forEachLive(
      this.#sessions.holding('trade', product).map((session) => session.connection),
      (connection) => connection.sendBytes(bytes, binary),
    )
  }

  oversized(bytes: number): number {
    if (this.#sessions.size === 0) return 0
    const frame = oversizedBytes('{"channel":"trade"', bytes)
    return forEachLive(this.#sessions.connections, (c) => c.sendBytes(frame, false))
  }

  disconnect(code: number | null): number {
    return forEachLive(this.#sessions.connections, (c) => c.close(code, 'going away'))
  }

  // Maintenance is told before it cuts, and lasts a while for those who come back at once.
  plannedCut(): number {
    this.#kraken.system.maintain(this.#context.nowUs() + MAINTENANCE_US)
    this.#announce()
    return this.disconnect(1001)
  }

  delayAcks(ms: number, count: number): void {
    this.#acks.delay(ms, count)
  }

  #pair(product: string): Pair {
    return this.#kraken.pairs.ofProduct(product)
  }

  #timing() {
    const inUs = this.#context.nowUs()
    return { inUs, outUs: inUs + this.#context.random.int(20, 60) }
  }

  /** Takes note of what is held, after it may have changed. */
  #settle(): void {
    this.#sessions.gather()
    this.#kraken.books.prune(
      ({ product }, depth) => this.#sessions.holding(bookTopic(depth), product.id).length > 0,
    )
  }

  // A mute that freezes its witnesses silences everything of the symbol, not its trades alone.
  #publish(topic: string, pair: Pair, build: () => string): void {
    const product = pair.product.id
    const { timeUs } = this.#context.market
    const isSilenced = ({ mutes }: Session) => {
      const mute = mutes.get(product)
      return mute !== undefined && mute.frozenId !== null && timeUs < mute.untilUs
    }
    this.#sessions.publish({ topic, product }, isSilenced, build)
  }

  #tellBook(pair: Pair): void {
    const { symbolFaults, random } = this.#context
    const spoilt = symbolFaults.take('book_corrupt', pair.product.id) !== null
    const stutters = random.next() < STUTTER_PART
    for (const update of this.#kraken.books.move(pair)) {
      const { bids, asks } = update.levels
      if (!spoilt && bids.length + asks.length === 0) continue
      const bent = stutters ? stutteredUpdate(update) : update
      const told = spoilt ? spoiltUpdate(bent) : bent
      const topic = bookTopic(update.depth)
      this.#publish(topic, pair, () => this.#snapshots.book('update', pair, told))
    }
  }

  // Every symbol has an answer of its own, in no particular order, and its snapshot after it.
  #serve(session: Session, request: ChannelRequest): void {
    const { symbolFaults, random } = this.#context
    const outcomes = outcomesOf({ pairs: this.#kraken.pairs, symbolFaults }, session, request)
    for (const symbol of shuffled(random, outcomes.keys())) {
      const { error, pair, unacked } = outcomes.get(symbol)!
      if (error !== null) {
        const frame = rejectionFrame(error, { ...request, symbol }, this.#timing())
        session.connection.send(frame)
        continue
      }
      const ack = ackFrame(request, symbol, this.#timing())
      if (!unacked) this.#acks.send(session.connection, ack)
      this.#grant(session, request, pair!)
    }
  }

  #serveInstrument(session: Session, request: ChannelRequest): void {
    this.#acks.send(session.connection, ackFrame(request, null, this.#timing()))
    if (request.method === 'unsubscribe') {
      leave(session, 'instrument', '')
      return
    }
    take(session, 'instrument', '')
    const { pairs, system } = this.#kraken
    const frame = instrumentFrame('snapshot', pairs.all, system.state)
    if (request.snapshot) this.#sessions.send(session, encodeFrame(frame))
  }

  #grant(session: Session, request: ChannelRequest, pair: Pair): void {
    const topic = topicOf(request)
    if (request.method === 'unsubscribe') {
      leave(session, topic, pair.product.id)
      return
    }
    take(session, topic, pair.product.id)
    const frame = this.#snapshots.greeting(request, pair)
    if (frame === null || !this.#sessions.send(session, encodeFrame(frame))) return
    if (request.channel === 'trade') this.#snapshots.noteTold(pair)
  }

  #tellStatus(session: Session): void {
    const frame = statusFrame(this.#kraken.system.state, session.connectionId)
    this.#sessions.send(session, encodeFrame(frame))
  }

  #announce(): void {
    const { pairs, system } = this.#kraken
    const update = encodeFrame(instrumentFrame('update', pairs.all, system.state))
    for (const session of this.#sessions) {
      this.#tellStatus(session)
      if (holds(session, 'instrument', '')) this.#sessions.send(session, update)
    }
  }

  // Heartbeats come when nothing else did; idle is who is neither told anything nor speaks.
  #tend(session: Session, nowUs: number): void {
    const { connection } = session
    connection.tick(nowUs)
    if (connection.stalledBy !== null) return
    if (session.subscribed && nowUs - session.spokenUs >= HEARTBEAT_US) {
      this.#sessions.send(session, encodeFrame(HEARTBEAT))
    }
    const idleUs = nowUs - Math.max(session.heardUs, session.spokenUs)
    if (idleUs > this.#context.clocks.idleMs * 1000) connection.close(1000, 'idle')
  }
}
