import type { Kysely } from 'kysely'
import { formatTimeUs } from '../../market/bucket.ts'
import type { Hole, Verdict } from '../../silver/holes.ts'
import type { InstrumentStatus, Schema } from '../../warehouse/index.ts'
import { showCount, showTime } from '../format.ts'
import type { Column } from '../output.ts'
import { styles } from '../style.ts'

/** What is held of one venue, and what is wrong there. */
export interface VenueStatus {
  readonly venue: string
  /** Instruments, or coins, of which something is held. */
  readonly instruments: number
  readonly trades: number
  readonly snapshots: number
  /** The newest trade or snapshot; null without any. */
  readonly newest: string | null
  readonly gaps_open: number
  readonly incidents_open: number
}

/** Holes by what became of them. */
export type HoleCounts = Readonly<Record<Verdict, number>>

/** Counts holes by verdict. */
export function countVerdicts(holes: readonly Hole[]): HoleCounts {
  const counts = { open: 0, repaired: 0, proven_empty: 0, never_existed: 0, unrecoverable: 0 }
  for (const { verdict } of holes) counts[verdict] += 1
  return counts
}

/** Sums up what is held, venue by venue; those of which nothing is held are left out. */
export async function readVenues(
  db: Kysely<Schema>,
  instruments: readonly InstrumentStatus[],
  holes: readonly Hole[],
): Promise<VenueStatus[]> {
  const snapshots = await snapshotCounts(db)
  const incidents = await openIncidents(db)
  const names = [...new Set(instruments.map(({ venue }) => venue))].sort()
  return names
    .map((venue): VenueStatus => {
      const own = instruments.filter((one) => one.venue === venue && isHeld(one))
      const coins = snapshots.filter((one) => one.venue === venue)
      const times = [
        ...own.map(({ newestUs }) => newestUs ?? 0),
        ...coins.map(({ newest_us }) => newest_us),
      ]
      const newestUs = Math.max(0, ...times)
      return {
        venue,
        instruments: own.length + coins.length,
        trades: own.reduce((sum, one) => sum + one.trades, 0),
        snapshots: coins.reduce((sum, one) => sum + Number(one.count), 0),
        newest: newestUs === 0 ? null : formatTimeUs(newestUs),
        gaps_open: holes.filter((one) => one.venue === venue && one.verdict === 'open').length,
        incidents_open: incidents.filter((one) => one.venue === venue).length,
      }
    })
    .filter(({ instruments: held, incidents_open }) => held + incidents_open > 0)
}

function isHeld({ trades, minutes }: InstrumentStatus): boolean {
  const { traded, no_trades, venue_down, unknown } = minutes
  return trades + traded + no_trades + venue_down + unknown > 0
}

function snapshotCounts(db: Kysely<Schema>) {
  return db
    .selectFrom('silver_snapshots as s')
    .innerJoin('instruments as i', 'i.instrument_id', 's.instrument_id')
    .select(({ fn }) => [
      'i.venue',
      fn.countAll<number>().as('count'),
      fn.max('s.time_us').as('newest_us'),
    ])
    .groupBy(['i.venue', 's.instrument_id'])
    .execute()
}

function openIncidents(db: Kysely<Schema>) {
  return db.selectFrom('ops_incidents').select('venue').where('to_us', 'is', null).execute()
}

/** The columns of the summary by venue. */
export const VENUE_COLUMNS: readonly Column<VenueStatus>[] = [
  { key: 'venue' },
  { key: 'instruments', align: 'right', show: (row) => showCount(row.instruments) },
  { key: 'trades', align: 'right', show: (row) => showCount(row.trades) },
  { key: 'snapshots', align: 'right', show: (row) => showCount(row.snapshots) },
  {
    key: 'newest',
    title: 'newest, UTC',
    show: ({ newest }) => (newest === null ? '-' : showTime(newest)),
  },
  { key: 'gaps_open', title: 'gaps open', align: 'right', show: (row) => alarm(row.gaps_open) },
  {
    key: 'incidents_open',
    title: 'incidents now',
    align: 'right',
    show: (row) => alarm(row.incidents_open),
  },
]

function alarm(count: number): string {
  return count === 0 ? '0' : styles.yellow(showCount(count))
}
