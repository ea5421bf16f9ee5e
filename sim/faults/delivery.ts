import type { Random } from '../../src/core/random.ts'
import type { Print } from '../venue-sim.ts'
import type { OpenFault } from './fault.ts'
import type { Lane } from './lane.ts'
import { createLane, expire, hold, overtake, takeTask } from './lane.ts'

/** What stands between the tape and the sockets: loses, repeats and shuffles prints. */
export interface Delivery {
  /** Passes a print on, or does to it what the faults under way demand. */
  offer(print: Print): void
  /** Sends what was held back long enough. */
  release(nowUs: number): void
  drop(product: string, count: number, fault: OpenFault): void
  /** Drops as well, and has REST lack the trades for good. */
  rest_hole(product: string, count: number, fault: OpenFault): void
  duplicate(product: string, count: number, fault: OpenFault): void
  reorder(product: string, count: number, fault: OpenFault): void
  delay(product: string, untilUs: number, fault: OpenFault): void
}

// A delayed product lets go early rather than hold more than this.
const QUEUE_MAX = 100_000

function lose(fault: OpenFault, print: Print): void {
  fault.lose(print[0]!.product.id, print[0]!.tradeId, print.at(-1)!.tradeId)
}

/** Returns a delivery that passes prints to `emit`; `hide` takes trades out of REST. */
export function createDelivery(
  random: Random,
  emit: (print: Print) => void,
  hide: (print: Print) => void,
): Delivery {
  const lanes = new Map<string, Lane>()

  function laneOf(product: string): Lane {
    const lane = lanes.get(product) ?? createLane()
    lanes.set(product, lane)
    return lane
  }

  const waits =
    (tasks: 'drops' | 'holes' | 'duplicates' | 'reorders') =>
    (product: string, left: number, fault: OpenFault) => {
      laneOf(product)[tasks].push({ left, fault })
    }

  function send(lane: Lane, print: Print): void {
    if (takeTask(lane.reorders, print) !== null) {
      hold(lane, print, random)
      return
    }
    emit(print)
    for (const late of overtake(lane)) emit(late)
    if (takeTask(lane.duplicates, print) !== null) emit(print)
  }

  function endDelay(lane: Lane): void {
    const queue = lane.queue
    lane.queue = []
    lane.delay = null
    for (const print of queue) send(lane, print)
  }

  return {
    offer(print) {
      const lane = laneOf(print[0]!.product.id)
      const hole = takeTask(lane.holes, print)
      if (hole !== null) hide(print)
      const dropped = hole ?? takeTask(lane.drops, print)
      if (dropped !== null) {
        lose(dropped, print)
        return
      }
      if (lane.delay === null) {
        send(lane, print)
        return
      }
      lane.delay.fault.touch(print[0]!.tradeId, print.at(-1)!.tradeId)
      lane.queue.push(print)
      if (lane.queue.length >= QUEUE_MAX) endDelay(lane)
    },
    release(nowUs) {
      for (const lane of lanes.values()) {
        if (lane.delay !== null && lane.delay.untilUs <= nowUs) endDelay(lane)
        for (const late of expire(lane, nowUs)) emit(late)
      }
    },
    drop: waits('drops'),
    rest_hole: waits('holes'),
    duplicate: waits('duplicates'),
    reorder: waits('reorders'),
    delay(product, untilUs, fault) {
      laneOf(product).delay = { untilUs, fault }
    },
  }
}
