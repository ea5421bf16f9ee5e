import { describe, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { loadConfig } from '../core/config.ts'
import type { Hole } from '../silver/holes.ts'
import { wantedHoles } from './answers.ts'

const NOW_US = 1_795_270_462_000_000
const SECOND_US = 1_000_000

const HOLE: Hole = {
  instrumentId: 1,
  venue: 'coinbase',
  symbol: 'BTC-USD',
  cause: 'ids',
  firstId: 10,
  lastId: 12,
  fromUs: NOW_US - 30 * SECOND_US,
  toUs: NOW_US - 10 * SECOND_US,
  verdict: 'open',
  attempts: 0,
  lastAttemptUs: 0,
  evidence: '',
}

async function wanted(hole: Partial<Hole>): Promise<number> {
  const { config } = await loadConfig({ cwd: '/', env: {} })
  return wantedHoles([{ ...HOLE, ...hole }], { config, clock: createManualClock(NOW_US) }).length
}

describe('holes that repair asks for', () => {
  test('are open and bounded', async () => {
    expect(await wanted({})).toBe(1)
    expect(await wanted({ verdict: 'unrecoverable' })).toBe(0)
    expect(await wanted({ firstId: null, lastId: null })).toBe(0)
  })

  test('are left a while, as what is missing may only be late', async () => {
    expect(await wanted({ toUs: NOW_US - SECOND_US })).toBe(0)
  })

  test('at the end of what is held are asked for though each heartbeat tells of them', async () => {
    expect(await wanted({ cause: 'witness', toUs: NOW_US })).toBe(1)
    expect(await wanted({ cause: 'witness', fromUs: NOW_US - SECOND_US, toUs: NOW_US })).toBe(0)
  })
})
