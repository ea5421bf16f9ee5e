import type { FaultRequest, OpenFault } from '../faults/fault.ts'
import { garbageBytes, oversizedBytes } from '../faults/garbage.ts'
import type { Fill } from '../market/ledger.ts'
import type { ProductMarket } from '../market/product-market.ts'
import type { Connection } from '../service/connection.ts'
import { forEachLive, isOverdue, isWithheld, shuffled } from '../service/feed.ts'
import type { Feed, Mute, Print, VenueContext } from '../venue-sim.ts'
import {
  advancedEnvelope,
  advancedHeartbeatEvent,
  advancedTrade,
  advancedTradesEvent,
} from './advanced-frames.ts'
import { errorFrame } from './exchange-frames.ts'

interface Session {
  readonly connection: Connection
  readonly trades: Set<string>
  readonly mutes: Map<string, Mute>
  heartbeats: boolean
  sequence: number
  greeted: boolean
}

interface Request {
  readonly type: 'subscribe' | 'unsubscribe'
  readonly channel: string
  readonly products: readonly string[]
}

const SNAPSHOT_TRADES = 100
// The venue's own service had been up for some hours when it was recorded; so has ours.
const UPTIME_SECONDS = 41_000

function readRequest(text: string): Request | string {
  try {
    const message: unknown = JSON.parse(text)
    if (typeof message !== 'object' || message === null) return 'malformed message'
    const { type, channel, product_ids: ids } = message as Readonly<Record<string, unknown>>
    if (type !== 'subscribe' && type !== 'unsubscribe')
      return 'type has to be subscribe or unsubscribe'
    if (typeof channel !== 'string') return 'channel is required'
    const products = Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []
    return { type, channel, products }
  } catch {
    return 'malformed message'
  }
}

/** The Advanced Trade WebSocket feed: `market_trades` and `heartbeats`. */
export class AdvancedFeed implements Feed {
  readonly #options: VenueContext
  readonly #sessions = new Map<Connection, Session>()
  /** Trades since the last quarter of a second, per product, in the order they came. */
  readonly #pending = new Map<string, Fill[]>()
  #seconds = UPTIME_SECONDS

  constructor(options: VenueContext) {
    this.#options = options
  }

  get connections(): number {
    return this.#sessions.size
  }

