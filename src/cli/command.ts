import type { Command } from 'commander'
import { Option } from 'commander'
import type { Context, GlobalFlags, Settings } from './context.ts'
import type { ExitStatus } from './exit-status.ts'

/**
 * One command of the program.
 *
 * Every command's file is loaded before any runs, for the help; so it imports nothing heavy but
 * inside what it does (`await import(…)`), and `import type`.
 */
export interface CommandModule {
  readonly name: string
  register(program: Command): void
}

/** A command as it was typed. */
export interface Call<F> {
  readonly context: Context
  /** The operands, those left out missing at the end. */
  readonly args: readonly string[]
  readonly flags: F & GlobalFlags
}

/** What a command does; returns an exit status, or nothing for `done`. */
export type Work<F> = (call: Call<F>) => Promise<ExitStatus | undefined> | Promise<void>

/**
 * Returns an action for Commander that opens the context and does `work`.
 *
 * @param settings what the command's own flags give the configuration, by dotted key; told which
 * venues the configuration adds.
 *
 * @example
 * program.command('gaps').action(action(async ({ context }) => showGaps(context)))
 */
export function action<F extends object = object>(
  work: Work<F>,
  settings: (flags: F & GlobalFlags, venueIds: readonly string[]) => Settings = () => ({}),
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command
    const flags = command.optsWithGlobals<F & GlobalFlags>()
    const { openContext } = await import('./context.ts')
    const context = await openContext(flags, (venueIds) => settings(flags, venueIds))
    const status = await work({ context, args: command.args, flags })
    if (status !== undefined) process.exitCode = status
  }
}

/** Returns the flag `--json`, described the same way everywhere. */
export function jsonFlag(): Option {
  return new Option('--json', 'print one line of JSON, for programs')
}

/** Returns the flag `--csv`, described the same way everywhere. */
export function csvFlag(): Option {
  return new Option('--csv', 'print comma-separated values').conflicts('json')
}

/** Returns the text of examples that stands below a command's help. */
export function examples(lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ assay ${line}`)].join('\n')
}
