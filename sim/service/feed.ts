import type { Random } from '../../src/core/random.ts'
import type { Mute, Print } from '../venue-sim.ts'
import type { Connection } from './connection.ts'

/** Whether `product` is muted at `timeUs`; forgets a mute that is over. */
export function isMuted(mutes: Map<string, Mute>, product: string, timeUs: number): boolean {
  const mute = mutes.get(product)
  if (mute === undefined) return false
  if (timeUs < mute.untilUs) return true
  mutes.delete(product)
  return false
}

/**
 * Whether a session gets nothing of a print's product now, because a fault keeps it back; the
 * fault then notes what was lost by that.
 */
export function isWithheld(
  session: { readonly connection: Connection; readonly mutes: Map<string, Mute> },
  print: Print,
  timeUs: number,
): boolean {
  const { id } = print[0]!.product
  const muted = isMuted(session.mutes, id, timeUs)
  const fault = muted ? session.mutes.get(id)!.fault : session.connection.stalledBy
  if (fault === null) return false
  fault.lose(id, print[0]!.tradeId, print.at(-1)!.tradeId)
  return true
}

/** Whether a client has let its time to subscribe pass; says so once. */
export function isOverdue(
  session: { readonly connection: Connection; greeted: boolean },
  nowUs: number,
  deadlineMs: number,
): boolean {
  if (session.greeted || nowUs - session.connection.openedUs <= deadlineMs * 1000) return false
  session.greeted = true
  return true
}

/** Returns a list in another order: acks name products in no particular one. */
export function shuffled(random: Random, list: Iterable<string>): readonly string[] {
  return [...list]
    .map((item) => ({ item, key: random.next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/** Applies `act` to each connection that is open and not stalled; returns how many. */
export function forEachLive(
  connections: Iterable<Connection>,
  act: (connection: Connection) => void,
): number {
  let count = 0
  for (const connection of connections) {
    if (!connection.open || connection.stalledBy !== null) continue
    act(connection)
    count += 1
  }
  return count
}
