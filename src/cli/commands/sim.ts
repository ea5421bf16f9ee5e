import type { Command } from 'commander'
import { Option } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay sim`. */
export interface SimFlags {
  readonly port?: string
  readonly seed?: string
  readonly rate?: string
  readonly venues?: readonly string[]
  readonly products?: readonly string[]
  readonly scale?: string
  readonly history?: string
  readonly faults: 'none' | 'storm' | 'mixed'
  readonly seconds?: string
  readonly truth?: string
}

/** `assay sim`: simulated venues to connect to. */
export const simCommand: CommandModule = {
  name: 'sim',
  register(program: Command) {
    program
      .command('sim')
      .description('simulated venues on this machine, to try things against')
      .option('--port <n>', 'port on 127.0.0.1, 0 for any free one (default: 8101)')
      .option('--seed <text>', 'the same seed gives the same market (default: 1)')
      .option('--venues <names...>', 'coinbase binance-us kraken coingecko (default: all)')
      .option('--rate <n>', 'trades per second of a venue’s busy products (default: 20)')
      .option('--products <names...>', 'what Coinbase, or the first venue, lists: BTC-USD …')
      .option('--scale <n>', 'how much faster days and bans pass (default: 1)')
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
          'sim --venues kraken --products BTC/USD PEPE/USD',
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
