import type { Kysely } from 'kysely'
import { type Partitioning, partitionAt } from '../../flow/index.ts'
import { formatTimeUs, type IntervalName } from '../../market/bucket.ts'
import type { Schema } from '../../warehouse/index.ts'
import { OWN_ASSETS } from '../own.ts'
import type { RunBehind } from './tree.ts'

/** How each asset is cut. */
const PARTITIONS = new Map(OWN_ASSETS.map(({ key, partitions }) => [key, partitions]))

const FACTS = ['silver.candles_1m', 'silver.trades', 'bronze.fill', 'bronze.records']
const COINS = ['silver.snapshots', 'bronze.snapshots']
const LADDER: readonly IntervalName[] = ['5m', '15m', '30m', '1h', '4h', '1d']

/** The rows whose runs are wanted. */
export interface RunsOf {
  readonly dataset: string
  readonly interval: IntervalName | null
  readonly isCoin: boolean
  /** When the value's own partition is: that of `gold.top_movers` ends at its time. */
  readonly atUs: number
  /** What its inputs span. */
  readonly fromUs: number
  readonly toUs: number
}

/** Returns the assets that a value's making passes through, its own first. */
export function assetsBehind({
  dataset,
  interval,
  isCoin,
}: Pick<RunsOf, 'dataset' | 'interval' | 'isCoin'>): string[] {
  const ladder = (top: IntervalName | null) =>
    LADDER.slice(0, top === null ? 0 : LADDER.indexOf(top) + 1)
      .reverse()
      .map((name) => `gold.candles_${name}`)
  switch (dataset) {
    case 'gold.candles':
      return [...ladder(interval), ...FACTS]
    case 'gold.daily_kpis':
      return [dataset, ...ladder('1d'), ...FACTS]
    case 'gold.top_movers':
      return [dataset, ...(isCoin ? COINS : FACTS)]
    case 'gold.indicators': {
      if (isCoin) return ['gold.indicators_daily', 'gold.coin_daily', ...COINS]
      const isLong = interval === '4h' || interval === '1d'
      const own = isLong ? 'gold.indicators_daily' : dataset
      return [own, ...ladder(interval === '1m' ? null : interval), ...FACTS]
    }
    case 'gold.coin_daily':
      return [dataset, ...COINS]
    case 'gold.market_daily':
      return [dataset, 'gold.coin_daily', ...COINS]
    case 'silver.snapshots':
      return COINS
    case 'silver.trades':
      return FACTS.slice(1)
    default:
      return FACTS
  }
}

/** Returns the newest successes of the partitions that a value passed through; bounded. */
export async function runsBehind(
  db: Kysely<Schema>,
  of: RunsOf,
  perAsset: number,
): Promise<{ readonly runs: RunBehind[]; readonly leftOut: number }> {
  const runs: RunBehind[] = []
  let leftOut = 0
  const own = assetsBehind(of)
  for (const [at, asset] of own.entries()) {
    // Its own partition is one; of what it was made from it is all that share time with it.
    const span = at === 0 ? { fromUs: of.atUs, toUs: of.atUs + 1 } : of
    const partitions = partitionsOf(asset, span)
    const rows = await db
      .selectFrom('ops_partitions as p')
      .leftJoin('ops_runs as r', 'r.run_id', 'p.run_id')
      .select(['p.partition_us', 'p.run_id', 'p.code_version', 'p.output_version'])
      .select(['p.rows', 'p.materialized_us', 'r.state', 'r.trigger', 'r.attempt'])
      .where('p.asset', '=', asset)
      .where('p.partition_us', '>=', partitions.fromUs)
      .where('p.partition_us', '<', partitions.toUs)
      .orderBy('p.partition_us')
      .execute()
    leftOut += Math.max(0, rows.length - perAsset)
    for (const row of rows.slice(0, perAsset)) {
      runs.push({
        asset,
        partition: partitionKey(asset, row.partition_us),
        run_id: row.run_id,
        materialized: formatTimeUs(row.materialized_us),
        rows: row.rows,
        output_version: row.output_version,
        code_version: row.code_version,
        ...{ state: row.state, trigger: row.trigger, attempt: row.attempt },
      })
    }
  }
  return { runs, leftOut }
}

function partitionsOf(asset: string, span: { readonly fromUs: number; readonly toUs: number }) {
  const first = partitionAt(cutOf(asset), span.fromUs)
  return { fromUs: first.fromUs, toUs: Math.max(span.toUs, first.fromUs + 1) }
}

function partitionKey(asset: string, partitionUs: number): string {
  return partitionAt(cutOf(asset), partitionUs).key
}

function cutOf(asset: string): Partitioning {
  return PARTITIONS.get(asset) ?? 'none'
}
