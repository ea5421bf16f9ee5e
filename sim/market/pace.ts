import type { Random } from '../../src/core/random.ts'

/** Waiting times between taker orders: bursts, clusters and calm, around a mean rate. */
export interface Pace {
  /** Microseconds from an order at `timeUs` to the next one; may be 0. */
  next(timeUs: number): number
}

interface Regime {
  readonly weight: number
  readonly dwellSeconds: number
  readonly multiplier: number
}

// The market is calm most of the time, busy a third of it, and in short bursts frantic.
const REGIMES: readonly Regime[] = [
  { weight: 0.5, dwellSeconds: 6, multiplier: 0.5 },
  { weight: 0.35, dwellSeconds: 4, multiplier: 1.3 },
  { weight: 0.15, dwellSeconds: 0.8, multiplier: 6 },
]

// Beyond this many orders a second bursts are flattened: they would only measure the machine.
const ORDERS_PER_SECOND_BURSTING = 1000

const SAME_INSTANT_PART = 0.02
const CLUSTER_PART = 0.35
const CLUSTER_WAIT_PART = 0.05

/**
 * Returns a pace whose mean is `ordersPerSecond`.
 *
 * Two things make arrivals clump, as in a real market: regimes change the rate for seconds, and
 * about a third of the orders follow the one before within a twentieth of the mean wait.
 * A few come in the very same microsecond, so that ties in time are common.
 */
export function createPace(random: Random, ordersPerSecond: number): Pace {
  const meanWaitUs = 1e6 / ordersPerSecond
  // A regime lasts for several orders even where orders are minutes apart.
  const stretch = Math.max(1, (20 * meanWaitUs) / 1e6)
  const amplitude = Math.min(1, ORDERS_PER_SECOND_BURSTING / ordersPerSecond)
  const multipliers = REGIMES.map((regime) => 1 + (regime.multiplier - 1) * amplitude)
  const times = REGIMES.map((regime) => regime.weight * regime.dwellSeconds)
  const total = times.reduce((sum, time) => sum + time, 0)
  const mean = multipliers.reduce((sum, value, i) => sum + (value * times[i]!) / total, 0)
  let current = 0
  let regimeEndsUs = Number.NEGATIVE_INFINITY

  function enterRegime(timeUs: number): void {
    let draw = random.next()
    current = 0
    while (current < REGIMES.length - 1 && draw >= REGIMES[current]!.weight) {
      draw -= REGIMES[current]!.weight
      current += 1
    }
    regimeEndsUs = timeUs + random.exponential(REGIMES[current]!.dwellSeconds * 1e6 * stretch)
  }

  const followers = CLUSTER_PART * CLUSTER_WAIT_PART
  const loners = 1 - SAME_INSTANT_PART - CLUSTER_PART
  return {
    next(timeUs) {
      if (timeUs >= regimeEndsUs) enterRegime(timeUs)
      const waitUs = (meanWaitUs * mean) / multipliers[current]!
      const draw = random.next()
      if (draw < SAME_INSTANT_PART) return 0
      if (draw < SAME_INSTANT_PART + CLUSTER_PART) {
        return random.exponential(waitUs * CLUSTER_WAIT_PART)
      }
      // The loners wait longer, so that the mean over all orders is the one asked for.
      return random.exponential((waitUs * (1 - followers)) / loners)
    },
  }
}
