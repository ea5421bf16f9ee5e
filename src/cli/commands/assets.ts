import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay assets`. */
export interface AssetsFlags {
  readonly from?: string
  readonly mermaid?: boolean
}

/** `assay assets`: what is made from what, when, and how it stands. */
export const assetsCommand: CommandModule = {
  name: 'assets',
  register(program: Command) {
    const assets = program
      .command('assets')
      .description('list the assets: what is made, when, and how it stands')
    assets
      .command('list', { isDefault: true })
      .description('every asset, with its newest partition, its next run and what is late')
      .argument('[asset]', 'one of them in detail')
      .option('--from <time>', 'count partitions from this time on', '-7d')
      .addOption(csvFlag())
      .addOption(jsonFlag())
      .addHelpText('after', examples(['assets', 'assets gold.candles_1h --from -30d']))
      .action(
        action<AssetsFlags>(async (call) => {
          const { listAssets } = await import('../work/assets.ts')
          return listAssets(call)
        }),
      )
    assets
      .command('graph')
      .description('what is made from what, as text or as a Mermaid flowchart')
      .option('--mermaid', 'as a Mermaid flowchart')
      .addHelpText('after', examples(['assets graph', 'assets graph --mermaid > assets.mmd']))
      .action(
        action<AssetsFlags>(async (call) => {
          const { printGraph } = await import('../work/assets.ts')
          return printGraph(call)
        }),
      )
  },
}
