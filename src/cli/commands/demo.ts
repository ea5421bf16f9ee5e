import type { Command } from 'commander'
import type { Call, CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'

/** The flags of `assay demo`. */
export interface DemoFlags {
  readonly seconds: string
  readonly rate: string
  readonly seed: string
  readonly faults: 'none' | 'storm' | 'mixed'
}

/** `assay demo`: the whole pipeline against the simulated exchange, and the proof of it. */
export const demoCommand: CommandModule = {
  name: 'demo',
  register(program: Command) {
    program
      .command('demo')
      .description('run the whole pipeline against a simulated exchange, faults and all')
      .option('--seconds <n>', 'how long the market trades', '45')
      .option('--rate <n>', 'trades per second', '200')
      .option('--seed <text>', 'makes one market and its faults come again', '1')
      .option('--faults <preset>', 'none, storm or mixed', 'storm')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'With --data DIR what was collected stays there to be looked at; otherwise it goes.',
          examples(['demo', 'demo --seconds 120 --rate 2000 --data ./demo-data']),
        ].join('\n'),
      )
      .action(action<DemoFlags>(runDemo))
  },
}

async function runDemo({ context, flags }: Call<DemoFlags>): Promise<ExitStatus | undefined> {
  const { playDemo } = await import('../demo/play.ts')
  const proof = await playDemo(context, flags)
  const isProven =
    proof.lost === 0 &&
    proof.duplicated === 0 &&
    proof.gaps_open === 0 &&
    proof.candles === proof.candles_equal
  return isProven ? undefined : EXIT.failed
}
