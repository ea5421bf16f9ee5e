import { INTERVALS, type IntervalName } from '../../market/bucket.ts'
import type { IndicatorRow, WriteTransaction } from '../../warehouse/index.ts'
import type { NamedInstrument } from '../instruments.ts'
import type { GoldOptions, GoldOutcome, GoldRun, GoldSpan } from '../run.ts'
import { replaceRows } from '../store.ts'
import { Version } from '../version.ts'
import { COLUMNS } from './indicators.ts'
import type { IndicatorValues } from './stream.ts'

/** All indicators of one instrument and interval that a span consists of. */
export interface Series extends GoldSpan {
  readonly instrument: NamedInstrument
  readonly interval: IntervalName
  readonly rows: readonly IndicatorValues[]
}

/** Rows that are compared, and if need be written, in one transaction: some ten milliseconds. */
const ROWS_PER_COMMIT = 300

/** Takes series in the order of a version, and stores them a few at a time. */
export interface SeriesWriter {
  add(series: readonly Series[]): Promise<void>
  finish(): Promise<GoldOutcome>
}

/** Returns a writer of what a run folds, instrument by instrument. */
export function createSeriesWriter(run: GoldRun, { onItem }: GoldOptions): SeriesWriter {
  const version = new Version()
  let pending: Series[] = []
  let waiting = 0
  const flush = async () => {
    const some = pending
    pending = []
    waiting = 0
    if (some.length === 0) return
    await run.write(async (tx) => {
      for (const series of some) await storeSeries(tx, series)
    })
  }
  return {
    async add(all) {
      run.signal?.throwIfAborted()
      let count = 0
      for (const { instrument, interval, rows } of all) {
        for (const row of rows) {
          const values = COLUMNS.map((column) => row[column])
          version.add([instrument.name, interval, row.open_time_us, ...values])
        }
        count += rows.length
      }
      if (all[0] !== undefined) onItem?.(all[0].instrument.name, count)
      pending.push(...all)
      waiting += count
      if (waiting >= ROWS_PER_COMMIT) await flush()
    },
    async finish() {
      await flush()
      return version.outcome()
    },
  }
}

/** Makes the stored rows of a span those of the series; what is equal stays as it is. */
async function storeSeries(tx: WriteTransaction, series: Series): Promise<void> {
  const { instrument, interval, fromUs, toUs, rows } = series
  const key = { instrument_id: instrument.id, interval_us: INTERVALS[interval] }
  const stored = await tx.db
    .selectFrom('gold_indicators')
    .selectAll()
    .where('instrument_id', '=', key.instrument_id)
    .where('interval_us', '=', key.interval_us)
    .where('open_time_us', '>=', fromUs)
    .where('open_time_us', '<', toUs)
    .execute()
  const wanted = rows.map((row): IndicatorRow => ({ ...key, ...row, change_seq: tx.changeSeq }))
  const keyOf = (row: IndicatorRow) => row.open_time_us
  await replaceRows(tx, { table: 'gold_indicators', stored, wanted, keyOf })
}
