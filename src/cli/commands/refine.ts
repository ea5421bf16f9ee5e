import type { Command } from 'commander'
import type { Call, CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

interface RefineFlags {
  readonly once?: boolean
}

/** `assay refine`: the refiner alone, beside a collector of its own process. */
export const refineCommand: CommandModule = {
  name: 'refine',
  register(program: Command) {
    program
      .command('refine')
      .description('turn the raw logs into facts, as they grow (part of run)')
      .option('--once', 'refine what is there, then end')
      .addOption(jsonFlag())
      .addHelpText('after', examples(['refine', 'refine --once --json']))
      .action(action<RefineFlags>(runRefine))
  },
}

async function runRefine({ context, flags }: Call<RefineFlags>): Promise<void> {
  const { startRefineThread } = await import('../refine-thread.ts')
  const { createStatusLine } = await import('../status-line.ts')
  const { showCount } = await import('../format.ts')
  const { printFacts, printJson } = await import('../output.ts')
  const { dataDir, storeUrl, config, clock, signal } = context
  const refine = await startRefineThread({
    dataDir,
    storeUrl,
    holder: `assay refine, process ${process.pid}`,
    graceUs: config.candles.graceSeconds * 1e6,
    ownLog: null,
  })
  const line = createStatusLine({ clock })
  refine.onCommit(() => line.show(() => `refining: ${showCount(refine.accepted)} trades`))
  if (flags.once !== true) {
    const { promise: asked, resolve } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => resolve())
    if (signal.aborted) resolve()
    await Promise.race([asked, refine.failed])
  }
  const totals = await refine.stop()
  line.end()
  const { records, accepted, duplicates, conflicts, rejected } = totals
  if (context.json) printJson({ records, accepted, duplicates, conflicts, rejected })
  else {
    printFacts([
      ['records read', showCount(records)],
      ['trades accepted', showCount(accepted)],
      ['duplicates', showCount(duplicates)],
      ['conflicts', showCount(conflicts)],
      ['rejected', showCount(rejected)],
    ])
  }
}
