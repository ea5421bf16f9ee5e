import { describe, expect, test } from 'vitest'
import { createManualClock, systemClock } from './clock.ts'

describe('the system clock', () => {
  test('agrees with the wall clock to the millisecond and counts whole microseconds', () => {
    for (let i = 0; i < 1000; i += 1) {
      const beforeMs = Date.now()
      const nowUs = systemClock.nowUs()
      const afterMs = Date.now()
      expect(Number.isSafeInteger(nowUs)).toBe(true)
      expect(nowUs).toBeGreaterThanOrEqual(beforeMs * 1000)
      expect(nowUs).toBeLessThan((afterMs + 1) * 1000)
    }
  })

  test('sleeps about as long as asked', async () => {
    const startMs = systemClock.monotonicMs()
    await systemClock.sleep(20)
    expect(systemClock.monotonicMs() - startMs).toBeGreaterThanOrEqual(18)
  })

  test('wakes early, without throwing, when the signal aborts', async () => {
    const controller = new AbortController()
    const startMs = systemClock.monotonicMs()
    const sleep = systemClock.sleep(60_000, controller.signal)
    controller.abort()
    await sleep
    await systemClock.sleep(60_000, controller.signal)
    expect(systemClock.monotonicMs() - startMs).toBeLessThan(5_000)
  })
})

describe('a manual clock', () => {
  test('stands still until it is advanced', () => {
    const clock = createManualClock(1_000_000)
    expect(clock.nowUs()).toBe(1_000_000)
    clock.advance(1.5)
    expect(clock.nowUs()).toBe(1_001_500)
    expect(clock.monotonicMs()).toBe(1.5)
  })

  test('wakes sleepers in the order of their time, and only those that are due', async () => {
    const clock = createManualClock(0)
    const woken: string[] = []
    void clock.sleep(30).then(() => woken.push('late'))
    void clock.sleep(20).then(() => woken.push('second'))
    void clock.sleep(10).then(() => woken.push('first'))
    clock.advance(20)
    await Promise.resolve()
    expect(woken).toEqual(['first', 'second'])
    expect(clock.sleeping).toBe(1)
  })

  test('lets a sleeper go when its signal aborts', async () => {
    const clock = createManualClock(0)
    const controller = new AbortController()
    const sleep = clock.sleep(10, controller.signal)
    controller.abort()
    await sleep
    await clock.sleep(10, controller.signal)
    expect(clock.sleeping).toBe(0)
  })
})
