import type { Kysely } from 'kysely'
import type { Schema } from '../warehouse/index.ts'
import type { AssayRun } from './services.ts'

/** What an instrument has of one hour in silver's minutes. */
export interface HourOfMinutes {
  readonly instrumentId: number
  readonly venue: string
  readonly symbol: string
  /** `venue:symbol`. */
  readonly name: string
  readonly minutes: number
  readonly traded: number
  readonly unknown: number
  /** Minutes that are answered for and not proven whole. */
  readonly incomplete: number
  /** Start of the first and the last of these. */
  readonly firstIncompleteUs: number | null
  readonly lastIncompleteUs: number | null
  readonly trades: number
}

/**
 * Reads how each instrument's minutes stand that open in a span; those without any are left out.
 * Restricted to some instruments where the run is.
 */
export async function readHour(
  db: Kysely<Schema>,
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
  only: AssayRun['only'] = null,
): Promise<HourOfMinutes[]> {
  let query = db
    .selectFrom('silver_candles_1m as m')
    .innerJoin('instruments as i', 'i.instrument_id', 'm.instrument_id')
    .select(['m.instrument_id as instrumentId', 'i.venue', 'i.symbol'])
    .select(({ fn, val, eb }) => [
      fn.countAll<number>().as('minutes'),
      fn.sum<number>('m.trade_count').as('trades'),
      fn.sum<number>(eb.case().when('m.status', '=', 'traded').then(1).else(0).end()).as('traded'),
      fn
        .sum<number>(eb.case().when('m.status', '=', 'unknown').then(1).else(0).end())
        .as('unknown'),
      fn.sum<number>(eb(val(1), '-', eb.ref('m.complete'))).as('incomplete'),
      fn
        .min<number | null>(
          eb.case().when('m.complete', '=', 0).then(eb.ref('m.open_time_us')).end(),
        )
        .as('firstIncompleteUs'),
      fn
        .max<number | null>(
          eb.case().when('m.complete', '=', 0).then(eb.ref('m.open_time_us')).end(),
        )
        .as('lastIncompleteUs'),
    ])
    .where('m.instrument_id', 'in', (eb) => eb.selectFrom('instruments').select('instrument_id'))
    .where('m.open_time_us', '>=', fromUs)
    .where('m.open_time_us', '<', toUs)
    .where('m.source', '=', 'trades')
  if (only?.venue !== undefined) query = query.where('i.venue', '=', only.venue)
  if (only?.symbol !== undefined) query = query.where('i.symbol', '=', only.symbol)
  const rows = await query.groupBy(['m.instrument_id', 'i.venue', 'i.symbol']).execute()
  return rows
    .map((row) => ({ ...row, name: `${row.venue}:${row.symbol}` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
