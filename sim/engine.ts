import type { Clock } from '../src/core/clock.ts'
import type { Feed } from './coinbase/feed.ts'
import type { FaultBoard } from './faults/board.ts'
import type { PlannedFault } from './faults/presets.ts'
import type { Market } from './market/market.ts'

/** What the clock drives. */
export interface EngineOptions {
  readonly clock: Clock
  readonly market: Market
  readonly board: FaultBoard
  readonly feeds: readonly Feed[]
  readonly plan: Iterator<PlannedFault>
}

const SLICE_MS = 5
const SECOND_US = 1_000_000
const QUARTER_US = 250_000
// A market that fell behind (a machine that slept) catches up in steps that leave room for I/O.
const STEP_US_MAX = 100_000

/** Injects the plan's faults at their times, counted from the first subscription. */
function createPlanner(options: EngineOptions): (nowUs: number) => void {
  let startUs: number | null = null
  let next = options.plan.next()
  return (nowUs) => {
    if (next.done === true) return
    if (startUs === null) {
      if (options.feeds.every((feed) => feed.subscribers === 0)) return
      startUs = nowUs
    }
    while (next.done !== true && startUs + next.value.atMs * 1000 <= nowUs) {
      options.board.inject(next.value.fault)
      next = options.plan.next()
    }
  }
}

/**
 * Trades the market up to the clock in slices of 5 ms until `signal` aborts.
 *
 * Trades, heartbeats and batches go out in order of market time: the last trade id of a
 * heartbeat is the last trade before its second.
 */
export async function runEngine(options: EngineOptions, signal: AbortSignal): Promise<void> {
  const { clock, market, board, feeds } = options
  const planFaults = createPlanner(options)
  let boundaryUs = market.timeUs - (market.timeUs % QUARTER_US) + QUARTER_US

  const trade = (untilUs: number) =>
    market.advanceTo(untilUs, (fills) => {
      for (const fill of fills) board.delivery.offer(fill)
      for (const feed of feeds) feed.order(fills.at(-1)!)
    })

  function advance(untilUs: number): void {
    for (; boundaryUs <= untilUs; boundaryUs += QUARTER_US) {
      trade(boundaryUs)
      for (const feed of feeds) feed.quarter(boundaryUs)
      if (boundaryUs % SECOND_US !== 0) continue
      for (const feed of feeds) feed.second(boundaryUs)
    }
    trade(untilUs)
  }

  while (!signal.aborted) {
    const nowUs = clock.nowUs()
    const untilUs = Math.min(nowUs, market.timeUs + STEP_US_MAX)
    planFaults(untilUs)
    advance(untilUs)
    board.delivery.release(untilUs)
    for (const feed of feeds) feed.tick(nowUs)
    await clock.sleep(untilUs < nowUs ? 0 : SLICE_MS, signal)
  }
}
