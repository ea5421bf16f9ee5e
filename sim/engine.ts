import type { Clock } from '../src/core/clock.ts'
import type { PlannedFault } from './faults/presets.ts'
import type { VenueRuntime } from './venue-runtime.ts'

/** What the clock drives. */
export interface EngineOptions {
  readonly clock: Clock
  readonly venues: readonly VenueRuntime[]
  readonly plan: Iterator<PlannedFault>
}

const SLICE_MS = 5
const SECOND_US = 1_000_000
const QUARTER_US = 250_000
// A market that fell behind (a machine that slept) catches up in steps that leave room for I/O.
const STEP_US_MAX = 100_000

/** Injects the plan's faults at their times, counted from the first subscription. */
function createPlanner(options: EngineOptions): (nowUs: number) => void {
  const feeds = options.venues.flatMap(({ sim }) => sim.feeds)
  let startUs: number | null = null
  let next = options.plan.next()
  return (nowUs) => {
    if (next.done === true) return
    if (startUs === null) {
      if (feeds.length > 0 && feeds.every((feed) => feed.subscribers === 0)) return
      startUs = nowUs
    }
    for (; next.done !== true; next = options.plan.next()) {
      const { atMs, fault } = next.value
      if (startUs + atMs * 1000 > nowUs) return
      options.venues.find(({ id }) => id === fault.venue)!.board.inject(fault)
    }
  }
}

/** Returns what trades one venue up to a time, its seconds and quarters in between. */
function createStepper({ market, board, sim }: VenueRuntime): (untilUs: number) => void {
  const { feeds } = sim
  let boundaryUs = market.timeUs - (market.timeUs % QUARTER_US) + QUARTER_US
  const trade = (untilUs: number) =>
    market.advanceTo(untilUs, (fills) => {
      // Without sockets nobody is told, and no fault of trades has anything to strike.
      if (feeds.length === 0) return
      for (const print of sim.prints(fills)) board.delivery.offer(print)
      for (const feed of feeds) feed.order(fills.at(-1)!)
    })
  return (untilUs) => {
    for (; boundaryUs <= untilUs; boundaryUs += QUARTER_US) {
      trade(boundaryUs)
      for (const feed of feeds) feed.quarter(boundaryUs)
      if (boundaryUs % SECOND_US !== 0) continue
      for (const feed of feeds) feed.second(boundaryUs)
    }
    trade(untilUs)
    board.delivery.release(untilUs)
  }
}

/**
 * Trades every venue's market up to the clock in slices of 5 ms until `signal` aborts.
 *
 * Trades, heartbeats and batches of a venue go out in order of market time: the last trade id
 * of a heartbeat is the last trade before its second.
 */
export async function runEngine(options: EngineOptions, signal: AbortSignal): Promise<void> {
  const { clock, venues } = options
  const planFaults = createPlanner(options)
  const steps = venues.map(createStepper)
  // All markets stand at the same time, as all of them step together.
  let timeUs = venues[0]!.market.timeUs
  while (!signal.aborted) {
    const nowUs = clock.nowUs()
    const untilUs = Math.min(nowUs, timeUs + STEP_US_MAX)
    planFaults(untilUs)
    for (const step of steps) step(untilUs)
    timeUs = Math.max(timeUs, untilUs)
    for (const { sim } of venues) for (const feed of sim.feeds) feed.tick(nowUs)
    await clock.sleep(untilUs < nowUs ? 0 : SLICE_MS, signal)
  }
}
