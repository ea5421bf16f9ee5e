import type { BookSource } from '../../venues/book-source.ts'
import {
  applyLevels,
  type BookChain,
  breakChain,
  type ChainListener,
  settle,
  startChain,
} from './chain.ts'
import type { HeldMessage } from './message.ts'

/** Updates that may wait for a snapshot: minutes of a busy book at ten a second. */
const QUEUE_MAX = 4096

/** Records that were received in order stand no further apart the wrong way in a log. */
const SLACK_US = 1_000_000

/** Snapshots of a symbol that may wait for updates. */
const SNAPSHOTS_MAX = 16

/** What numbered messages meet: how the venue tells, who listens, and what may be joined. */
export interface NumberedRules {
  readonly source: BookSource
  readonly listener: ChainListener
  /** Snapshots of this symbol that came over no connection of its own, by their ids. */
  readonly snapshots: readonly HeldMessage[]
}

/**
 * Takes a numbered update (Binance's rule): each begins one after the last one's end. One that
 * does not breaks the chain, and is the first of those that wait for the next snapshot.
 */
export function takeNumbered(chain: BookChain, update: HeldMessage, rules: NumberedRules): void {
  const { source, listener } = rules
  const [firstId, lastId] = idsOf(update)
  chain.timeUs = update.receivedTimeUs
  if (chain.status === 'whole') {
    if (lastId <= chain.lastId) return
    if (firstId === chain.lastId + 1) {
      chain.lastId = lastId
      applyLevels(chain, update, source)
      settle(chain, update, listener)
      return
    }
    const detail = `update ${firstId} came after ${chain.lastId}`
    breakChain(chain, update, { cause: 'sequence', detail }, listener)
  }
  if (!enqueue(chain, update)) return
  for (const snapshot of rules.snapshots) joinSnapshot(chain, snapshot, rules)
}

/**
 * Puts a chain that waits on a snapshot, if its updates reach it: those it already holds are
 * passed over, and the first to apply must begin no later than one after its id.
 *
 * So it does not matter which of the two was read first. Returns false where the updates that
 * would have joined are gone: the records came in an order in which they were not received.
 */
export function joinSnapshot(
  chain: BookChain,
  snapshot: HeldMessage,
  rules: NumberedRules,
): boolean {
  const { source, listener } = rules
  const id = snapshot.lastId as number
  const isLate = snapshot.receivedTimeUs < chain.timeUs - SLACK_US
  if (isLate && id < chain.droppedId) return false
  if (chain.status === 'whole') return true
  const from = chain.queue.findIndex((update) => idsOf(update)[1] > id)
  const first = chain.queue[from]
  if (first === undefined) return true
  if (idsOf(first)[0] > id + 1) {
    // One that was there before is another connection's; one asked for since came too late.
    if (chain.status === 'waiting' && snapshot.receivedTimeUs >= first.receivedTimeUs) {
      const detail = `the snapshot ends at ${id}, and updates begin at ${idsOf(first)[0]}`
      breakChain(chain, first, { cause: 'no_snapshot', detail }, listener)
    }
    return true
  }
  const queue = chain.queue.slice(from)
  for (const passed of chain.queue.slice(0, from)) chain.droppedId = idsOf(passed)[1]
  chain.queue = []
  startChain(chain, snapshot, source)
  // The ids within the queue follow each other; the first may begin below the snapshot's end.
  chain.lastId = idsOf(first)[0] - 1
  for (const update of queue) takeNumbered(chain, update, rules)
  return true
}

/** Keeps a snapshot among those that may yet be joined, in the order of their ids. */
export function keepSnapshot(snapshots: HeldMessage[], snapshot: HeldMessage): void {
  const id = snapshot.lastId as number
  const at = snapshots.findIndex((other) => (other.lastId as number) >= id)
  if (at < 0) snapshots.push(snapshot)
  else if (snapshots[at]?.lastId !== id) snapshots.splice(at, 0, snapshot)
  if (snapshots.length > SNAPSHOTS_MAX) snapshots.shift()
}

/** Lets go of the snapshots that every connection's updates have passed. */
export function dropPassed(snapshots: HeldMessage[], chains: readonly BookChain[]): void {
  if (snapshots.length === 0 || chains.length === 0) return
  const passed = Math.min(...chains.map(passedId))
  while (snapshots.length > 0 && (snapshots[0]?.lastId as number) < passed) snapshots.shift()
}

function passedId({ status, lastId, queue }: BookChain): number {
  if (status === 'whole') return lastId
  const newest = queue.at(-1)
  return newest === undefined ? -1 : idsOf(newest)[1]
}

/** Appends to what waits, or begins it anew where the update does not follow; false if known. */
function enqueue(chain: BookChain, update: HeldMessage): boolean {
  const [firstId, lastId] = idsOf(update)
  const newest = chain.queue.at(-1)
  if (newest !== undefined) {
    const newestId = idsOf(newest)[1]
    if (lastId <= newestId) return false
    if (firstId !== newestId + 1) {
      chain.droppedId = newestId
      chain.queue = []
    }
  }
  chain.queue.push(update)
  if (chain.queue.length > QUEUE_MAX) {
    chain.droppedId = idsOf(chain.queue.shift() as HeldMessage)[1]
  }
  return true
}

function idsOf({ firstId, lastId }: HeldMessage): readonly [number, number] {
  return [firstId as number, lastId as number]
}
