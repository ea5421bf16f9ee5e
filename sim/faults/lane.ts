import type { Random } from '../../src/core/random.ts'
import type { Print } from '../venue-sim.ts'
import type { OpenFault } from './fault.ts'

/** A fault that has so many prints still to strike. */
export interface Task {
  left: number
  readonly fault: OpenFault
}

interface Held {
  readonly print: Print
  framesLeft: number
  readonly dueUs: number
}

/** The way of one product's prints to the sockets. */
export interface Lane {
  readonly drops: Task[]
  /** Drops of what REST is to lack as well. */
  readonly holes: Task[]
  readonly duplicates: Task[]
  readonly reorders: Task[]
  /** Prints being overtaken. */
  held: Held[]
  /** Prints waiting for a delay to end. */
  queue: Print[]
  delay: { readonly untilUs: number; readonly fault: OpenFault } | null
}

// A print is overtaken by one to twenty later ones, and held no longer than five seconds.
const OVERTAKEN_BY_MAX = 20
const HELD_US_MAX = 5_000_000

/** Returns a lane that lets everything pass. */
export function createLane(): Lane {
  return { drops: [], holes: [], duplicates: [], reorders: [], held: [], queue: [], delay: null }
}

/**
 * Strikes a print with the first task waiting, and returns its fault if there is one.
 *
 * Tasks of one kind wait for each other, so that two drops of three ids are six ids lost.
 */
export function takeTask(tasks: Task[], print: Print): OpenFault | null {
  const task = tasks[0]
  if (task === undefined) return null
  task.fault.touch(print[0]!.tradeId, print.at(-1)!.tradeId)
  task.left -= 1
  if (task.left === 0) tasks.shift()
  return task.fault
}

/** Holds a print back to be overtaken. */
export function hold(lane: Lane, print: Print, random: Random): void {
  const framesLeft = random.int(1, OVERTAKEN_BY_MAX)
  lane.held.push({ print, framesLeft, dueUs: print[0]!.timeUs + HELD_US_MAX })
}

/** Counts one print that went past those held, and returns the ones overtaken enough. */
export function overtake(lane: Lane): readonly Print[] {
  if (lane.held.length === 0) return []
  for (const held of lane.held) held.framesLeft -= 1
  return takeHeld(lane, (held) => held.framesLeft <= 0)
}

/** Returns the held prints whose time is up. */
export function expire(lane: Lane, nowUs: number): readonly Print[] {
  return takeHeld(lane, (held) => held.dueUs <= nowUs)
}

function takeHeld(lane: Lane, isDue: (held: Held) => boolean): readonly Print[] {
  const due = lane.held.filter(isDue)
  if (due.length > 0) lane.held = lane.held.filter((held) => !isDue(held))
  return due.map((held) => held.print)
}
