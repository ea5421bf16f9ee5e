import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flag of every `assay log` command. */
export interface LogFlags {
  readonly log?: string
}

/** Flags of `assay log cat`. */
export interface CatFlags extends LogFlags {
  readonly from?: string
  readonly to?: string
  readonly channel?: string
  readonly symbol?: string
  readonly limit?: string
}

/** Flags of `assay log seal`. */
export interface SealFlags extends LogFlags {
  readonly below?: string
}

/** Flags of `assay log compact`. */
export interface CompactFlags extends LogFlags {
  readonly olderThan?: string
}

const LOG_FLAG = ['--log <name>', 'one log alone: collect, import, replay …'] as const

/** `assay log`: the raw log itself. */
export const logCommand: CommandModule = {
  name: 'log',
  register(program: Command) {
    const log = program
      .command('log')
      .description('the raw log: list, verify, print, seal, compact')
      .addHelpText(
        'after',
        examples([
          'log ls',
          'log verify',
          'log cat --symbol BTC-USD --limit 5',
          'log seal',
          'log compact --older-than 24',
        ]),
      )
    log
      .command('ls')
      .description('the logs, their records, sizes and hours')
      .option(...LOG_FLAG)
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .action(
        action<LogFlags>(async (call) => {
          const { listLogStats } = await import('../work/log-ls.ts')
          return listLogStats(call)
        }),
      )
    log
      .command('verify')
      .description('reads every byte and checks every checksum and position; 1 if any is wrong')
      .option(...LOG_FLAG)
      .addOption(jsonFlag())
      .action(
        action<LogFlags>(async (call) => {
          const { verifyLogs } = await import('../work/log-verify.ts')
          return verifyLogs(call)
        }),
      )
    registerCat(log)
    registerSeal(log)
    registerCompact(log)
  },
}

function registerCat(log: Command): void {
  log
    .command('cat')
    .description('prints records as they stand in the log, one line of JSON each')
    .option(...LOG_FLAG)
    .option('--from <pos>', 'first position')
    .option('--to <pos>', 'end position, not included')
    .option('--channel <name>', 'only this channel: matches, heartbeat, self …')
    .option('--symbol <name>', 'only this symbol, as the venue writes it')
    .option('--limit <n>', 'at most so many records')
    .addHelpText(
      'after',
      examples([
        'log cat --log collect --from 1200 --to 1210',
        'log cat --channel matches | jq -r .data.price',
      ]),
    )
    .action(
      action<CatFlags>(async (call) => {
        const { catLogs } = await import('../work/log-cat.ts')
        return catLogs(call)
      }),
    )
}

function registerSeal(log: Command): void {
  log
    .command('seal')
    .description('moves hours that are over from the journal to the compressed archive')
    .option(...LOG_FLAG)
    .option('--below <pos>', 'only records below this position (default: what is refined)')
    .addOption(jsonFlag())
    .action(
      action<SealFlags>(async (call) => {
        const { sealLogs } = await import('../work/log-seal.ts')
        return sealLogs(call)
      }),
    )
}

function registerCompact(log: Command): void {
  log
    .command('compact')
    .description(
      'joins parts of sealed hours, and compresses them harder; 3 if nothing gains by it',
    )
    .option(...LOG_FLAG)
    .option('--older-than <hours>', 'only hours that ended so many hours ago (default: 24)')
    .addOption(jsonFlag())
    .addHelpText(
      'after',
      [
        '',
        'Records and their positions stay as they are. What is written is read back before it',
        'takes the place of the old files.',
        examples(['log compact', 'log compact --log import --older-than 1 --json']),
      ].join('\n'),
    )
    .action(
      action<CompactFlags>(async (call) => {
        const { compactLogs } = await import('../work/log-compact.ts')
        return compactLogs(call)
      }),
    )
}
