import { expect, test, vi } from 'vitest'
import { runJson } from '../integration/cli-support.ts'

vi.setConfig({ testTimeout: 300_000 })

test('the demo loses nothing, doubles nothing, and every candle is true', async () => {
  const proof = await runJson('demo', '--seconds', '10', '--json')
  expect(Object.keys(proof).toSorted()).toEqual(
    [
      ...['trades', 'lost', 'duplicated', 'gaps_found', 'gaps_healed', 'gaps_open'],
      ...['candles', 'candles_equal'],
    ].toSorted(),
  )
  expect(proof).toMatchObject({ lost: 0, duplicated: 0, gaps_open: 0 })
  expect(proof.trades).toBeGreaterThan(1000)
  expect(proof.gaps_found).toBeGreaterThan(0)
  expect(proof.gaps_healed).toBe(proof.gaps_found)
  expect(proof.candles_equal).toBe(proof.candles)
})
