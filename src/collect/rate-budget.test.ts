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

describe('requests under a rate budget', () => {
  const open = (rate: { ratePerSecond: number; burst: number }) => {
    const clock = createManualClock(0)
    const budget = createRateBudget({ ...rate, clock })
    const begun: string[] = []
    const ask = (name: string, weight = 1) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const request = () => {
        begun.push(name)
        return promise
      }
      void budget.run({ priority: 'live', weight }, request)
      return resolve
    }
    return { clock, budget, begun, ask }
  }

  test('follow one another, and a slow one holds up the others for 2 s', async () => {
    const { clock, begun, ask } = open({ ratePerSecond: 100, burst: 100 })
    const answerA = ask('a')
    ask('b')
    ask('c')
    await settle()
    expect(begun).toEqual(['a'])
    answerA()
    await settle()
    expect(begun).toEqual(['a', 'b'])
    clock.advance(1900)
    await settle()
    expect(begun).toHaveLength(2)
    clock.advance(200)
    await settle()
    expect(begun).toEqual(['a', 'b', 'c'])
  })

  test('are four at most, however slow', async () => {
    const { clock, begun, ask } = open({ ratePerSecond: 100, burst: 100 })
    const answers = ['a', 'b', 'c', 'd', 'e'].map((name) => ask(name))
    for (let i = 0; i < 10; i += 1) {
      clock.advance(2000)
      await settle()
    }
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
    answers[0]!()
    await settle()
    clock.advance(2000)
    await settle()
    expect(begun).toHaveLength(5)
  })

  test('cost what they weigh, at most a whole burst', async () => {
    const { clock, begun, ask } = open({ ratePerSecond: 10, burst: 20 })
    ask('listing', 10)()
    ask('page', 5)()
    ask('flood', 500)()
    await settle()
    expect(begun).toEqual(['listing', 'page'])
    clock.advance(1400)
    await settle()
    expect(begun).toHaveLength(2)
    clock.advance(200)
    await settle()
    expect(begun).toEqual(['listing', 'page', 'flood'])
  })

  test('that wait are held back by a pause that the one before them was told', async () => {
    const { clock, budget, begun } = open({ ratePerSecond: 100, burst: 100 })
    const banned = budget.run({ priority: 'live' }, async () => {
      begun.push('first')
      budget.pause(60_000)
    })
    void budget.run({ priority: 'live' }, async () => void begun.push('second'))
    await banned
    clock.advance(59_000)
    await settle()
    expect(begun).toEqual(['first'])
    clock.advance(1100)
    await settle()
    expect(begun).toEqual(['first', 'second'])
  })
})
