import { parseArgs } from 'node:util'
import { AssayError } from '../../src/core/errors.ts'

/** How an examination is held. Spans are seconds unless they say otherwise. */
export interface ExamOptions {
  /** The same seed gives the same markets and the same faults at the same times of the plan. */
  readonly seed: string
  readonly isQuick: boolean
  /** One last line of figures instead of the report. */
  readonly isJson: boolean
  /** Where the data folder, the logs and the findings are left; `null` deletes them. */
  readonly keepDir: string | null
  readonly books: boolean
  /** How long faults strike. */
  readonly faultSeconds: number
  /** Mean time between two faults, over all venues. */
  readonly faultEveryMs: number
  /** How long trading goes on after the last fault. */
  readonly calmSeconds: number
  /** How long nothing may be missing before the run counts as healed. */
  readonly settleSeconds: number
  readonly healSecondsMax: number
  /** Trades a second of each trading venue's busy products together. */
  readonly tradesPerSecond: number
  /** How old Binance.US lets a connection grow: its day, scaled. */
  readonly lifeSeconds: number
  /** What the run is configured with, a little less. */
  readonly lifeSecondsMax: number
  /** Silence after which the run asks REST for a product's newest trade. */
  readonly witnessSeconds: number
  readonly pollSeconds: number
  /** Attempts that must agree before the run gives a hole up: each waits twice as long. */
  readonly attemptsMax: number
}

/** The venue's bans last so long: two minutes, scaled. */
export const BAN_MS = 10_000

const MINUTES_DEFAULT = 30
// The quick form shortens, by its settings, what the run waits for, and changes nothing else.
const QUICK = {
  faultSeconds: 60,
  faultEveryMs: 600,
  calmSeconds: 4,
  settleSeconds: 22,
  healSecondsMax: 95,
  lifeSeconds: 30,
  lifeSecondsMax: 27,
  // Kraken allows a request a second: fifteen products leave repair only so much of it.
  witnessSeconds: 20,
  attemptsMax: 3,
} as const
const FULL = {
  faultEveryMs: 2500,
  calmSeconds: 30,
  settleSeconds: 70,
  healSecondsMax: 480,
  lifeSeconds: 240,
  lifeSecondsMax: 225,
  witnessSeconds: 60,
  attemptsMax: 5,
} as const

/**
 * Reads the flags of an examination.
 *
 * @throws AssayError `ASSAY_USAGE` for a flag that is unknown or makes no sense.
 */
export function readExamFlags(args: readonly string[]): ExamOptions {
  const values = parse(args)
  const minutes = Number(values.minutes ?? MINUTES_DEFAULT)
  if (!Number.isFinite(minutes) || minutes < 1) {
    throw new AssayError('ASSAY_USAGE', `--minutes takes a number from 1, not ${values.minutes}.`)
  }
  const rate = Number(values.rate ?? 50)
  if (!Number.isFinite(rate) || rate <= 0) {
    throw new AssayError('ASSAY_USAGE', `--rate takes a number above 0, not ${values.rate}.`)
  }
  const isQuick = values.quick === true
  const form = isQuick ? QUICK : { ...FULL, faultSeconds: minutes * 60 - FULL.calmSeconds }
  return {
    ...form,
    isQuick,
    seed: values.seed ?? '1',
    isJson: values.json === true,
    keepDir: values.keep ?? null,
    books: values.books === true,
    tradesPerSecond: rate,
    pollSeconds: 30,
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ json: flag, quick: flag, books: flag },
        ...{ minutes: text, seed: text, keep: text, rate: text },
      },
    }).values
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AssayError('ASSAY_USAGE', why, { cause })
  }
}
