import { hiveValue } from '../../core/hive-value.ts'
import type { RawRecord } from '../../market/record.ts'
import { hourOf, padPos } from '../layout.ts'

/**
 * Returns the archive folder of a record, below the archive:
 * `dataset=matches/exchange=coinbase/symbol=BTC-USD/year=2026/month=01/day=31/hour=07`.
 *
 * The hour is that of receipt. Whatever a venue calls a symbol, the folder stays inside.
 */
export function hivePath(record: RawRecord): string {
  const [year, month, day, hour] = hourOf(record.receivedTimeUs).split(/[-T]/)
  const venue = record.dialect.split('/', 1)[0] as string
  const symbol = record.symbol === null ? '_none' : hiveValue(record.symbol)
  return [
    `dataset=${hiveValue(record.channel)}`,
    `exchange=${hiveValue(venue)}`,
    `symbol=${symbol}`,
    `year=${year}`,
    `month=${month}`,
    `day=${day}`,
    `hour=${hour}`,
  ].join('/')
}

/** Returns the name of an archived file by the position of its first record. */
export function partName(firstPos: number): string {
  return `part-${padPos(firstPos)}.jsonl.zst`
}
