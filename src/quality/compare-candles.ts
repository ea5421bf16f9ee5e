import {
  compareDecimal,
  type Decimal,
  decimalText,
  divideDecimal,
  parseDecimal,
} from '../market/decimal.ts'
import type { CandleRules } from '../venues/venue.ts'
import type { MinuteRow, VenueCandleRow } from '../warehouse/index.ts'

/** Digits after the point to which our own average is worked out before it is cut. */
const VWAP_SCALE = 30

const PRICES = ['open', 'high', 'low', 'close'] as const
const SUMS = ['volume', 'notional', 'taker_buy_volume'] as const

/** A field of a candle that is compared. */
export type ComparedField =
  | (typeof PRICES)[number]
  | (typeof SUMS)[number]
  | 'trade_count'
  | 'vwap'
  | 'status'

/** One field in which two candles differ; `null` where one has none. */
export interface FieldDifference {
  readonly field: ComparedField
  readonly ours: string | null
  readonly theirs: string | null
}

/** What a comparison goes by. */
export interface ComparisonRules {
  /** The instrument's price step, to which a venue cuts its average; `null` where unknown. */
  readonly priceStep: string | null
  /** `null` of a venue that is not known here: then what both have is compared. */
  readonly rules: CandleRules | null
}

/**
 * Compares our minute with a venue's candle of it. A flat candle without volume says that
 * nothing was traded, and its prices are those of an earlier minute: only emptiness is compared.
 */
export function compareWithOurs(
  ours: MinuteRow | undefined,
  theirs: VenueCandleRow,
  by: ComparisonRules,
): readonly FieldDifference[] {
  const isEmpty = theirs.volume === '0'
  const count = ours?.trade_count ?? 0
  if (isEmpty && count === 0) return []
  if (ours === undefined || count === 0 || isEmpty) {
    const status = ours?.status ?? 'unknown'
    return [{ field: 'status', ours: status, theirs: isEmpty ? 'no_trades' : 'traded' }]
  }
  const differences = compareFields(ours, theirs)
  const vwap = compareVwap(ours, theirs, by)
  return vwap === null ? differences : [...differences, vwap]
}

/** Compares two candles of one venue; a field that one of them lacks is passed over. */
export function compareWithVenue(a: VenueCandleRow, b: VenueCandleRow): readonly FieldDifference[] {
  if (a.volume === '0' && b.volume === '0') return []
  return compareFields(a, b)
}

/** Compares two volumes as numbers. */
export function compareVolume(a: string, b: string): -1 | 0 | 1 {
  return compareDecimal(exact(a), exact(b))
}

type Comparable = Pick<VenueCandleRow, (typeof PRICES)[number]> | MinuteRow

function compareFields(a: Comparable, b: VenueCandleRow): FieldDifference[] {
  const differences: FieldDifference[] = []
  const one = a as unknown as Readonly<Record<string, string | number | null>>
  const other = b as unknown as Readonly<Record<string, string | number | null>>
  for (const field of [...PRICES, ...SUMS, 'trade_count'] as const) {
    const [ours, theirs] = [one[field] ?? null, other[field] ?? null]
    if (ours === null || theirs === null) continue
    if (compareDecimal(exact(String(ours)), exact(String(theirs))) === 0) continue
    differences.push({ field, ours: String(ours), theirs: String(theirs) })
  }
  return differences
}

/** A venue that cuts its average to the price step is right where ours, cut alike, is equal. */
function compareVwap(
  ours: MinuteRow,
  theirs: VenueCandleRow,
  by: ComparisonRules,
): FieldDifference | null {
  if (theirs.vwap === null || by.rules?.vwap !== 'truncated') return null
  const average = divideDecimal(exact(ours.notional), exact(ours.volume), VWAP_SCALE)
  const scale = scaleOf(by.priceStep ?? theirs.vwap)
  const cut = truncate(average, scale)
  if (compareDecimal(cut, exact(theirs.vwap)) === 0) return null
  return { field: 'vwap', ours: decimalText(cut), theirs: theirs.vwap }
}

function scaleOf(text: string): number {
  return text.split('.')[1]?.length ?? 0
}

function truncate({ mantissa, scale }: Decimal, places: number): Decimal {
  if (scale <= places) return { mantissa, scale }
  return { mantissa: mantissa / 10n ** BigInt(scale - places), scale: places }
}

function exact(text: string): Decimal {
  return parseDecimal(text) ?? { mantissa: 0n, scale: 0 }
}
