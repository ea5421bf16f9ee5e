import type { Simulator } from '../../../sim/index.ts'
import type { Context } from '../context.ts'
import { showCount } from '../format.ts'
import { printFacts, printHeading, printJson } from '../output.ts'
import type { DemoProof } from './prove.ts'

/** Tells people, on standard error, what they are about to see. */
export function tellBeginning(
  context: Context,
  demo: { readonly sim: Simulator; readonly seconds: number; readonly dataDir: string | null },
): void {
  if (context.json) return
  const { sim, seconds, dataDir } = demo
  const where = dataDir === null ? 'a temporary folder' : dataDir
  process.stderr.write(
    [
      `Simulated venues at ${sim.restUrl}: ${sim.venues.join(', ')}.`,
      `For ${seconds} s assay collects from them, over real sockets, into ${where},`,
      'while they drop, delay and repeat trades, fall silent, hang up and ban. Then every',
      'trade and candle is held against what it truly traded. Ctrl-C ends the trading early.',
      '',
    ].join('\n'),
  )
}

/** Prints the proof: for people as a summary, for programs as one line. */
export function tellProof(
  context: Context,
  demo: {
    readonly proof: DemoProof
    readonly injected: number
    readonly dataDir: string | null
  },
): void {
  const { proof, injected, dataDir } = demo
  if (context.json) {
    printJson(proof)
    return
  }
  printHeading('What came of it')
  printFacts([
    ['faults injected', showCount(injected)],
    ['trades', `${showCount(proof.trades)}: ${proof.lost} lost, ${proof.duplicated} duplicated`],
    [
      'gaps',
      `${proof.gaps_found} found, ${proof.gaps_healed} healed over REST, ${proof.gaps_open} open`,
    ],
    ['candles', `${proof.candles_equal} of ${proof.candles} equal the venues' truth exactly`],
  ])
  if (dataDir === null) return
  process.stdout.write(
    [
      '',
      'Look at it:',
      `  npx assay candles kraken:BTC-USD 1m --data ${dataDir}`,
      `  npx assay gaps --data ${dataDir}`,
      `  npx assay status --data ${dataDir}`,
      '',
    ].join('\n'),
  )
}
