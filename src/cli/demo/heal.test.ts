import { expect, test } from 'vitest'
import { createManualClock } from '../../core/clock.ts'
import { MINUTE_US } from '../../market/bucket.ts'
import type { CandleGap } from '../../silver/candle-holes.ts'
import type { Hole } from '../../silver/holes.ts'
import { untilHealed } from './heal.ts'

const START_US = 1_790_689_500_000_000

const OPEN: Hole = {
  ...{ instrumentId: 1, venue: 'kraken', symbol: 'REKT/USD', cause: 'ids', verdict: 'open' },
  ...{ firstId: 10, lastId: 12, fromUs: START_US, toUs: START_US },
  ...{ attempts: 0, lastAttemptUs: 0, evidence: '' },
}

const GAP: CandleGap = {
  ...{ venue: 'kraken', symbol: 'REKT/USD' },
  ...{ fromUs: START_US, toUs: START_US + MINUTE_US },
}

interface Scene {
  /** Second of a minute in which trading stops. */
  readonly stopsAt: number
  /** Seconds counted from that minute's start. */
  readonly hasHole?: (second: number) => boolean
  readonly hasGap?: (second: number) => boolean
  readonly lag?: (second: number) => number
}

/** Returns the second, counted from the start of the minute, in which the wait is over. */
async function endOf({ stopsAt, hasHole, hasGap, lag }: Scene): Promise<number> {
  const clock = createManualClock(START_US + stopsAt * 1_000_000)
  const second = () => (clock.nowUs() - START_US) / 1_000_000
  const refine = {
    holes: async () => (hasHole?.(second()) ? [OPEN] : []),
    candleGaps: async () => (hasGap?.(second()) ? [GAP] : []),
    get checkpoint() {
      return 1000 - (lag?.(second()) ?? 0)
    },
  }
  const done = Promise.withResolvers<never>().promise
  const pipeline = { refine, journal: { durablePos: 1000 }, done }
  let isOver = false
  const healed = untilHealed({ clock, pipeline, isConnected: () => true }).then(() => {
    isOver = true
  })
  while (!isOver) {
    clock.advance(500)
    await new Promise(setImmediate)
  }
  await healed
  return second()
}

test('what a fault held back is waited for, though nothing is known to be missing', async () => {
  expect(await endOf({ stopsAt: 20 })).toBe(30)
})

test('a hole is waited for until it is healed, and a moment longer', async () => {
  expect(await endOf({ stopsAt: 20, hasHole: (second) => second < 40 })).toBe(41.5)
  expect(await endOf({ stopsAt: 20, lag: (second) => (second < 45 ? 60 : 10) })).toBe(46.5)
})

test('a minute that ends meanwhile is waited for until its venue has told of it', async () => {
  // Nobody asks after it before it is over for five seconds: until then it is no gap.
  const hasGap = (second: number) => second >= 65 && second < 72
  expect(await endOf({ stopsAt: 53, hasGap })).toBe(73.5)
  expect(await endOf({ stopsAt: 53 })).toBe(66.5)
})

test('nothing ends shortly before a minute does', async () => {
  expect(await endOf({ stopsAt: 20, hasHole: (second) => second < 56.5 })).toBe(66.5)
})

test('what stays missing is waited for no longer than a minute and a half', async () => {
  expect(await endOf({ stopsAt: 20, hasHole: () => true })).toBe(110)
  expect(await endOf({ stopsAt: 20, hasGap: () => true })).toBe(110)
})