  get subscribers(): number {
    return [...this.#sessions.values()].filter((session) => session.trades.size > 0).length
  }

  accept(connection: Connection): void {
    this.#sessions.set(connection, {
      connection,
      trades: new Set(),
      mutes: new Map(),
      heartbeats: false,
      sequence: 0,
      greeted: false,
    })
  }

  forget(connection: Connection): void {
    this.#sessions.delete(connection)
  }

  receive(connection: Connection, text: string): void {
    const session = this.#sessions.get(connection)
    if (session === undefined) return
    const request = readRequest(text)
    if (typeof request === 'string') {
      connection.send(errorFrame(request))
      return
    }
    session.greeted = true
    const adds = request.type === 'subscribe'
    if (request.channel === 'heartbeats') session.heartbeats = adds
    else if (request.channel !== 'market_trades') {
      connection.send(errorFrame(`channel ${request.channel} is not served here`))
      return
    } else if (adds) this.#subscribe(session, request.products)
    else unsubscribe(session, request.products)
    this.#acknowledge(session)
  }

  trade(print: Print): void {
    const { id } = print[0]!.product
    const pending = this.#pending.get(id)
    if (pending !== undefined) pending.push(...print)
    else if (this.#sessions.size > 0) this.#pending.set(id, [...print])
  }

  order(): void {
    // This service has no channel that follows taker orders.
  }

  second(): void {
    this.#seconds += 1
    for (const session of this.#sessions.values()) {
      if (!session.heartbeats) continue
      const { timeUs, nanos } = this.#stamp()
      this.#send(session, 'heartbeats', advancedHeartbeatEvent(timeUs, nanos, this.#seconds))
    }
  }

  quarter(): void {
    for (const id of this.#pending.keys()) this.#flush(id)
  }

  tick(nowUs: number): void {
    for (const session of this.#sessions.values()) {
      session.connection.tick(nowUs)
      if (isOverdue(session, nowUs, this.#options.subscribeDeadlineMs)) {
        session.connection.close(1008, 'no subscription in time')
      }
    }
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
    const engine = this.#options.market.products.get(product)!
    if (engine.ledger.lastFill === null) return 0
    const event = advancedTradesEvent('update', [
      advancedTrade(engine.product, engine.ledger.lastFill),
    ])
    return forEachLive(
      this.#wanting(product).map((session) => session.connection),
      (connection) => {
        const truth = this.#envelope(this.#sessions.get(connection)!, 'market_trades', event)
        const { bytes, binary } = garbageBytes(request.variant ?? 'malformed', truth)
        connection.sendBytes(bytes, binary)
      },
    )
  }

  oversized(bytes: number): number {
    if (this.#sessions.size === 0) return 0
    const frame = oversizedBytes('{"channel":"market_trades"', bytes)
    return forEachLive(this.#sessions.keys(), (connection) => connection.sendBytes(frame, false))
  }

  disconnect(code: number | null): number {
    return forEachLive(this.#sessions.keys(), (c) => c.close(code, 'going away'))
  }

  delayAcks(): void {
    // Acks here come after the snapshots as it is.
  }

  // The snapshot of each product comes first and the ack after it, as in the recordings.
  #subscribe(session: Session, wanted: readonly string[]): void {
    const { market } = this.#options
    for (const id of wanted) {
      const engine = market.products.get(id)
      if (engine === undefined) {
        session.connection.send(errorFrame(`${id} is not a valid product`))
        continue
      }
      // What the snapshot will hold need not come again in the next update.
      this.#flush(id)
      session.trades.add(id)
      session.mutes.delete(id)
      const from = Math.max(engine.ledger.tape.start, engine.ledger.tape.end - SNAPSHOT_TRADES)
      const sent = this.#send(session, 'market_trades', snapshotEvent(engine, from))
      if (sent) this.#tell(id, [...idsFrom(engine, from)])
    }
  }

  #acknowledge(session: Session): void {
    const { random } = this.#options
    const subscriptions = {
      ...(session.heartbeats ? { heartbeats: ['heartbeats'] } : {}),
      ...(session.trades.size > 0 ? { market_trades: shuffled(random, session.trades) } : {}),
    }
    this.#send(session, 'subscriptions', JSON.stringify({ subscriptions }))
  }

  #flush(product: string): void {
    const fills = this.#pending.get(product)
    if (fills === undefined) return
    this.#pending.delete(product)
    const { timeUs } = this.#options.market
    const sessions = this.#wanting(product).filter(
      (session) => !fills.map((fill) => isWithheld(session, [fill], timeUs)).includes(true),
    )
    if (sessions.length === 0) return
    const trades = fills.map((fill) => advancedTrade(fill.product, fill)).reverse()
    const event = advancedTradesEvent('update', trades)
    const sent = sessions.map((session) => this.#send(session, 'market_trades', event))
    if (sent.includes(true))
      this.#tell(
        product,
        fills.map((fill) => fill.tradeId),
      )
  }

  #tell(product: string, ids: readonly number[]): void {
    for (const id of ids) this.#options.told(product, id, id)
  }

  #wanting(product: string): readonly Session[] {
    return [...this.#sessions.values()].filter((session) => session.trades.has(product))
  }

  #stamp(): { readonly timeUs: number; readonly nanos: number } {
    return { timeUs: this.#options.nowUs(), nanos: this.#options.random.int(0, 999) }
  }

  #envelope(session: Session, channel: string, event: string): string {
    const frame = advancedEnvelope(channel, { ...this.#stamp(), sequence: session.sequence }, event)
    session.sequence += 1
    return frame
  }

  #send(session: Session, channel: string, event: string): boolean {
    return session.connection.send(this.#envelope(session, channel, event))
  }
}

function unsubscribe(session: Session, products: readonly string[]): void {
  for (const id of products) session.trades.delete(id)
  if (products.length === 0) session.trades.clear()
}

function* idsFrom({ ledger }: ProductMarket, index: number): Generator<number> {
  for (let i = index; i < ledger.tape.end; i += 1) yield ledger.tape.idAt(i)
}

function snapshotEvent(engine: ProductMarket, from: number): string {
  const { product } = engine
  const { tape } = engine.ledger
  const trades: string[] = []
  for (let i = tape.end - 1; i >= from; i -= 1) trades.push(advancedTrade(product, tape.at(i)))
  return advancedTradesEvent('snapshot', trades)
}
