import type { Command } from 'commander'
import { type CollectFlags, collectOptions, collectSettings } from '../collect-flags.ts'
import type { Call, CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'
import type { Settings } from '../context.ts'

/** `assay run`: the whole pipeline in one process. */
export const runCommand: CommandModule = {
  name: 'run',
  register(program: Command) {
    const command = program
      .command('run')
      .description('collect, refine and repair, all in one process, until it is stopped')
    collectOptions(command)
      .option('--no-flow', 'make no scheduled assets beside collecting')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        examples([
          'run',
          'run --products BTC-USD SOL-USD',
          'run --mode rest --poll-seconds 60',
          'run --data /srv/assay --store sqlite:/srv/assay/warehouse',
        ]),
      )
      .action(action<RunFlags>(runPipeline, runSettings))
  },
}

interface RunFlags extends CollectFlags {
  readonly flow: boolean
}

/** The flag can only turn the flow off: what turns it on is the configuration. */
function runSettings(flags: RunFlags, venueIds: readonly string[]): Settings {
  return { ...collectSettings(flags, venueIds), 'flow.enabled': flags.flow ? undefined : false }
}

async function runPipeline({ context, flags }: Call<RunFlags>): Promise<void> {
  const { startPipeline } = await import('../pipeline.ts')
  const { endingOf } = await import('../collect-flags.ts')
  const { liveLine, printSummary } = await import('../live.ts')
  const live = liveLine(context)
  const ending = endingOf(context, flags.seconds)
  const settings = runSettings(flags, context.extensions.venueIds)
  const pipeline = await startPipeline({
    ...context,
    command: 'run',
    ...(context.config.flow.enabled && { flow: { flags, settings } }),
    signal: ending.signal,
    onStatus: (status, refine) => live.show(status, refine),
  })
  ending.begin()
  const summary = await pipeline.done
  live.end()
  printSummary(context, summary)
}
