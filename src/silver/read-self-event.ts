import type { RawRecord } from '../market/record.ts'
import type { SelfEvent } from '../market/self-record.ts'

/** What a field of an entry must be for silver to draw anything from it. */
type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isWhole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isWholeOrNull: Check = (value) => value === null || isWhole(value)
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText)
const isTextOrNull: Check = (value) => value === null || isText(value)
const isFlag: Check = (value) => typeof value === 'boolean'

const SUBSCRIPTION = { venue: isText, symbols: isTexts, fact: isFlag }

/** The fields silver reads, by event; it reads none of the others. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  subscribe: SUBSCRIPTION,
  unsubscribe: SUBSCRIPTION,
  connect: { venue: isText, failures: isWhole, downSinceUs: isWholeOrNull },
  backfill: {
    venue: isText,
    symbol: isText,
    cause: isText,
    firstId: isWholeOrNull,
    lastId: isWholeOrNull,
    fromUs: isWhole,
    toUs: isWhole,
    attempt: isWhole,
  },
  incident: {
    venue: isText,
    cause: isText,
    channel: isTextOrNull,
    symbol: isTextOrNull,
    fromUs: isWhole,
    toUs: isWholeOrNull,
    detail: isText,
  },
  give_up: {
    venue: isText,
    symbol: isText,
    firstId: isWholeOrNull,
    lastId: isWhole,
    verdict: (value) => value === 'never_existed' || value === 'unrecoverable',
    evidence: isText,
  },
}

/**
 * Reads an entry of the diary, or answers `null` where the record holds none.
 *
 * Entries of a kind unknown here are entries all the same: they move log time on.
 */
export function readSelfEvent(record: RawRecord): SelfEvent | null {
  const { bytes, start, end } = record
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)))
    return isSelfEvent(value) ? value : null
  } catch {
    return null
  }
}

function isSelfEvent(value: unknown): value is SelfEvent {
  if (typeof value !== 'object' || value === null) return false
  const entry = value as Readonly<Record<string, unknown>>
  if (typeof entry.event !== 'string') return false
  const fields = Object.hasOwn(FIELDS, entry.event) ? FIELDS[entry.event] : undefined
  return Object.entries(fields ?? {}).every(([name, check]) => check(entry[name]))
}
