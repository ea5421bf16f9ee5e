import { expect, test } from 'vitest'
import { runTrial } from '../crash/trial.ts'

test('a run that is killed over and over loses nothing and doubles nothing', async () => {
  const lives = { lifeMs: [50, 1200], calmMs: 1500, healMsMax: 30_000 } as const
  const result = await runTrial({ seed: 6, kills: 6, rate: 800, ...lives })
  expect(result.wrong).toEqual([])
  expect(result).toMatchObject({ lost: 0, duplicated: 0, different: 0, minutesUnproven: 0 })
  expect(result.held).toBe(result.made)
  expect(result.minutesEqual).toBe(result.minutes)
  expect(result.made).toBeGreaterThan(1000)
  expect(result).toMatchObject({ status: 0, verify: { ok: true }, rebuild: { equal: true } })
}, 60_000)
