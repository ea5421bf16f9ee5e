import type { Kysely } from 'kysely'
import type { Schema } from '../../src/warehouse/index.ts'
import type { Evidence } from './evidence.ts'

/** What came of CoinGecko's snapshots. */
export interface SnapshotFindings {
  /** Polls that were answered with coins, and rows of those answers. */
  readonly polls: number
  readonly told: number
  /** Rows in silver, and those of them equal to what was told. */
  readonly held: number
  readonly equal: number
  /** Answers that were a refusal, or no list. */
  readonly badAnswers: number
}

/**
 * Holds the snapshots against the answers in the raw log, which are read here by `JSON.parse`:
 * a row for each coin and poll, and no row that nobody told.
 */
export async function judgeSnapshots(
  db: Kysely<Schema>,
  evidence: Evidence,
  note: (what: string) => void,
): Promise<SnapshotFindings> {
  const rows = await db
    .selectFrom('silver_snapshots as s')
    .innerJoin('instruments as i', 'i.instrument_id', 's.instrument_id')
    .select(['i.symbol', 's.time_us', 's.price'])
    .where('i.venue', '=', 'coingecko')
    .where('s.source', '=', 'poll')
    .execute()
  const told = new Map(
    evidence.coins.map(({ coin, polledUs, price }) => [`${coin} ${polledUs}`, price]),
  )
  let equal = 0
  for (const { symbol, time_us: timeUs, price } of rows) {
    const key = `${symbol} ${timeUs}`
    // Numbers of one text are one number, however the text is written.
    if (told.has(key) && told.get(key) === (price === null ? null : Number(price))) equal += 1
    else note(`coingecko ${key}: ${price} is held, ${told.get(key)} was told`)
  }
  return {
    polls: evidence.polls.size,
    told: told.size,
    held: rows.length,
    equal,
    badAnswers: evidence.badAnswers,
  }
}
