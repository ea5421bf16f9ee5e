import { lockHistory } from '../../bronze/index.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import { type Rebuild, rebuildGeneration } from '../../quality/rebuild.ts'
import { createGeneration, openWarehouse, proveWarehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { RebuildFlags } from '../commands/rebuild.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showCount } from '../format.ts'
import { printFacts, printJson } from '../output.ts'
import { createProgress } from '../progress.ts'
import { recordsIn } from '../refine-here.ts'

/** Rebuilds, and swaps the facts in or compares them with what stands. */
export async function runRebuild({
  context,
  flags,
}: Call<RebuildFlags>): Promise<ExitStatus | undefined> {
  const { storeUrl: url, dataDir, clock, signal, config } = context
  const holder = `assay rebuild, process ${process.pid}`
  using _history = lockHistory(dataDir, holder)
  await using generation = await createGeneration({ url, clock, holder })
  const total = recordsIn(dataDir)
  const progress = createProgress({ label: 'rebuilding', unit: 'records', total, clock })
  const rebuilt = await rebuildGeneration({
    dataDir,
    generation,
    clock,
    graceUs: config.candles.graceSeconds * 1e6,
    signal,
    onProgress: ({ records, log }) => progress.update(records, log),
  })
  progress.done()
  const { proof, trades } = rebuilt
  let equal: boolean | null = null
  if (flags.check) {
    await generation.abandon()
    await using standing = await openWarehouse({ url, mode: 'read', clock })
    equal = (await proveWarehouse(standing)).sha256 === proof.sha256
  } else await generation.finish({ trades })
  if (context.json) printJson(toJson(rebuilt, equal))
  else printRebuild(rebuilt, equal)
  return equal === false ? EXIT.failed : undefined
}

function toJson({ proof, carried }: Rebuild, equal: boolean | null): object {
  const horizon = carried?.logs.map(({ name, pos, timeUs }) => {
    return { log: name, pos, time: formatTimeUs(timeUs) }
  })
  return {
    rows: proof.rows,
    sha256: proof.sha256,
    carried_trades: carried?.trades ?? 0,
    horizon: horizon ?? [],
    ...(equal !== null && { equal }),
  }
}

function printRebuild({ proof, carried }: Rebuild, equal: boolean | null): void {
  printFacts([
    ['rows', showCount(proof.rows)],
    ['sha256', proof.sha256],
    ...(carried === null ? [] : carriedFacts(carried)),
    ...(equal === null ? [] : [['equals what stands', equal ? 'yes' : 'no'] as const]),
  ])
}

/** Says what was not made anew, since retention deleted the records it was made of. */
function carriedFacts({ logs, trades }: NonNullable<Rebuild['carried']>): [string, string][] {
  const begins = logs.map(({ name, pos, timeUs }): [string, string] => {
    const after = formatTimeUs(timeUs).slice(0, 19)
    return [`log ${name}`, `begins at position ${showCount(pos)}, after ${after}Z`]
  })
  return [...begins, ['carried over', `${showCount(trades)} trades, and what goes with them`]]
}
