import type { Command } from 'commander'
import { type CollectFlags, collectOptions, collectSettings } from '../collect-flags.ts'
import type { Call, CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** `assay collect`: sockets and raw log alone; another process refines. */
export const collectCommand: CommandModule = {
  name: 'collect',
  register(program: Command) {
    const command = program
      .command('collect')
      .description('collect into the raw log alone; `assay refine` beside it makes facts')
    collectOptions(command)
      .addOption(jsonFlag())
      .addHelpText('after', examples(['collect', 'collect --products BTC-USD --seconds 60 --json']))
      .action(action<CollectFlags>(runCollect, collectSettings))
  },
}

async function runCollect({ context, flags }: Call<CollectFlags>): Promise<void> {
  const { startCollecting } = await import('../collect-alone.ts')
  const { endingOf } = await import('../collect-flags.ts')
  const { liveLine, printCollected } = await import('../live.ts')
  const live = liveLine(context)
  const ending = endingOf(context, flags.seconds)
  const collector = await startCollecting({
    context,
    signal: ending.signal,
    onStatus: (status) => live.show(status, null),
  })
  ending.begin()
  const summary = await collector.done
  live.end()
  printCollected(context, summary)
}
