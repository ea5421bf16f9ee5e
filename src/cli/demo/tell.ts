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
      `A simulated exchange trades ${sim.products.join(', ')} at ${sim.wsUrl}.`,
      `For ${seconds} s assay collects from it, over real sockets, into ${where},`,
      'while the exchange drops, delays and repeats trades, falls silent and hangs up. Then every',
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
    ['candles', `${proof.candles_equal} of ${proof.candles} equal the exchange's truth exactly`],
  ])
  if (dataDir === null) return
  process.stdout.write(
    [
      '',
      'Look at it:',
      `  npx assay candles BTC-USD 1m --data ${dataDir}`,
      `  npx assay gaps --data ${dataDir}`,
      `  npx assay status --data ${dataDir}`,
      '',
    ].join('\n'),
  )
}
