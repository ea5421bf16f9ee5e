import type { Connection } from '../service/connection.ts'
import { encodeFrame } from '../service/connection.ts'
import type { Mute } from '../venue-sim.ts'
import type { Limits } from './limits.ts'

/** One client. */
export interface StreamSession {
  readonly connection: Connection
  readonly limits: Limits
  /** Names of what it is subscribed to, known to us or not. */
  readonly streams: Set<string>
  readonly mutes: Map<string, Mute>
  /** Whether payloads come wrapped with their stream's name. */
  combined: boolean
}

/** Who is subscribed to what. */
export interface Streams {
  join(session: StreamSession, stream: string): void
  leave(session: StreamSession, stream: string): void
  /** Whether anybody listens. */
  has(stream: string): boolean
  listeners(stream: string): Iterable<StreamSession>
  /**
   * Sends a payload to all who listen and are let; built and encoded once, and only if there is
   * somebody. Returns whether it went out to anybody.
   */
  publish(stream: string, build: () => string, lets?: (session: StreamSession) => boolean): boolean
}

const NOBODY: ReadonlySet<StreamSession> = new Set()

/** Returns a payload as one client gets it. */
export function wrapped(session: StreamSession, stream: string, payload: string): string {
  return session.combined ? `{"stream":"${stream}","data":${payload}}` : payload
}

/** Returns a registry without clients. */
export function createStreams(): Streams {
  const byName = new Map<string, Set<StreamSession>>()
  const listeners = (stream: string) => byName.get(stream) ?? NOBODY
  return {
    join(session, stream) {
      const sessions = byName.get(stream) ?? new Set()
      byName.set(stream, sessions)
      sessions.add(session)
      session.streams.add(stream)
    },
    leave(session, stream) {
      const sessions = byName.get(stream)
      sessions?.delete(session)
      if (sessions?.size === 0) byName.delete(stream)
      session.streams.delete(stream)
    },
    has: (stream) => byName.has(stream),
    listeners,
    publish(stream, build, lets) {
      let text: string | null = null
      let raw: Buffer | null = null
      let combined: Buffer | null = null
      let sent = false
      for (const session of listeners(stream)) {
        if (lets !== undefined && !lets(session)) continue
        text ??= build()
        let frame: Buffer
        if (session.combined) frame = combined ??= encodeFrame(wrapped(session, stream, text))
        else frame = raw ??= encodeFrame(text)
        sent = session.connection.sendFrame(frame) || sent
      }
      return sent
    },
  }
}
