import type { Command } from 'commander'
import type { Call, CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'

interface RebuildFlags {
  readonly check?: boolean
}

/** `assay rebuild`: makes the warehouse anew from the raw logs, and proves it. */
export const rebuildCommand: CommandModule = {
  name: 'rebuild',
  register(program: Command) {
    program
      .command('rebuild')
      .description('make all facts anew from the raw logs, and swap them in')
      .option('--check', 'swap nothing: compare with what stands; exit 1 where they differ')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'Readers that are open go on reading, and see the new facts after the swap.',
          'Quarantined records are tried again on the way: that is how they are re-driven.',
          examples(['rebuild', 'rebuild --json', 'rebuild --check']),
        ].join('\n'),
      )
      .action(action<RebuildFlags>(runRebuild))
  },
}

async function runRebuild({ context, flags }: Call<RebuildFlags>): Promise<ExitStatus | undefined> {
  const { createGeneration, openWarehouse, proveWarehouse } = await import(
    '../../warehouse/index.ts'
  )
  const { followCandles } = await import('../../gold/candles.ts')
  const { followBooks } = await import('../../silver/books/follow.ts')
  const { decodeLogs, rebuildSilver } = await import('../../silver/rebuild.ts')
  const { createProgress } = await import('../progress.ts')
  const { recordsIn } = await import('../refine-here.ts')
  const { printFacts, printJson } = await import('../output.ts')
  const { showCount } = await import('../format.ts')
  const { storeUrl: url, dataDir, clock, signal, config } = context
  const holder = `assay rebuild, process ${process.pid}`
  const total = recordsIn(dataDir)
  await using batches = decodeLogs(dataDir)
  await using generation = await createGeneration({ url, clock, holder })
  const progress = createProgress({ label: 'rebuilding', unit: 'records', total, clock })
  const graceUs = config.candles.graceSeconds * 1e6
  const { accepted: trades, hasBooks } = await rebuildSilver({
    batches,
    warehouse: generation,
    graceUs,
    signal,
    onProgress: ({ records, log }) => progress.update(records, log),
  })
  if (hasBooks) await followBooks(generation, { dataDir, clock, signal })
  await followCandles(generation, { signal })
  progress.done()
  const proof = await proveWarehouse(generation)
  let equal: boolean | null = null
  if (flags.check) {
    await generation.abandon()
    await using standing = await openWarehouse({ url, mode: 'read', clock })
    equal = (await proveWarehouse(standing)).sha256 === proof.sha256
  } else await generation.finish({ trades })
  const { rows, sha256 } = proof
  if (context.json) printJson({ rows, sha256, ...(equal !== null && { equal }) })
  else {
    printFacts([
      ['rows', showCount(rows)],
      ['sha256', sha256],
      ...(equal === null ? [] : [['equals what stands', equal ? 'yes' : 'no'] as const]),
    ])
  }
  return equal === false ? EXIT.failed : undefined
}
