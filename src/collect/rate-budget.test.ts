import { describe, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { createRateBudget } from './rate-budget.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('a rate budget', () => {
  test('grants its burst at once and then its rate', async () => {
    const clock = createManualClock(0)
    const budget = createRateBudget({ ratePerSecond: 10, burst: 3, clock })
    let granted = 0
    for (let i = 0; i < 6; i += 1) void budget.take('live').then(() => (granted += 1))
    await settle()
    expect(granted).toBe(3)
    for (const expected of [4, 5, 6]) {
      clock.advance(100)
      await settle()
      expect(granted).toBe(expected)
    }
  })

  test('serves the live feed before holes, and holes before old history', async () => {
    const clock = createManualClock(0)
    const budget = createRateBudget({ ratePerSecond: 10, burst: 1, clock })
    const order: string[] = []
    await budget.take('live')
    for (const priority of ['backfill', 'repair', 'live'] as const) {
      void budget.take(priority).then(() => order.push(priority))
    }
    for (let i = 0; i < 3; i += 1) {
      clock.advance(100)
      await settle()
    }
    expect(order).toEqual(['live', 'repair', 'backfill'])
  })

  test('grants nothing while told to wait, and starts from empty after it', async () => {
    const clock = createManualClock(0)
    const budget = createRateBudget({ ratePerSecond: 10, burst: 5, clock })
    budget.pause(2000)
    budget.pause(500)
    let granted = 0
    for (let i = 0; i < 3; i += 1) void budget.take('live').then(() => (granted += 1))
    clock.advance(1999)
    await settle()
    expect(granted).toBe(0)
    expect(budget.status()).toEqual({ waiting: 3, pausedMs: 1 })
    clock.advance(1)
    await settle()
    expect(granted).toBe(0)
    clock.advance(100)
    await settle()
    expect(granted).toBe(1)
  })

  test('lets an aborted caller go and keeps no timer for nobody', async () => {
    const clock = createManualClock(0)
    const budget = createRateBudget({ ratePerSecond: 1, burst: 1, clock })
    await budget.take('live')
    budget.pause(3_600_000)
    const controller = new AbortController()
    const waiting = budget.take('repair', controller.signal)
    await settle()
    expect(clock.sleeping).toBe(1)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await settle()
    expect(clock.sleeping).toBe(0)
    // The next caller is served as if nobody had left.
    let granted = false
    void budget.take('live').then(() => (granted = true))
    await settle()
    clock.advance(3_601_000)
    await settle()
    expect(granted).toBe(true)
  })
})
