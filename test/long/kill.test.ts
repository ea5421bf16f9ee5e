import { expect, test } from 'vitest'
import { tableOf } from './table.ts'
import { runTrial } from './trial.ts'

const kills = Number(process.env.ASSAY_CRASH_KILLS ?? 100)
const seed = Number(process.env.ASSAY_CRASH_SEED ?? 1)
const rate = Number(process.env.ASSAY_CRASH_RATE ?? 5000)

test(`${kills} kills lose nothing and double nothing`, async () => {
  const options = { seed, kills, rate, lifeMs: [50, 2500], calmMs: 5000 } as const
  const result = await runTrial({ ...options, healMsMax: 300_000 })
  console.log(tableOf(options, result))
  expect(result.wrong).toEqual([])
  expect(result).toMatchObject({ lost: 0, duplicated: 0, different: 0, minutesUnproven: 0 })
  expect(result.held).toBe(result.made)
  expect(result.minutesEqual).toBe(result.minutes)
  expect(result.verify.ok).toBe(true)
  expect(result.rebuild.equal).toBe(true)
  expect(result.status).toBe(0)
})
