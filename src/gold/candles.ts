import type { Kysely } from 'kysely'
import { INTERVALS } from '../market/bucket.ts'
import {
  readCheckpoint,
  readCutoffs,
  type Schema,
  type Warehouse,
  type WriteTransaction,
} from '../warehouse/index.ts'
import { foldBuckets, LADDER } from './fold-buckets.ts'

/** Names gold's place among the readers of changes. */
const READER = 'gold-candles'

/** The total of minutes that silver took away, and where gold keeps how much of it is folded. */
const MINUTES_REMOVED = 'minutes_removed'
const REMOVED_FOLDED = 'gold_minutes_removed'

const DAY_US = INTERVALS['1d']

/** Days folded in one transaction at most: what bounds its memory and its length. */
const DAYS_PER_COMMIT = 64

/** Where others wait to write, a turn is so many: some ten milliseconds. */
const DAYS_PER_TURN = 4

/** How changes are followed. */
export interface FollowOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (days: number) => void
  /** Done after every few days, so that what is urgent need not wait for all of them. */
  readonly between?: () => Promise<unknown>
}

/**
 * Folds every larger candle whose minutes changed since it was last asked, and returns how
 * many rows that changed.
 *
 * A function of the minutes as read by precedence (view `candles_1m_exact`), so a table that
 * was deleted comes back identical. Idempotent; safe to stop anywhere.
 */
export async function followCandles(
  warehouse: Warehouse,
  options: FollowOptions = {},
): Promise<number> {
  const { from, days, upTo, removed } = await warehouse.read(readChanges)
  const step = options.between === undefined ? DAYS_PER_COMMIT : DAYS_PER_TURN
  let changed = 0
  for (let at = 0; at < days.length; at += step) {
    options.signal?.throwIfAborted()
    const some = days.slice(at, at + step)
    await warehouse.write(async (tx) => {
      for (const day of some) changed += await foldDay(tx, day)
    })
    options.onProgress?.(at + some.length)
    await options.between?.()
  }
  // The place is kept last: a stop before this only folds some days again, to the same rows.
  if (upTo > from || removed.now > removed.folded) {
    await warehouse.write(async (tx) => {
      await tx.upsert('ops_checkpoints', [{ reader: READER, log_id: 0, pos: upTo }])
      await tx.upsert('ops_meta', [{ key: REMOVED_FOLDED, value: String(removed.now) }])
    })
  }
  return changed
}

/**
 * Tells whether every change of the minutes before a time is folded into larger candles: only
 * then may those minutes go.
 */
export async function hasFolded(db: Kysely<Schema>, beforeUs: number): Promise<boolean> {
  const from = await readCheckpoint(db, READER)
  for (const table of ['silver_candles_1m', 'silver_venue_candles'] as const) {
    const changed = await db
      .selectFrom(table)
      .select('open_time_us')
      .where('change_seq', '>', from)
      .where('open_time_us', '<', beforeUs)
      .limit(1)
      .executeTakeFirst()
    if (changed !== undefined) return false
  }
  return true
}

/** Minutes of one instrument and day that changed. */
interface ChangedDay {
  readonly instrumentId: number
  readonly dayUs: number
  readonly minutes: Set<number>
}

/** What there is to do, as of one commit. */
interface Changes {
  /** Commits folded before, and up to which commit `days` tell of changes. */
  readonly from: number
  readonly upTo: number
  readonly days: readonly ChangedDay[]
  readonly removed: { readonly folded: number; readonly now: number }
}

async function readChanges(db: Kysely<Schema>): Promise<Changes> {
  const place = await db
    .selectFrom('ops_checkpoints')
    .select('pos')
    .where('reader', '=', READER)
    .where('log_id', '=', 0)
    .executeTakeFirst()
  const from = place?.pos ?? 0
  const meta = db.selectFrom('ops_meta').select('value').where('key', '=', REMOVED_FOLDED)
  const total = db.selectFrom('ops_counters').select('value').where('name', '=', MINUTES_REMOVED)
  const folded = Number((await meta.executeTakeFirst())?.value ?? 0)
  const now = (await total.executeTakeFirst())?.value ?? 0
  // A row that is gone tells of no change: then every day is folded anew, which is rare.
  const isAnew = now > folded
  // Days whose minutes were deleted on purpose are folded no more: what was made of them stays.
  const { candles: keptFromUs } = await readCutoffs(db)
  const days = new Map<string, ChangedDay>()
  let upTo = from
  for (const table of ['silver_candles_1m', 'silver_venue_candles'] as const) {
    const query = db
      .selectFrom(table)
      .select(['instrument_id', 'open_time_us', 'change_seq'])
      .where('change_seq', '>', isAnew ? 0 : from)
    for (const row of await query.execute()) {
      upTo = Math.max(upTo, row.change_seq)
      if (row.open_time_us >= keptFromUs) addMinute(days, row)
    }
  }
  if (isAnew) {
    const folds = db.selectFrom('gold_candles').select(['instrument_id', 'open_time_us'])
    const finest = folds.where('interval_us', '=', INTERVALS['5m'])
    const kept = finest.where('open_time_us', '>=', keptFromUs)
    for (const row of await kept.execute()) addMinute(days, row)
  }
  return { from, upTo, days: [...days.values()], removed: { folded, now } }
}

function addMinute(
  days: Map<string, ChangedDay>,
  row: { readonly instrument_id: number; readonly open_time_us: number },
): void {
  const dayUs = row.open_time_us - (row.open_time_us % DAY_US)
  const name = `${row.instrument_id} ${dayUs}`
  const day = days.get(name) ?? {
    instrumentId: row.instrument_id,
    dayUs,
    minutes: new Set<number>(),
  }
  day.minutes.add(row.open_time_us)
  days.set(name, day)
}

/** Climbs the ladder of intervals over the changed buckets of one day. */
async function foldDay(tx: WriteTransaction, day: ChangedDay): Promise<number> {
  let dirty: ReadonlySet<number> = day.minutes
  let changed = 0
  for (const interval of LADDER) {
    if (interval === '1m') continue
    const widthUs = INTERVALS[interval]
    // All the way up, though a step changed nothing: somebody else may have folded that step.
    dirty = new Set([...dirty].map((time) => time - (time % widthUs)))
    const fromUs = Math.min(...dirty)
    const toUs = Math.max(...dirty) + widthUs
    const wanted = { instrumentId: day.instrumentId, interval, fromUs, toUs, only: dirty }
    changed += (await foldBuckets(tx, wanted)).changed
  }
  return changed
}
