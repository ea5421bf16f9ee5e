import type { Command } from 'commander'
import { Option } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay sim`. */
export interface SimFlags {
  readonly port?: string
  readonly seed?: string
  readonly rate?: string
  readonly products?: readonly string[]
  readonly history?: string
  readonly faults: 'none' | 'storm' | 'mixed'
  readonly seconds?: string
  readonly truth?: string
}

/** `assay sim`: a simulated exchange to connect to. */
export const simCommand: CommandModule = {
  name: 'sim',
  register(program: Command) {
    program
      .command('sim')
      .description('a simulated Coinbase on this machine, to try things against')
      .option('--port <n>', 'port on 127.0.0.1, 0 for any free one (default: 8101)')
      .option('--seed <text>', 'the same seed gives the same market (default: 1)')
      .option('--rate <n>', 'trades per second of all busy products (default: 20)')
      .option('--products <names...>', 'what it lists, BTC-USD ETH-USD …')
      .option('--history <minutes>', 'trades before its start, for REST (default: 60)')
      .addOption(
        new Option('--faults <kind>', 'faults that come by themselves')
          .choices(['none', 'storm', 'mixed'])
          .default('none'),
      )
      .option('--seconds <n>', 'end by itself after so long')
      .option('--truth <file>', 'at the end, write every trade there as JSON Lines')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        examples([
          'sim --rate 200',
          'sim --port 0 --seed 7 --faults mixed --seconds 60 --truth truth.jsonl --json',
        ]),
      )
      .action(
        action<SimFlags>(async (call) => {
          const { simulate } = await import('../work/sim.ts')
          return simulate(call)
        }),
      )
  },
}
