import { Command } from 'commander'
import { GROUPS } from './registry.ts'
import { VERSION } from './version.ts'

const INTRO = [
  'A crypto market data pipeline that proves what it holds.\n\nIt keeps every byte a venue',
  'sent, turns them into trades it can vouch for, folds exact',
  'candles, and finds and refills what is missing.',
].join(' ')

const OUTRO = `
Start here:
  $ assay demo                     the whole pipeline against a simulated exchange
  $ assay run                      collect from Coinbase, live
  $ assay candles BTC-USD 1m       look at what came out

Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 skipped, 130 stopped.
Errors and their cures: docs/errors.md`

/**
 * Returns the whole command line, ready to parse.
 *
 * Its failures, and the ends of `--help` and `--version`, are thrown as Commander's errors for
 * the boundary to report.
 */
export function createProgram(): Command {
  const program = new Command('assay')
    .description(INTRO)
    .usage('COMMAND [options]')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [COMMAND]', 'print help on a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText('after', OUTRO)
    .option('--data <dir>', 'folder of the raw log and the warehouse (default: ./data)')
    .option('--store <url>', 'warehouse, sqlite:PATH (default: inside the data folder)')
    .option('--config <file>', 'configuration file (default: assay.config.ts or .yaml, if there)')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent')
    .option('-v, --verbose', 'log more, and say where errors come from')
  for (const { heading, commands } of GROUPS) {
    program.commandsGroup(heading)
    for (const command of commands) command.register(program)
  }
  return program
}
