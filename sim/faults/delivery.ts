import type { Random } from '../../src/core/random.ts'
import type { Fill } from '../market/ledger.ts'
import type { OpenFault } from './fault.ts'
import type { Lane } from './lane.ts'
import { createLane, expire, hold, overtake, takeTask } from './lane.ts'

/** What stands between the tape and the sockets: loses, repeats and shuffles trades. */
export interface Delivery {
  /** Passes a trade on, or does to it what the faults under way demand. */
  offer(fill: Fill): void
  /** Sends what was held back long enough. */
  release(nowUs: number): void
  drop(product: string, count: number, fault: OpenFault): void
  duplicate(product: string, count: number, fault: OpenFault): void
  reorder(product: string, count: number, fault: OpenFault): void
  delay(product: string, untilUs: number, fault: OpenFault): void
}

// A delayed product lets go early rather than hold more than this.
const QUEUE_MAX = 100_000

/** Returns a delivery that passes trades to `emit`. */
export function createDelivery(random: Random, emit: (fill: Fill) => void): Delivery {
  const lanes = new Map<string, Lane>()

  function laneOf(product: string): Lane {
    const lane = lanes.get(product) ?? createLane()
    lanes.set(product, lane)
    return lane
  }

  function send(lane: Lane, fill: Fill): void {
    if (takeTask(lane.reorders, fill.tradeId)) {
      hold(lane, fill, random)
      return
    }
    emit(fill)
    for (const late of overtake(lane)) emit(late)
    if (takeTask(lane.duplicates, fill.tradeId)) emit(fill)
  }

  function endDelay(lane: Lane): void {
    const queue = lane.queue
    lane.queue = []
    lane.delay = null
    for (const fill of queue) send(lane, fill)
  }

  return {
    offer(fill) {
      const lane = laneOf(fill.product.id)
      if (takeTask(lane.drops, fill.tradeId)) return
      if (lane.delay === null) {
        send(lane, fill)
        return
      }
      lane.delay.fault.touch(fill.tradeId)
      lane.queue.push(fill)
      if (lane.queue.length >= QUEUE_MAX) endDelay(lane)
    },
    release(nowUs) {
      for (const lane of lanes.values()) {
        if (lane.delay !== null && lane.delay.untilUs <= nowUs) endDelay(lane)
        for (const late of expire(lane, nowUs)) emit(late)
      }
    },
    drop(product, left, fault) {
      laneOf(product).drops.push({ left, fault })
    },
    duplicate(product, left, fault) {
      laneOf(product).duplicates.push({ left, fault })
    },
    reorder(product, left, fault) {
      laneOf(product).reorders.push({ left, fault })
    },
    delay(product, untilUs, fault) {
      laneOf(product).delay = { untilUs, fault }
    },
  }
}
