import { AssayError } from '../core/errors.ts'
import { type EpochUnit, parseEpochUs, parseTimeUs } from '../market/bucket.ts'

const RELATIVE = /^([+-])([0-9]{1,9})(s|m|h|d|w)$/
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/
const WITHOUT_SECONDS =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?$/i
const HOUR = /^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}$/i
const WITHOUT_ZONE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9.]+$/i

/** What a time may look like, for help texts. */
const TIME_FORMS = 'RFC 3339, a date, epoch seconds/ms/us, or -1h'

/**
 * Reads a time as people and programs write it, as epoch microseconds: RFC 3339, where the
 * zone (UTC), the seconds and the minutes may be left out; a date, its start; `now`; a time from
 * now, `-90m` (units s, m, h, d, w); or digits, epoch seconds, milliseconds or microseconds by
 * their length.
 *
 * @throws ASSAY_USAGE, naming the flag.
 */
export function parseTimeArgument(text: string, flag: string, nowUs: number): number {
  const timeUs = readTime(text.trim(), nowUs)
  if (timeUs !== null && timeUs >= 0) return timeUs
  throw new AssayError('ASSAY_USAGE', `${flag}: ${text} is no time; write ${TIME_FORMS}`, {
    context: { flag, text },
  })
}

function readTime(text: string, nowUs: number): number | null {
  if (text === 'now') return nowUs
  const relative = RELATIVE.exec(text)
  if (relative !== null) {
    const [, sign, count, unit] = relative
    const offsetUs = Number(count) * (SECONDS[unit as string] as number) * 1e6
    return sign === '-' ? nowUs - offsetUs : nowUs + offsetUs
  }
  if (/^[0-9]+(\.[0-9]+)?$/.test(text)) return parseEpochUs(text, epochUnit(text))
  if (DATE.test(text)) return parseTimeUs(`${text}T00:00:00Z`)
  if (HOUR.test(text)) return parseTimeUs(`${text}:00:00Z`)
  const short = WITHOUT_SECONDS.exec(text)
  if (short !== null) return parseTimeUs(`${short[1]}:00${short[2] ?? 'Z'}`)
  return parseTimeUs(WITHOUT_ZONE.test(text) ? `${text}Z` : text)
}

/** Seconds have 11 digits until the year 5138, and milliseconds have had 12 since 1973. */
function epochUnit(text: string): EpochUnit {
  const digits = text.split('.')[0]?.length ?? 0
  if (digits <= 11) return 's'
  if (digits <= 14) return 'ms'
  return digits <= 17 ? 'us' : 'ns'
}

/** A half-open span of time. */
export interface TimeSpan {
  readonly fromUs: number
  readonly toUs: number
}

// Beyond any time we keep, and safe to add to.
const END_OF_TIME_US = 8.64e15

/**
 * Reads `--from` and `--to`; one that is left out leaves its end open.
 *
 * @throws ASSAY_USAGE where one is no time, or the span ends before it begins.
 */
export function parseSpan(
  flags: { readonly from?: string; readonly to?: string },
  nowUs: number,
): TimeSpan {
  const { from, to } = flags
  const fromUs = from === undefined ? 0 : parseTimeArgument(from, '--from', nowUs)
  const toUs = to === undefined ? END_OF_TIME_US : parseTimeArgument(to, '--to', nowUs)
  if (toUs < fromUs) throw new AssayError('ASSAY_USAGE', '--to is before --from')
  return { fromUs, toUs }
}

/**
 * Reads a whole number of at least `least`, for a flag.
 *
 * @throws ASSAY_USAGE, naming the flag.
 */
export function parseCountArgument(text: string, flag: string, least = 1): number {
  const value = Number(text)
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
  throw new AssayError(
    'ASSAY_USAGE',
    `${flag} takes a whole number of at least ${least}, not ${text}`,
  )
}
