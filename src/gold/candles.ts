import type { Kysely } from 'kysely'
import { INTERVALS, type IntervalName } from '../market/bucket.ts'
import type {
  GoldCandleRow,
  Schema,
  Views,
  Warehouse,
  WriteTransaction,
} from '../warehouse/index.ts'
import { type CandlePart, foldCandles } from './fold-candles.ts'

/** Names gold's place among the readers of changes. */
const READER = 'gold-candles'

/** The total of minutes that silver took away, and where gold keeps how much of it is folded. */
const MINUTES_REMOVED = 'minutes_removed'
const REMOVED_FOLDED = 'gold_minutes_removed'

/** Each interval is folded from the one before it, so a changed minute costs 22 rows, not 1,440. */
const LADDER: readonly IntervalName[] = ['1m', '5m', '15m', '30m', '1h', '4h', '1d']
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
  const days = new Map<string, ChangedDay>()
  let upTo = from
  for (const table of ['silver_candles_1m', 'silver_venue_candles'] as const) {
    const query = db
      .selectFrom(table)
      .select(['instrument_id', 'open_time_us', 'change_seq'])
      .where('change_seq', '>', isAnew ? 0 : from)
    for (const row of await query.execute()) {
      upTo = Math.max(upTo, row.change_seq)
      addMinute(days, row)
    }
  }
  if (isAnew) {
    const folds = db.selectFrom('gold_candles').select(['instrument_id', 'open_time_us'])
    const finest = folds.where('interval_us', '=', INTERVALS['5m'])
    for (const row of await finest.execute()) addMinute(days, row)
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
  for (const [step, name] of LADDER.entries()) {
    const below = LADDER[step - 1]
    if (below === undefined) continue
    const widthUs = INTERVALS[name]
    const buckets = new Set([...dirty].map((time) => time - (time % widthUs)))
    const first = Math.min(...buckets)
    const end = Math.max(...buckets) + widthUs
    const span = { instrumentId: day.instrumentId, fromUs: first, toUs: end }
    const parts = Map.groupBy(
      await loadParts(tx, below, span),
      ({ open_time_us: openUs }) => openUs - (openUs % widthUs),
    )
    const stored = await loadGold(tx, widthUs, span)
    const rows: GoldCandleRow[] = []
    const gone: GoldCandleRow[] = []
    for (const bucket of buckets) {
      const inside = parts.get(bucket) ?? []
      const before = stored.get(bucket)
      if (inside.length === 0) {
        if (before !== undefined) gone.push(before)
        continue
      }
      const row = {
        instrument_id: day.instrumentId,
        interval_us: widthUs,
        open_time_us: bucket,
        ...foldCandles(inside, widthUs / INTERVALS[below]),
        // What was complete and changes all the same has been revised.
        revision: (before?.revision ?? 0) + (before?.complete ?? 0),
        change_seq: tx.changeSeq,
      }
      if (before === undefined || !isSame(before, row)) rows.push(row)
    }
    await tx.upsert('gold_candles', rows)
    await tx.remove('gold_candles', gone)
    changed += rows.length + gone.length
    dirty = new Set([...rows, ...gone].map((row) => row.open_time_us))
    if (dirty.size === 0) return changed
  }
  return changed
}

interface Span {
  readonly instrumentId: number
  readonly fromUs: number
  readonly toUs: number
}

async function loadParts(
  tx: WriteTransaction,
  interval: IntervalName,
  span: Span,
): Promise<readonly CandlePart[]> {
  if (interval !== '1m') return [...(await loadGold(tx, INTERVALS[interval], span)).values()]
  const minutes = await tx.db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .selectAll()
    .where('instrument_id', '=', span.instrumentId)
    .where('open_time_us', '>=', span.fromUs)
    .where('open_time_us', '<', span.toUs)
    .orderBy('open_time_us')
    .execute()
  return minutes.map((minute) => ({
    ...minute,
    minutes_traded: minute.status === 'traded' ? 1 : 0,
    minutes_known: minute.status === 'unknown' ? 0 : 1,
  }))
}

async function loadGold(
  tx: WriteTransaction,
  widthUs: number,
  span: Span,
): Promise<Map<number, GoldCandleRow>> {
  const rows = await tx.db
    .selectFrom('gold_candles')
    .selectAll()
    .where('instrument_id', '=', span.instrumentId)
    .where('interval_us', '=', widthUs)
    .where('open_time_us', '>=', span.fromUs)
    .where('open_time_us', '<', span.toUs)
    .orderBy('open_time_us')
    .execute()
  return new Map(rows.map((row) => [row.open_time_us, row]))
}

function isSame(a: GoldCandleRow, b: GoldCandleRow): boolean {
  for (const name of Object.keys(b) as (keyof GoldCandleRow)[]) {
    if (name !== 'revision' && name !== 'change_seq' && a[name] !== b[name]) return false
  }
  return true
}
