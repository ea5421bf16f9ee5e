import { createHash } from 'node:crypto'
import { bucketStart, MINUTE_US } from '../market/bucket.ts'
import {
  addDecimal,
  type Decimal,
  decimalText,
  multiplyDecimal,
  parseDecimal,
} from '../market/decimal.ts'
import type { Origin } from '../market/record.ts'
import { ORIGINS } from '../market/record.ts'
import type { Range } from '../silver/ranges.ts'
import type { Certificate, CertifiedHole, Condition } from './certificate.ts'

/** The length of what one certificate is about. */
export const HOUR_US = 60 * MINUTE_US

const MINUTES = 60
/** Trades are hashed many at a time. */
const LINES_LENGTH = 65_536
const ZERO: Decimal = { mantissa: 0n, scale: 0 }

/** A standing trade, as certificates hash it. */
export interface HourTrade extends Range {
  readonly eventTimeUs: number
  /** Canonical decimal text, here and below. */
  readonly price: string
  readonly size: string
  /** Index into SIDES. */
  readonly side: number
  /** Where its report came from: index into ORIGINS. Not hashed. */
  readonly origin: number
}

/** Ids of an hour that are held nowhere, and the times of the trades on both sides. */
export interface MissingIds extends Range {
  readonly fromUs: number
  readonly toUs: number
}

/** What the trades of an hour come to. */
export interface HourFacts {
  /** Least and greatest id held. */
  readonly first: number | null
  readonly last: number | null
  /** Trades held, aggregates counted by what they stand for. */
  readonly held: number
  /** Ids between the first and the last that are held neither in the hour nor outside of it. */
  readonly missing: readonly MissingIds[]
  readonly sources: Readonly<Record<Exclude<Origin, 'self'>, number>>
  /** Minutes in which something was traded. */
  readonly traded: number
  /** Canonical decimal text. */
  readonly volume: string
  readonly notional: string
  readonly hash: string
}

/**
 * Folds the standing trades of an hour, which are to come in order of id: those whose time lies
 * in it, and any between them whose time does not, for time need not ascend with id.
 */
export function createHourFold(hourUs: number): {
  add(trade: HourTrade): void
  finish(): HourFacts
} {
  const hash = createHash('sha256')
  let lines = ''
  const flush = () => {
    hash.update(lines)
    lines = ''
  }
  const sources = { ws: 0, rest: 0, import: 0 }
  const minutes = new Set<number>()
  const missing: MissingIds[] = []
  // Those after the hour's last trade so far, which are the hour's only if another follows.
  let pending: MissingIds[] = []
  let first: number | null = null
  let last: number | null = null
  let seen = { id: 0, us: hourUs }
  let held = 0
  let volume = ZERO
  let notional = ZERO
  return {
    add(trade) {
      const { firstId, lastId, eventTimeUs: toUs, side } = trade
      const isInHour = toUs >= hourUs && toUs < hourUs + HOUR_US
      if (first === null && !isInHour) return
      if (first !== null && firstId > seen.id + 1) {
        const ids = { firstId: seen.id + 1, lastId: firstId - 1 }
        pending.push({ ...ids, fromUs: Math.min(seen.us, toUs), toUs: Math.max(seen.us, toUs) })
      }
      seen = { id: lastId, us: toUs }
      if (!isInHour) return
      missing.push(...pending)
      pending = []
      first ??= firstId
      last = lastId
      held += lastId - firstId + 1
      sources[ORIGINS[trade.origin] as keyof typeof sources] += lastId - firstId + 1
      minutes.add(bucketStart(toUs, MINUTE_US))
      const [price, size] = [parseDecimal(trade.price) ?? ZERO, parseDecimal(trade.size) ?? ZERO]
      volume = addDecimal(volume, size)
      notional = addDecimal(notional, multiplyDecimal(price, size))
      const line = JSON.stringify([firstId, lastId, toUs, trade.price, trade.size, side])
      lines += `${line}\n`
      if (lines.length >= LINES_LENGTH) flush()
    },
    finish() {
      flush()
      return {
        ...{ first, last, held, missing, sources, traded: minutes.size },
        ...{ volume: decimalText(volume), notional: decimalText(notional) },
        hash: hash.digest('hex'),
      }
    },
  }
}

/**
 * Returns the ids of an hour: those of holes that reach over its edge among them, for nobody can
 * cut those. Ids that never existed are not expected.
 */
export function idsOf(facts: HourFacts, holes: readonly CertifiedHole[]): Certificate['ids'] {
  const never: Range[] = []
  const beyond: Range[] = []
  for (const { first_id: firstId, last_id: lastId, verdict } of holes) {
    if (firstId === null || lastId === null || verdict === 'repaired') continue
    const range = { firstId, lastId }
    if (verdict === 'never_existed') never.push(range)
    const { first, last } = facts
    if (first === null || last === null || lastId < first || firstId > last) beyond.push(range)
  }
  const [absent, unreal] = [joined([...facts.missing, ...beyond]), joined(never)]
  let expected = facts.held
  for (const range of absent) {
    expected += countIds(range) - unreal.reduce((sum, one) => sum + countShared(range, one), 0)
  }
  let { first, last } = facts
  for (const { firstId, lastId } of beyond) {
    first = Math.min(first ?? firstId, firstId)
    last = Math.max(last ?? lastId, lastId)
  }
  return { first, last, expected, held: facts.held }
}

/** Joins ranges that share ids: two holes may tell of the same ones. */
function joined(ranges: readonly Range[]): Range[] {
  const apart: { firstId: number; lastId: number }[] = []
  for (const { firstId, lastId } of ranges.toSorted((a, b) => a.firstId - b.firstId)) {
    const last = apart.at(-1)
    if (last === undefined || firstId > last.lastId) apart.push({ firstId, lastId })
    else last.lastId = Math.max(last.lastId, lastId)
  }
  return apart
}

function countIds({ firstId, lastId }: Range): number {
  return Math.max(0, lastId - firstId + 1)
}

function countShared(a: Range, b: Range): number {
  const firstId = Math.max(a.firstId, b.firstId)
  return countIds({ firstId, lastId: Math.min(a.lastId, b.lastId) })
}

/** Returns what can be said of an hour; `isOver` where late trades are no longer waited for. */
export function conditionOf(
  hour: Pick<Certificate, 'minutes' | 'holes' | 'ids'>,
  isOver: boolean,
): Condition {
  if (!isOver) return 'pending'
  const { complete } = hour.minutes
  const isLeft = ({ verdict }: CertifiedHole) => verdict === 'open' || verdict === 'unrecoverable'
  if (complete === MINUTES && !hour.holes.some(isLeft)) return 'available'
  return hour.ids.held > 0 || complete > 0 ? 'degraded' : 'missing'
}
