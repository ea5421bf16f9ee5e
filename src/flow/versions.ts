import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { PartitionRow, RunRow, Schema } from '../warehouse/index.ts'
import type { Asset, Outcome } from './asset.ts'
import type { AssetGraph } from './graph.ts'
import type { Partition } from './partition.ts'

/** A run, and the part that it is to make. */
interface PartToMake<S> {
  readonly run: RunRow
  readonly asset: Asset<S>
  readonly partition: Partition
}

/** What versions are read from. */
interface VersionSources<S> {
  readonly db: Kysely<Schema>
  readonly graph: AssetGraph<S>
  readonly services: S
}

/** What a part would be made of now, and whether it was made of that already. */
export interface Versions {
  /**
   * A short text that stands for all of it: its asset's own fingerprint, or else what the parts
   * it is made from came to. Empty where neither is known.
   */
  readonly inputVersion: string
  /** Set where the part would come to what it came to before. */
  readonly unchanged: Unchanged | null
}

/** What a part came to that is not made again. */
export interface Unchanged {
  readonly reason: string
  readonly outcome: Outcome
  /** The run that made it; none where nobody ever did. */
  readonly madeBy?: string
  /** Whether that run found nothing to make. */
  readonly isEmpty: boolean
}

/** Reads what a part would be made of, and compares it with its last success. */
export async function compareVersions<S>(
  sources: VersionSources<S>,
  part: PartToMake<S>,
): Promise<Versions> {
  const inputVersion = await readInputVersion(sources, part)
  return { inputVersion, unchanged: await findUnchanged(sources, { ...part, inputVersion }) }
}

async function readInputVersion<S>(
  { db, graph, services }: VersionSources<S>,
  { asset, partition }: PartToMake<S>,
): Promise<string> {
  if (asset.fingerprint !== undefined) {
    return digestOf([await asset.fingerprint({ db, partition, services })])
  }
  const above = graph.upstream(asset.key, partition)
  if (above.length === 0) return ''
  const versions: string[] = []
  for (const [key, parts] of Map.groupBy(above, (part) => part.asset)) {
    const rows = await db
      .selectFrom('ops_partitions')
      .select(['partition_us', 'output_version'])
      .where('asset', '=', key)
      .where('partition_us', '>=', parts[0]!.partition.fromUs)
      .where('partition_us', '<=', parts.at(-1)!.partition.fromUs)
      .execute()
    const found = new Map(rows.map((row) => [row.partition_us, row.output_version]))
    for (const { partition: part } of parts) {
      versions.push(`${key} ${part.key} ${found.get(part.fromUs) ?? ''}`)
    }
  }
  return digestOf(versions)
}

async function findUnchanged<S>(
  { db, services }: VersionSources<S>,
  { run, asset, partition, inputVersion }: PartToMake<S> & { readonly inputVersion: string },
): Promise<Unchanged | null> {
  const last = await db
    .selectFrom('ops_partitions')
    .selectAll()
    .where('asset', '=', asset.key)
    .where('partition_us', '=', partition.fromUs)
    .executeTakeFirst()
  const expired = (await asset.expired?.({ db, partition, services })) ?? null
  if (expired !== null) return lastOf(db, last, expired)
  if (inputVersion === '' || run.only_text !== null || run.forced === 1) return null
  if (last?.input_version !== inputVersion || last.code_version !== asset.codeVersion) return null
  const rows = (await asset.count?.({ db, partition, services })) ?? last.rows
  return rows === last.rows ? lastOf(db, last, 'unchanged') : null
}

/** Returns what a part's last success came to, with what it told of itself. */
async function lastOf(
  db: Kysely<Schema>,
  last: PartitionRow | undefined,
  reason: string,
): Promise<Unchanged> {
  if (last === undefined) return { reason, outcome: { rows: 0, version: '' }, isEmpty: true }
  const maker = await db
    .selectFrom('ops_runs')
    .select(['state', 'outcome'])
    .where('run_id', '=', last.run_id)
    .executeTakeFirst()
  const told: Pick<Outcome, 'metadata' | 'checks'> = JSON.parse(maker?.outcome ?? '{}')
  const outcome = { rows: last.rows, version: last.output_version, ...told }
  return { reason, outcome, madeBy: last.run_id, isEmpty: maker?.state === 'skipped' }
}

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
