import type { Random } from '../../src/core/random.ts'
import type { Fill } from '../market/ledger.ts'
import type { OpenFault } from './fault.ts'

/** A fault that has so many trades still to strike. */
export interface Task {
  left: number
  readonly fault: OpenFault
}

interface Held {
  readonly fill: Fill
  framesLeft: number
  readonly dueUs: number
}

/** The way of one product's trades to the sockets. */
export interface Lane {
  readonly drops: Task[]
  readonly duplicates: Task[]
  readonly reorders: Task[]
  /** Trades being overtaken. */
  held: Held[]
  /** Trades waiting for a delay to end. */
  queue: Fill[]
  delay: { readonly untilUs: number; readonly fault: OpenFault } | null
}

// A trade is overtaken by one to twenty later ones, and held no longer than five seconds.
const OVERTAKEN_BY_MAX = 20
const HELD_US_MAX = 5_000_000

/** Returns a lane that lets everything pass. */
export function createLane(): Lane {
  return { drops: [], duplicates: [], reorders: [], held: [], queue: [], delay: null }
}

/**
 * Strikes a trade with the first task waiting, if there is one.
 *
 * Tasks of one kind wait for each other, so that two drops of three ids are six ids lost.
 */
export function takeTask(tasks: Task[], tradeId: number): boolean {
  const task = tasks[0]
  if (task === undefined) return false
  task.fault.touch(tradeId)
  task.left -= 1
  if (task.left === 0) tasks.shift()
  return true
}

/** Holds a trade back to be overtaken. */
export function hold(lane: Lane, fill: Fill, random: Random): void {
  const framesLeft = random.int(1, OVERTAKEN_BY_MAX)
  lane.held.push({ fill, framesLeft, dueUs: fill.timeUs + HELD_US_MAX })
}

/** Counts one trade that went past those held, and returns the ones overtaken enough. */
export function overtake(lane: Lane): readonly Fill[] {
  if (lane.held.length === 0) return []
  for (const held of lane.held) held.framesLeft -= 1
  return takeHeld(lane, (held) => held.framesLeft <= 0)
}

/** Returns the held trades whose time is up. */
export function expire(lane: Lane, nowUs: number): readonly Fill[] {
  return takeHeld(lane, (held) => held.dueUs <= nowUs)
}

function takeHeld(lane: Lane, isDue: (held: Held) => boolean): readonly Fill[] {
  const due = lane.held.filter(isDue)
  if (due.length > 0) lane.held = lane.held.filter((held) => !isDue(held))
  return due.map((held) => held.fill)
}
