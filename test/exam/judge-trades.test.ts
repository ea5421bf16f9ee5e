import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TruthTrade } from '../../sim/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import type { Hole } from '../../src/silver/holes.ts'
import { openWarehouse, type TradeRow, type Warehouse } from '../../src/warehouse/index.ts'
import { judgeTrades } from './judge-trades.ts'

const SYMBOL = 'BTC/USD'

let folder = ''
let warehouse: Warehouse
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-judge-'))
  const clock = createManualClock(0)
  warehouse = await openWarehouse({ url: `sqlite:${folder}`, mode: 'write', clock })
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function made(id: number): TruthTrade {
  const facts = { price: '10', size: '1', side: 'buy' } as const
  // The second and the third are fills of one order: an aggregate may tell them as one.
  const timeUs = id === 3 ? 2000 : id * 1000
  return { venue: 'kraken', product: SYMBOL, trade_id: id, time: '', time_us: timeUs, ...facts }
}

function row(id: number, over: Partial<TradeRow> = {}): TradeRow {
  return {
    ...{ instrument_id: 1, tape_id: 0, trade_id: id, first_id: null, last_id: null },
    ...{ event_time_us: id * 1000, price: '10', size: '1', side: 0, trade_count: 1, origin: 0 },
    ...{ received_time_us: 0, log_id: 1, pos: id, item: 0 },
    ...over,
  }
}

const listed = (firstId: number, lastId: number, verdict: Hole['verdict']): Hole => ({
  ...{ instrumentId: 1, venue: 'kraken', symbol: SYMBOL, cause: 'ids', firstId, lastId, verdict },
  ...{ fromUs: firstId * 1000, toUs: lastId * 1000, attempts: 0, lastAttemptUs: 0, evidence: '' },
})

test('what is lost, listed, doubled, invented or wrong is told apart', async () => {
  const scope = { cause: 'live' as const, evidence: 'collect', from_us: 1000, to_us: 2000 }
  await warehouse.write(async (tx) => {
    await tx.upsert('instruments', [
      {
        ...{ instrument_id: 1, venue: 'kraken', symbol: SYMBOL, listed_from_us: 0 },
        ...{ delisted_us: null, kind: 'spot', base: null, quote: null, multiplier: 1 },
        ...{ price_step: null, size_step: null, listing_us: 0 },
      },
    ])
    const times = { subscribed_us: 1000, unsubscribed_us: null }
    await tx.upsert('silver_scopes', [{ instrument_id: 1, tape_id: 0, ...scope, ...times }])
    await tx.upsert('silver_trades', [
      row(1),
      row(2, { last_id: 3, size: '2', trade_count: 2 }),
      row(3, { event_time_us: 2000 }),
      row(4, { price: '11' }),
      row(8, { origin: 1 }),
      row(20),
    ])
  })
  const wrong: string[] = []
  const found = await warehouse.read((db) =>
    judgeTrades({
      db,
      sim: {
        faults: [],
        truth: () => [1, 2, 3, 4, 5, 6, 7, 8].map(made),
        undelivered: () => ({ [SYMBOL]: [[5, 8]] }),
      },
      holes: [listed(5, 5, 'unrecoverable'), listed(6, 6, 'repaired')],
      note: (what) => wrong.push(what),
    }),
  )
  // 1 to 3 and 8 are held, 3 twice; 5 is listed; 6 is said to be repaired, and is not.
  expect(found).toMatchObject({ made: 8, held: 4, duplicated: 1, different: 1, invented: 1 })
  expect(found).toMatchObject({ listed: 1, lostSilently: 2 })
  expect(found).toMatchObject({ undelivered: 4, detected: 2, repaired: 1, reachable: 4 })
  expect(found).toMatchObject({ holes: 1, holesDetected: 0 })
  expect(wrong.some((what) => what.includes('kraken BTC/USD 7'))).toBe(true)
})
