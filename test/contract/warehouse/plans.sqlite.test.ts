import { CompiledQuery, createQueryId, type Kysely } from 'kysely'
import { expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { candlesFingerprint, foldSpan } from '../../../src/gold/candle-spans.ts'
import { changedDays, changedHours } from '../../../src/gold/changes.ts'
import { coinDailyFingerprint, foldCoinDaily } from '../../../src/gold/coin-daily.ts'
import { dailyKpisFingerprint, foldDailyKpis } from '../../../src/gold/daily-kpis.ts'
import { foldMarketDaily, marketDailyFingerprint } from '../../../src/gold/market-daily.ts'
import { topMoversFingerprint } from '../../../src/gold/mover-standings.ts'
import { foldTopMovers } from '../../../src/gold/top-movers.ts'
import {
  listCandles,
  listQuarantine,
  listTrades,
  openWarehouse,
  proveWarehouse,
  type Schema,
  type Warehouse,
} from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { instrumentRow, MINUTE, minuteRow, tradeInsert, tradeRow } from './rows.ts'

const clock = createManualClock(MINUTE)
const sqlite = DIALECTS.find(({ name }) => name === 'sqlite') as (typeof DIALECTS)[number]

suite('SQLite answers by its keys', () => {
  const url = useWarehouse(sqlite)

  /** Returns how SQLite goes about every query that a question makes. */
  async function plansOf(ask: (warehouse: Warehouse) => Promise<unknown>): Promise<string[]> {
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    await warehouse.write(async (tx) => {
      await tx.upsert('instruments', [instrumentRow()])
      await tx.upsert('ops_logs', [{ log_id: 1, name: 'collect', time_us: MINUTE }])
      await tx.upsert('silver_candles_1m', [minuteRow()])
      await tx.insertTrades(tradeInsert([tradeRow({ trade_id: 1 }), tradeRow({ trade_id: 2 })]))
    })
    const queries: CompiledQuery[] = []
    const read: Warehouse['read'] = (work) => warehouse.read((db) => work(noting(db, queries)))
    await ask({
      ...warehouse,
      generation: '',
      read,
      write: warehouse.write.bind(warehouse),
    } as Warehouse)
    expect(queries.length).toBeGreaterThan(0)
    return await warehouse.read(async (db) => {
      const plans: string[] = []
      for (const { sql, parameters } of queries) {
        const plan = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters])
        const { rows } = await db.executeQuery<{ detail: string }>(plan as CompiledQuery<never>)
        plans.push(...rows.map(({ detail }) => detail))
      }
      return plans
    })
  }

  const span = { instrumentId: 1, fromUs: MINUTE, toUs: MINUTE * 2, limit: 10 }
  const SEARCH =
    /^SEARCH m USING PRIMARY KEY \(instrument_id=\? AND open_time_us>\? AND open_time_us<\?\)$/

  test.each(['first', 'last'] as const)('minutes of a span, from its %s', async (keep) => {
    const plans = await plansOf((warehouse) =>
      listCandles(warehouse, { ...span, interval: '1m', keep }),
    )
    expect(scans(plans)).toEqual([])
    // In the order of time as they are read: a sort would read the whole span for its end.
    expect(plans.join('\n')).not.toContain('TEMP B-TREE')
    expect(plans).toContain('MERGE (UNION ALL)')
    // Both halves of the view, and the venue candles beside each minute.
    expect(plans).toContainEqual(expect.stringMatching(SEARCH))
    expect(plans).toContainEqual(
      expect.stringMatching(new RegExp(SEARCH.source.replace(' m ', ' v '))),
    )
  })

  test('candles of gold', async () => {
    const plans = await plansOf((warehouse) => listCandles(warehouse, { ...span, interval: '1h' }))
    expect(plans).toEqual([
      'SEARCH gold_candles USING PRIMARY KEY ' +
        '(instrument_id=? AND interval_us=? AND open_time_us>? AND open_time_us<?)',
    ])
  })

  test('trades of a span of time', async () => {
    const plans = await plansOf((warehouse) => listTrades(warehouse, span))
    expect(scans(plans)).toEqual([])
    expect(plans).toContain(
      'SEARCH x USING PRIMARY KEY (instrument_id=? AND tape_id=? AND trade_id>? AND trade_id<?)',
    )
  })

  test('trades of a range of ids, already in order', async () => {
    const plans = await plansOf((warehouse) =>
      listTrades(warehouse, { instrumentId: 1, firstId: 1, lastId: 9, limit: 5, keep: 'last' }),
    )
    expect(scans(plans)).toEqual([])
    expect(plans.join('\n')).not.toContain('TEMP B-TREE')
    expect(plans).toContain(
      'SEARCH x USING PRIMARY KEY (instrument_id=? AND tape_id=? AND trade_id>? AND trade_id<?)',
    )
  })

  test('the newest of the quarantine, without sorting it', async () => {
    const plans = await plansOf((warehouse) => listQuarantine(warehouse, { limit: 5 }))
    expect(plans.join('\n')).not.toContain('TEMP B-TREE')
  })

  test('rows changed since a commit', async () => {
    const tables = ['silver_candles_1m', 'silver_venue_candles', 'gold_candles'] as const
    const plans = await plansOf((warehouse) =>
      warehouse.read(async (db) => {
        for (const table of tables) {
          const changed = db.selectFrom(table).selectAll().where('change_seq', '>', 5)
          await changed.orderBy('change_seq').limit(10).execute()
        }
      }),
    )
    expect(plans).toEqual(
      tables.map((table) => `SEARCH ${table} USING INDEX ${table}_by_change (change_seq>?)`),
    )
  })

  test('what gold’s measures are made from, and their fingerprints', async () => {
    const dayUs = MINUTE - (MINUTE % 86_400_000_000)
    const span = { fromUs: dayUs, toUs: dayUs + 86_400_000_000 }
    const plans = await plansOf(async (warehouse) => {
      await foldSpan(warehouse, { interval: '5m', ...span })
      await foldSpan(warehouse, { interval: '15m', ...span })
      await foldDailyKpis(warehouse, span)
      await foldTopMovers(warehouse, span)
      await foldCoinDaily(warehouse, span)
      await foldMarketDaily(warehouse, span)
      await warehouse.read(async (db) => {
        await candlesFingerprint(db, { interval: '5m', ...span })
        await candlesFingerprint(db, { interval: '1h', ...span })
        await dailyKpisFingerprint(db, span)
        await topMoversFingerprint(db, span)
        await coinDailyFingerprint(db, span)
        await marketDailyFingerprint(db, span)
        await changedHours(db, 5)
        await changedDays(db, 5)
      })
    })
    const tables = /^SCAN (m|v|w|r|s|x|c|silver_|gold_)/
    expect(plans.filter((plan) => tables.test(plan))).toEqual([])
    const key = 'instrument_id=? AND open_time_us>? AND open_time_us<?'
    expect(plans).toContain(`SEARCH r USING PRIMARY KEY (${key})`)
    expect(plans).toContain(
      'SEARCH silver_snapshots USING COVERING INDEX silver_snapshots_by_change (change_seq>?)',
    )
  })

  test('the proof, page by page', async () => {
    const plans = await plansOf(proveWarehouse)
    expect(plans.filter((plan) => /SCAN silver_(trades|candles|venue)/.test(plan))).toEqual([])
    expect(plans).toContain(
      'SEARCH silver_trades USING PRIMARY KEY (instrument_id=? AND tape_id=? AND trade_id>?)',
    )
  })
})

/** Steps that read a whole table of facts. */
function scans(plans: readonly string[]): string[] {
  return plans.filter((plan) => /^SCAN (m|v|x|w|silver_|gold_)/.test(plan))
}

/** A handle on which every query is noted before it runs. */
function noting(db: Kysely<Schema>, queries: CompiledQuery[]): Kysely<Schema> {
  return db.withPlugin({
    transformQuery({ node }) {
      queries.push(db.getExecutor().compileQuery(node, createQueryId()))
      return node
    },
    transformResult: async ({ result }) => result,
  })
}
