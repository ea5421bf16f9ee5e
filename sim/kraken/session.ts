import type { Connection } from '../service/connection.ts'
import { encodeFrame } from '../service/connection.ts'
import type { Mute } from '../venue-sim.ts'

/** One client of the WebSocket v2 feed. */
export interface Session {
  readonly connection: Connection
  /** Twenty digits: no double holds it. */
  readonly connectionId: string
  /** What it holds: product ids by topic; `''` stands for a topic without products. */
  readonly topics: Map<string, Set<string>>
  readonly mutes: Map<string, Mute>
  /** When it last sent anything, and when it was last told anything of a channel. */
  heardUs: number
  spokenUs: number
  /** Whether anything was ever granted: heartbeats begin with that. */
  subscribed: boolean
}

/** Whether a session holds a topic of a product. */
export function holds(session: Session, topic: string, product: string): boolean {
  return session.topics.get(topic)?.has(product) === true
}

/** Adds a topic of a product; a fresh subscription cures a symbol that fell silent. */
export function take(session: Session, topic: string, product: string): void {
  const held = session.topics.get(topic) ?? new Set<string>()
  session.topics.set(topic, held)
  held.add(product)
  session.subscribed = true
  if (topic === 'trade') session.mutes.delete(product)
}

/** Removes a topic of a product. */
export function leave(session: Session, topic: string, product: string): void {
  session.topics.get(topic)?.delete(product)
}

/** All clients, and the way frames take to them. */
export class Sessions {
  readonly #sessions = new Map<Connection, Session>()
  /** Topics that anybody holds: most events concern none, and are over with one look. */
  #topics: ReadonlySet<string> = new Set()
  /** Wall time of this turn: reading the clock for every frame would cost too much. */
  turnUs: number

  constructor(nowUs: number) {
    this.turnUs = nowUs
  }

  get size(): number {
    return this.#sessions.size
  }

  get connections(): Iterable<Connection> {
    return this.#sessions.keys()
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values()
  }

  add(connection: Connection, connectionId: string): Session {
    const session: Session = {
      connection,
      connectionId,
      topics: new Map(),
      mutes: new Map(),
      heardUs: connection.openedUs,
      spokenUs: connection.openedUs,
      subscribed: false,
    }
    this.#sessions.set(connection, session)
    return session
  }

  /** The session of a connection that spoke just now. */
  heard(connection: Connection): Session | null {
    const session = this.#sessions.get(connection) ?? null
    if (session !== null) session.heardUs = this.turnUs
    return session
  }

  forget(connection: Connection): void {
    this.#sessions.delete(connection)
    this.gather()
  }

  /** Notes anew who holds what; needed after every change of a session's topics. */
  gather(): void {
    const held = [...this.#sessions.values()].flatMap((session) => [...session.topics])
    this.#topics = new Set(held.flatMap(([topic, ids]) => (ids.size > 0 ? [topic] : [])))
  }

  /** Sessions that hold a topic of a product. */
  holding(topic: string, product: string): readonly Session[] {
    if (!this.#topics.has(topic)) return []
    return [...this.#sessions.values()].filter((session) => holds(session, topic, product))
  }

  /** Sends a frame of a channel; false where the connection took none. */
  send(session: Session, frame: Buffer): boolean {
    session.spokenUs = this.turnUs
    return session.connection.sendFrame(frame)
  }

  /**
   * Sends to all who hold a topic of a product and are not kept from it; the frame is built and
   * encoded once, if anybody wants it. Returns whether anybody got it.
   */
  publish(
    of: { readonly topic: string; readonly product: string },
    isKept: (session: Session) => boolean,
    build: () => string,
  ): boolean {
    if (!this.#topics.has(of.topic)) return false
    let frame: Buffer | null = null
    let sent = false
    for (const session of this.#sessions.values()) {
      if (!holds(session, of.topic, of.product) || isKept(session)) continue
      frame ??= encodeFrame(build())
      sent = this.send(session, frame) || sent
    }
    return sent
  }
}
