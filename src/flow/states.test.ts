import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partitionAt } from './partition.ts'
import {
  countStates,
  findMarked,
  markAllStale,
  markedParts,
  type PartState,
  readState,
  readStates,
  writeStates,
} from './states.ts'
import { openTestFlow, testAsset } from './testing.ts'

const HOUR = 3_600_000_000
const asset = { key: 'bronze.a', partitions: 'hourly' } as const
const whole = { key: 'bronze.w', partitions: 'none' } as const
const open = () => openTestFlow([testAsset({ key: 'bronze.a' })])
// The first hour of a chunk of 1024.
const EDGE = 480 * 1024
const hour = (ordinal: number) => partitionAt('hourly', ordinal * HOUR)
const STATES = ['made', 'provisional', 'stale', 'failed', 'blocked', 'empty', 'missing'] as const

test('what was written of any parts is what is read, one by one, listed and counted', async () => {
  await using flow = await open()
  const state = fc.constantFrom<PartState>(...STATES)
  const changes = fc.array(fc.tuple(fc.integer({ min: EDGE - 30, max: EDGE + 30 }), state))
  const truth = new Map<number, PartState>()
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      for (const [at, to] of list) truth.set(at, to)
      const some = list.map(([at, to]) => ({ partition: hour(at), state: to }))
      await flow.warehouse.write((tx) => writeStates(tx, asset, some))
      const range = { asset: asset.key, partitions: asset.partitions }
      const span = { ...range, fromUs: (EDGE - 31) * HOUR, toUs: (EDGE + 32) * HOUR }
      await flow.warehouse.read(async (db) => {
        const listed = await readStates(db, span)
        expect(listed).toHaveLength(63)
        for (const [index, found] of listed.entries()) {
          const at = EDGE - 31 + index
          expect(found).toEqual({ partition: hour(at), state: truth.get(at) ?? 'missing' })
        }
        expect(await readState(db, asset, hour(EDGE))).toBe(truth.get(EDGE) ?? 'missing')
        const counts = await countStates(db, span)
        for (const one of STATES) {
          expect(counts[one]).toBe(listed.filter((found) => found.state === one).length)
        }
      })
    }),
    { numRuns: 25 },
  )
})

test('a range that begins within a part begins with the next', async () => {
  await using flow = await open()
  const span = { fromUs: EDGE * HOUR + 1, toUs: (EDGE + 1) * HOUR + 1 }
  const listed = await flow.warehouse.read((db) =>
    readStates(db, { asset: asset.key, partitions: 'hourly', ...span }),
  )
  expect(listed).toEqual([{ partition: hour(EDGE + 1), state: 'missing' }])
})

test('a whole has one state, whatever the range', async () => {
  await using flow = await open()
  const partition = partitionAt('none', 0)
  await flow.warehouse.write((tx) => writeStates(tx, whole, [{ partition, state: 'made' }]))
  const counts = await flow.warehouse.read((db) =>
    countStates(db, { asset: whole.key, partitions: 'none', fromUs: 5, toUs: 6 }),
  )
  expect(counts).toMatchObject({ made: 1, missing: 0 })
})

test('all that was made, was nothing or failed is stale at once, and nothing else', async () => {
  await using flow = await open()
  const list = STATES.map((state, at) => ({ partition: hour(EDGE - 3 + at), state }))
  await flow.warehouse.write((tx) => writeStates(tx, asset, list))
  await flow.warehouse.write((tx) => markAllStale(tx, asset.key))
  const marked = await flow.warehouse.read((db) => findMarked(db, 'stale'))
  const stale = marked.flatMap((chunk) => [...markedParts(chunk, 'hourly', 'stale')])
  const were = list.filter(({ state }) => ['made', 'stale', 'failed', 'empty'].includes(state))
  expect(stale).toEqual(were.map(({ partition }) => partition).reverse())
})
