import { AssayError, systemCode } from '../../core/errors.ts'
import type { Call } from '../command.ts'
import type { SimFlags } from '../commands/sim.ts'
import { parseCountArgument } from '../time-argument.ts'

const EVERY_VENUE = ['coinbase', 'binance-us', 'kraken', 'coingecko']

/** Runs the simulated venues until its time is over or it is interrupted. */
export async function simulate({ context, flags }: Call<SimFlags>): Promise<void> {
  const number = (name: keyof SimFlags) => readNumber(flags[name], `--${name}`)
  const options = {
    port: number('port'),
    seed: flags.seed,
    rate: number('rate'),
    products: wordsOf(flags.products),
    scale: number('scale'),
    history: number('history'),
    faults: flags.faults,
    seconds: number('seconds'),
    truth: flags.truth,
    json: context.json,
    signal: context.signal,
  }
  const { runSim, readVenues } = await loadSimulator()
  await runSim({ ...options, venues: readVenues(wordsOf(flags.venues) ?? EVERY_VENUE) })
}

function wordsOf(words: readonly string[] | undefined): readonly string[] | undefined {
  return words?.flatMap((word) => word.split(',')).filter((word) => word !== '')
}

function readNumber(text: unknown, flag: string): number | undefined {
  if (text === undefined) return undefined
  const part = flag === '--rate' || flag === '--scale'
  return part ? readRate(String(text), flag) : parseCountArgument(String(text), flag, 0)
}

function readRate(text: string, flag: string): number {
  const rate = Number(text)
  if (/^[0-9]*\.?[0-9]+$/.test(text) && rate > 0) return rate
  throw new AssayError('ASSAY_USAGE', `${flag} takes a number above 0, not ${text}`)
}

/** The simulator stands outside of `src`, and whoever packs the rest may leave it out. */
async function loadSimulator() {
  try {
    return await import('../../../sim/main.ts')
  } catch (error) {
    if (systemCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new AssayError('ASSAY_UNSUPPORTED', 'this package was made without the simulator', {
      cause: error,
    })
  }
}
