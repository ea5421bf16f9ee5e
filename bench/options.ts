import { parseArgs } from 'node:util'
import { AssayError } from '../src/core/errors.ts'

/** What can be measured, in the order it is. */
export const MEASURES = [
  'decode',
  'rebuild',
  'live',
  'compression',
  'decode-venues',
  'books',
  'indicators',
  'gold',
  'venues',
  'flow',
  'rss',
] as const

/** One of {@link MEASURES}. */
export type Measure = (typeof MEASURES)[number]

/** What the benchmark was asked for. */
export interface BenchOptions {
  readonly json: boolean
  readonly quick: boolean
  /** Whether the temporary folder stays. */
  readonly keep: boolean
  readonly only: readonly Measure[]
  /** Trades of the log that is decoded, rebuilt and sealed. */
  readonly trades: number
  /** Trades of the log whose rebuild is watched for its memory. */
  readonly manyTrades: number
  readonly rounds: number
  readonly liveSeconds: number
  /** Of three venues together, after some time to grow warm. */
  readonly venuesSeconds: number
}

/** Said to whoever asks for help. */
export const USAGE = `npm run bench -- [FLAG…]

  --json          a last line of JSON on standard output; the table goes to standard error
  --quick         small data and one round: to see that it works, not for the record
  --only NAMES    of ${MEASURES.join(', ')}
  --trades N      trades of the log (1,000,000; quick 100,000)
  --keep          leave the temporary folder where it is
`

/**
 * Reads the flags.
 *
 * @throws ASSAY_USAGE for a flag or a name that is unknown.
 */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const values = readFlags(args)
  if (values.help) return 'help'
  const quick = values.quick === true
  const trades = Number(values.trades ?? (quick ? 100_000 : 1_000_000))
  if (!Number.isSafeInteger(trades) || trades < 1000) {
    throw new AssayError('ASSAY_USAGE', `--trades takes a number from 1000, not ${values.trades}`)
  }
  return {
    json: values.json === true,
    quick,
    keep: values.keep === true,
    only: values.only === undefined ? MEASURES : namesIn(values.only),
    trades,
    manyTrades: trades * (quick ? 3 : 5),
    rounds: quick ? 1 : 5,
    liveSeconds: quick ? 5 : 20,
    venuesSeconds: quick ? 10 : 120,
  }
}

function readFlags(args: readonly string[]) {
  const flag = { type: 'boolean' } as const
  const text = { type: 'string' } as const
  const options = { json: flag, quick: flag, keep: flag, help: flag, only: text, trades: text }
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AssayError('ASSAY_USAGE', why, { cause })
  }
}

function namesIn(text: string): Measure[] {
  return text.split(',').map((name) => {
    const found = MEASURES.find((measure) => measure === name)
    if (found === undefined) {
      throw new AssayError('ASSAY_USAGE', `--only takes ${MEASURES.join(', ')}; not ${name}`)
    }
    return found
  })
}
