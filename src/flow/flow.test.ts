import { expect, test } from 'vitest'
import { AssayError } from '../core/errors.ts'
import type { RunRow, Warehouse } from '../warehouse/index.ts'
import { runFlow } from './flow.ts'
import { openTestFlow, type TestFlow, testAsset, turn } from './testing.ts'

const schedules = [{ cron: '2 * * * *', part: 'closed' }] as const
const assets = [
  testAsset({ key: 'bronze.a', schedules }),
  testAsset({ key: 'silver.b', schedules, dependencies: ['bronze.a'] }),
]

/** Lets so many minutes pass, by the tick. */
async function pass(flow: TestFlow, minutes: number): Promise<void> {
  for (let second = 0; second < minutes * 60; second += 10) {
    await flow.pass(10)
    await turn()
  }
}

test('what is due is made in its order, until told to stop', async () => {
  await using flow = await openTestFlow(assets)
  const ended: RunRow[] = []
  const flowing = runFlow(flow.runner, { tickMs: 10_000, onRun: (run) => ended.push(run) })
  await pass(flow, 95)
  expect(ended.map(({ asset, state }) => [asset, state])).toEqual([
    ['bronze.a', 'succeeded'],
    ['silver.b', 'succeeded'],
    ['bronze.a', 'succeeded'],
    ['silver.b', 'succeeded'],
  ])
  flow.stopping.abort()
  await flowing
})

test('a store that fails is told of, and asked again', async () => {
  await using flow = await openTestFlow(assets)
  const { warehouse } = flow
  let isBroken = false
  const locked = () => Promise.reject(new AssayError('ASSAY_LOCKED', 'busy', { retry: 'backoff' }))
  const broken: Warehouse = {
    generation: warehouse.generation,
    read: (work) => (isBroken ? locked() : warehouse.read(work)),
    write: (work) => (isBroken ? locked() : warehouse.write(work)),
    [Symbol.asyncDispose]: async () => undefined,
  }
  const trouble: unknown[] = []
  const runner = flow.another({ warehouse: broken })
  const flowing = runFlow(runner, { tickMs: 10_000, onTrouble: (error) => trouble.push(error) })
  await pass(flow, 1)
  isBroken = true
  await pass(flow, 40)
  expect(trouble.length).toBeGreaterThan(100)
  isBroken = false
  await pass(flow, 1)
  expect(await flow.state('silver.b', '2026-03-07T10')).toBe('made')
  flow.stopping.abort()
  await flowing
})
