import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { MINUTE_US } from '../../market/bucket.ts'
import { type MinuteRow, pagesOf, type Schema } from '../../warehouse/index.ts'
import { factsOfTrades } from '../minute-row.ts'
import type { Carriage } from './carry.ts'
import { endIdOf } from './edges.ts'

/**
 * Carries the minutes of trades below the edge. One that holds trades on both sides of it begins
 * with those below, and the records that are left add theirs.
 *
 * A minute without trades is left out: judging makes its row, if it is answered for.
 */
export async function carryMinutes(at: Carriage): Promise<void> {
  const where = sql`trade_count > 0`
  for await (const rows of pagesOf(at.old, { table: 'silver_candles_1m', where })) {
    const carried: MinuteRow[] = []
    for (const row of rows) {
      const endId = endIdOf(at.edges, row.instrument_id, row.tape_id)
      const isWhole = (row.max_id ?? 0) < endId
      const isBeyond = (row.min_id ?? 0) >= endId
      if (isWhole) carried.push(row)
      else if (!isBeyond) carried.push(...(await partBelow(at.old, row, endId)))
    }
    await at.generation.write((tx) =>
      tx.upsert(
        'silver_candles_1m',
        carried.map((row) => ({ ...row, change_seq: tx.changeSeq })),
      ),
    )
  }
}

async function partBelow(db: Kysely<Schema>, row: MinuteRow, endId: number): Promise<MinuteRow[]> {
  const trades = await db
    .selectFrom('silver_trades')
    .selectAll()
    .where('instrument_id', '=', row.instrument_id)
    .where('tape_id', '=', row.tape_id)
    .where('trade_id', '>=', row.min_id)
    .where('trade_id', '<', endId)
    .where('event_time_us', '>=', row.open_time_us)
    .where('event_time_us', '<', row.open_time_us + MINUTE_US)
    .orderBy('trade_id')
    .execute()
  return trades.length === 0 ? [] : [{ ...row, ...factsOfTrades(trades) }]
}
