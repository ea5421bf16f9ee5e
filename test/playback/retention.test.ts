import { describe, expect, test } from 'vitest'
import { lockHistory } from '../../src/bronze/index.ts'
import { listHoles } from '../../src/silver/holes.ts'
import type { WarehouseProof } from '../../src/warehouse/index.ts'
import {
  archived,
  DAY_US,
  DAYS,
  FIRST_DAY_US,
  giveUp,
  LAST_US,
  openStore,
  PER_DAY,
  proofOf,
  recorded,
  retain,
  settle,
  tradeIds,
  tradeRecord,
  tradeTimeUs,
} from './retention-support.ts'
import { openRefinery, rebuild, writeLog } from './support.ts'

describe('retention', () => {
  test('archives old trades and deletes them; all that was made of them stays', async () => {
    const dataDir = await recorded()
    const before = await proofOf(dataDir)
    const dry = await retain(dataDir, { trades: 2 }, { dryRun: true })
    expect(dry.datasets[0]).toMatchObject({ dataset: 'trades', rows: 2 * PER_DAY, files: 0 })
    expect(await proofOf(dataDir)).toEqual(before)
    const report = await retain(dataDir, { trades: 2 })
    expect(report.datasets[0]).toMatchObject({
      beforeUs: FIRST_DAY_US + DAY_US,
      rows: 2 * PER_DAY,
      heldBy: null,
    })
    expect(Math.min(...(await tradeIds(dataDir)))).toBe(PER_DAY + 1)
    const rows = archived(dataDir, 'trades')
    expect(rows).toHaveLength(2 * PER_DAY)
    expect(rows[0]).toMatchObject({ venue: 'coinbase', tape: '', log: 'collect', origin: 'ws' })
    const after = await proofOf(dataDir)
    const { silver_trades: _old, ...kept } = before.tables
    expect(after.tables).toMatchObject(kept)
    expect((await retain(dataDir, { trades: 2 })).changed).toBe(false)
    expect(await rebuild(dataDir)).toEqual(after)
  })

  test('does not bring a deleted trade back when it is reported once more', async () => {
    const dataDir = await recorded()
    await retain(dataDir, { trades: 2 })
    const before = await proofOf(dataDir)
    const receivedTimeUs = tradeTimeUs(DAYS * PER_DAY) + 300_000
    const again = [
      tradeRecord('BTC-USD', 3, { receivedTimeUs }),
      tradeRecord('BTC-USD', 4, { receivedTimeUs, price: '1' }),
    ]
    await writeLog(dataDir, 'collect', again)
    const { proof, totals } = await settle(dataDir)
    expect(totals).toMatchObject({ expired: 2, accepted: 0, duplicates: 0 })
    expect(proof.tables.silver_trades).toEqual(before.tables.silver_trades)
    expect(proof.tables.silver_candles_1m).toEqual(before.tables.silver_candles_1m)
    await using warehouse = await openStore(dataDir, 'read')
    expect(await warehouse.read((db) => listHoles(db))).toEqual([])
  })

  test('what comes late and is older than the cut-off waits for the next run', async () => {
    const dataDir = await recorded([5, 6])
    const gone = (id: number) => tradeRecord('BTC-USD', id, { receivedTimeUs: LAST_US })
    let proof: WarehouseProof
    {
      await using refinery = await openRefinery(dataDir)
      await writeLog(dataDir, 'backfill', [gone(5)])
      await refinery.settle()
      // The refiner goes on while trades are deleted beside it.
      await using warehouse = await openStore(dataDir, 'read')
      const [hole] = await warehouse.read((db) => listHoles(db))
      expect(hole).toMatchObject({ firstId: 6, lastId: 6 })
      await giveUp(dataDir, 6)
      await refinery.settle()
      await retain(dataDir, { trades: 2 })
      await writeLog(dataDir, 'backfill', [gone(6), gone(5)])
      proof = await refinery.settle()
      expect(refinery.totals).toMatchObject({ expired: 1 })
      expect((await tradeIds(dataDir))[0]).toBe(6)
    }
    expect(await rebuild(dataDir)).toEqual(proof)
    expect((await retain(dataDir, { trades: 2 })).datasets[0]).toMatchObject({ rows: 1 })
    expect(await rebuild(dataDir)).toEqual(await proofOf(dataDir))
  })

  test('waits for a rebuild, and a rebuild for it', async () => {
    const dataDir = await recorded()
    using _rebuilding = lockHistory(dataDir, 'a rebuild')
    await expect(retain(dataDir, { trades: 2 })).rejects.toMatchObject({ code: 'ASSAY_LOCKED' })
  })
})
