import type { Command } from 'commander'
import type { Call, CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** The log that replays are written to. */
const REPLAY_LOG = 'replay'

interface ReplayFlags {
  readonly venue: string
}

/** `assay replay`: puts a recorded capture through the same path as live data. */
export const replayCommand: CommandModule = {
  name: 'replay',
  register(program: Command) {
    program
      .command('replay')
      .description('put a recorded capture through the pipeline, and account for every frame')
      .argument(
        '<file>',
        'capture of JSON lines {t, conn, ts, data}, or one frame a line; .gz, .zst',
      )
      .requiredOption('--venue <id>', 'venue whose frames these are')
      .addOption(jsonFlag())
      .addHelpText('after', examples(['replay capture.jsonl.gz --venue coinbase']))
      .action(action<ReplayFlags>(runReplay))
  },
}

async function runReplay({ context, args, flags }: Call<ReplayFlags>): Promise<void> {
  const { openLogReader } = await import('../../bronze/index.ts')
  const { replayCapture } = await import('../../collect/replay.ts')
  const { countFrames } = await import('../../collect/replay-count.ts')
  const { decoderOf } = await import('../../venues/index.ts')
  const { fileIntoLog } = await import('../file-into-log.ts')
  const { venueOfId } = await import('../venue-of.ts')
  const { VERSION } = await import('../version.ts')
  const { dataDir, clock, signal } = context
  const venue = venueOfId(flags.venue)
  const read = await fileIntoLog(context, { command: 'replay', log: REPLAY_LOG }, (reading) =>
    replayCapture({ path: args[0] ?? '', venue, ...reading, clock, signal, version: VERSION }),
  )
  await using refiner = read.refiner
  const { result: replayed } = read
  const totals = await refiner?.catchUp('refining')
  using reader = openLogReader({ dataDir, name: REPLAY_LOG })
  const { firstPos: fromPos, endPos: toPos } = replayed
  const counts = countFrames({ reader, fromPos, toPos, decoderOf })
  await print(context, {
    ...counts,
    duplicates: totals?.duplicates ?? null,
    rest_pages: replayed.restPages,
    unreadable_lines: replayed.unreadable,
  })
}

async function print(
  context: Call<object>['context'],
  report: Readonly<Record<string, number | null>>,
): Promise<void> {
  const { printFacts, printJson } = await import('../output.ts')
  const { showCount } = await import('../format.ts')
  if (context.json) {
    printJson(report)
    return
  }
  const shown = (value: number | null) =>
    value === null ? 'not known here: another process refines' : showCount(value)
  printFacts(
    Object.entries(report).map(([name, value]) => [name.replaceAll('_', ' '), shown(value)]),
  )
}
