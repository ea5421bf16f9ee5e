import { describe, expect, test } from 'vitest'
import { logStat, readLogHorizon } from '../../src/bronze/index.ts'
import type { Warehouse } from '../../src/warehouse/index.ts'
import { runCli } from '../integration/cli-support.ts'
import {
  archived,
  DAY_US,
  DAYS,
  type Days,
  FIRST_DAY_US,
  openStore,
  PER_DAY,
  proofOf,
  recorded,
  retain,
  settle,
  tradeIds,
  tradeRecord,
  tradeTimeUs,
} from '../playback/retention-support.ts'
import { rebuild, writeLog } from '../playback/support.ts'

describe('retention, and a rebuild after it', () => {
  test.each<[string, Days]>([
    ['trades before raw records', { trades: 1, rawArchive: 3 }],
    ['raw records before trades', { trades: 3, rawArchive: 1 }],
    ['raw records alone', { rawArchive: 2 }],
    ['minutes, trades and raw records', { candles: 2, trades: 3, rawArchive: 1 }],
    ['minutes alone', { candles: 2 }],
  ])('a rebuild comes to what stands after deleting %s', async (_, days) => {
    const dataDir = await recorded()
    const whole = await proofOf(dataDir)
    const report = await retain(dataDir, days)
    expect(report.changed).toBe(true)
    expect(readLogHorizon(dataDir, 'collect').pos > 0).toBe(days.rawArchive !== undefined)
    const stands = await proofOf(dataDir)
    expect(stands.tables.gold_candles).toEqual(whole.tables.gold_candles)
    expect(await rebuild(dataDir)).toEqual(stands)
    // And goes on as if nothing had been deleted.
    await writeLog(dataDir, 'collect', [tradeRecord('BTC-USD', DAYS * PER_DAY + 1)])
    const { proof } = await settle(dataDir)
    expect(proof.tables.silver_trades?.rows).toBe((stands.tables.silver_trades?.rows ?? 0) + 1)
    expect(await rebuild(dataDir)).toEqual(proof)
    // A day later, the next day goes.
    expect((await retain(dataDir, days)).changed).toBe(true)
    expect(await rebuild(dataDir)).toEqual(await proofOf(dataDir))
  })

  test('what is left of the raw records is what the catalogue tells', async () => {
    const dataDir = await recorded()
    const { durablePos } = logStat({ dataDir, name: 'collect' })
    const held = async () => {
      const { stdout } = await runCli('datasets', 'bronze.log', '--json', '--data', dataDir)
      return (JSON.parse(stdout) as { readonly rows: number }).rows
    }
    expect(await held()).toBe(durablePos)
    await retain(dataDir, { rawArchive: 2 })
    const { pos } = readLogHorizon(dataDir, 'collect')
    expect(pos).toBeGreaterThan(0)
    expect(await held()).toBe(durablePos - pos)
  })

  test('keeps facts and raw records from the beginning of an open gap on', async () => {
    const dataDir = await recorded([PER_DAY + 5])
    const days = { trades: 1, rawArchive: 1 }
    const report = await retain(dataDir, days)
    expect(report.datasets[0]).toMatchObject({
      beforeUs: FIRST_DAY_US + DAY_US,
      heldBy: 'something of coinbase:BTC-USD is missing',
    })
    expect(report.logs[0]?.kept).toMatchObject({ hour: '2026-01-06T01', why: 'gap' })
    const receivedTimeUs = tradeTimeUs(DAYS * PER_DAY) + 300_000
    const missing = tradeRecord('BTC-USD', PER_DAY + 5, { receivedTimeUs })
    await writeLog(dataDir, 'backfill', [missing])
    await settle(dataDir)
    const after = await retain(dataDir, days)
    expect(after.datasets[0]).toMatchObject({ beforeUs: FIRST_DAY_US + 2 * DAY_US, heldBy: null })
    expect(after.logs.find(({ name }) => name === 'collect')?.kept).toBeNull()
    expect(await rebuild(dataDir)).toEqual(await proofOf(dataDir))
  })

  test('cut short anywhere, loses nothing, and done again ends the same', async () => {
    const whole = await recorded()
    await retain(whole, { trades: 2, candles: 2 })
    const expected = await proofOf(whole)
    for (const failing of [1, 2, 3, 5]) {
      const dataDir = await recorded()
      const all = await tradeIds(dataDir)
      await using store = await openStore(dataDir)
      let writes = 0
      const tables = {
        generation: store.generation,
        read: store.read.bind(store),
        write(work: Parameters<Warehouse['write']>[0]) {
          writes += 1
          if (writes === failing) throw new Error('killed')
          return store.write(work)
        },
      } as unknown as Warehouse
      const days = { trades: 2, candles: 2 }
      await expect(retain(dataDir, days, { tables })).rejects.toThrow('killed')
      const saved = archived(dataDir, 'trades')
        .filter((row) => row.symbol === 'BTC-USD')
        .map((row) => row.trade_id as number)
      expect(new Set([...saved, ...(await tradeIds(dataDir))])).toEqual(new Set(all))
      await retain(dataDir, days)
      expect(await proofOf(dataDir)).toEqual(expected)
    }
  })
})
