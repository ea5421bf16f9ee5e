import { expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { createLogger } from '../core/log.ts'
import { openMemory } from './memory.ts'
import type { CollectorMemory, MemoryStore } from './memory-file.ts'
import { createRateBudget } from './rate-budget.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))
const log = createLogger({ level: 'silent', pretty: false })

function createStore(start: CollectorMemory): MemoryStore & { readonly saved: CollectorMemory[] } {
  const saved: CollectorMemory[] = []
  return {
    saved,
    load: async () => saved.at(-1) ?? start,
    save: async (memory) => void saved.push(memory),
  }
}

async function open(store: MemoryStore | undefined) {
  const clock = createManualClock(1_000_000_000)
  const budget = createRateBudget({ ratePerSecond: 10, burst: 10, clock })
  const told: string[] = []
  const incidents = {
    open: ({ cause }: { cause: string }) => void told.push(`open ${cause}`),
    close: ({ cause }: { cause: string }) => void told.push(`close ${cause}`),
  }
  const memory = await openMemory({ store, budget, incidents, clock, log })
  return { clock, budget, told, memory }
}

test('a ban outlives the process: nothing is asked until it is over', async () => {
  const store = createStore({ paces: {}, pausedUntilUs: 0 })
  const first = await open(store)
  first.memory.notePause(120_000, 'banned')
  await settle()
  expect(store.saved.at(-1)!.pausedUntilUs).toBe(1_120_000_000)
  const { budget, clock, told, memory } = await open(store)
  expect(budget.status().pausedMs).toBe(120_000)
  let granted = false
  void budget.take('live').then(() => (granted = true))
  clock.advance(119_000)
  await settle()
  expect(granted).toBe(false)
  clock.advance(1200)
  await settle()
  expect(granted).toBe(true)
  memory.notePause(0, '')
  expect(told).toEqual(['open rate_limited', 'close rate_limited'])
})

test('a pause of the past holds nobody, an absurd one for three days', async () => {
  const past = await open(createStore({ paces: {}, pausedUntilUs: 5 }))
  expect(past.budget.status().pausedMs).toBe(0)
  const absurd = await open(createStore({ paces: {}, pausedUntilUs: 9e15 }))
  expect(absurd.budget.status().pausedMs).toBe(3 * 86_400_000)
})

test('paces are saved now and then and at the end; those not seen are kept', async () => {
  const old = { meanGapMs: 5, samples: 50 }
  const store = createStore({ paces: { 'test trades B': old }, pausedUntilUs: 0 })
  const { clock, memory } = await open(store)
  const over = new AbortController()
  let samples = 1
  const paces = () => ({ 'test trades A': { meanGapMs: 1, samples } })
  const keeping = memory.keep(paces, over.signal)
  clock.advance(60_000)
  await settle()
  expect(store.saved).toHaveLength(1)
  samples = 2
  over.abort()
  await keeping
  expect(store.saved.at(-1)!.paces).toEqual({
    'test trades A': { meanGapMs: 1, samples: 2 },
    'test trades B': old,
  })
})

test('a store that fails costs what was learned and nothing else', async () => {
  const fail = () => Promise.reject(new Error('disk'))
  const { memory, budget } = await open({ load: fail, save: fail })
  memory.notePause(60_000, 'banned')
  await settle()
  expect(memory.start.paces).toEqual({})
  expect(budget.status().waiting).toBe(0)
})
