import { createFieldScanner, FIELD, scanObject } from '../../core/json/scan.ts'
import type { Answer, Heed } from '../venue.ts'
import { isRestEnvelope, type RestEnvelope } from './wire.ts'

/** An answer that is an error is short: no long page is looked through for one. */
const ERROR_BYTES_MAX = 4096

/** The longest pause an answer can ask for, in milliseconds. */
const PAUSE_MS_MAX = 3_600_000

const MESSAGE_MAX = 200

const ERROR = 0
const envelope = createFieldScanner(['error'])
const decoder = new TextDecoder()

/** Parses an answer whole, or answers `null` where it is none of Kraken's. */
export function readEnvelope(bytes: Uint8Array, start: number, end: number): RestEnvelope | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes.subarray(start, end)))
    return isRestEnvelope(value) ? value : null
  } catch {
    return null
  }
}

/**
 * Returns the errors that an answer tells, warnings left out; `null` where it is no answer of
 * Kraken's. An answer without errors has none, whatever its length.
 */
export function readErrors(
  bytes: Uint8Array,
  start: number,
  end: number,
): readonly string[] | null {
  const scanned = scanObject(envelope, bytes, start, end)
  if (scanned === null || envelope.kinds[ERROR] !== FIELD.array) return null
  const [from, to] = [envelope.starts[ERROR] as number, envelope.ends[ERROR] as number]
  if (to - from <= 2) return []
  if (to - from > ERROR_BYTES_MAX) return null
  try {
    const words: unknown = JSON.parse(decoder.decode(scanned.subarray(from, to)))
    if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) return null
    // The first letter tells an error from a warning.
    return words.filter((word) => !word.startsWith('W'))
  } catch {
    return null
  }
}

const TOO_MANY = /^(?:EAPI:Rate limit exceeded|EGeneral:Too many requests|EGeneral:Temporary)/
const THROTTLED = /^EService:Throttled(?::\s*([0-9]{1,12}))?/
const BUSY = /^(?:EService:|EGeneral:Internal error|EGeneral:Unknown error)/

/**
 * Reads Kraken's complaint out of an answer; `null` for a plain one.
 *
 * Errors come with status 200. Where the answer is none of Kraken's, the network before it is
 * speaking: it may limit us, or Kraken cannot be reached through it.
 */
export function heedAnswer({ status, body, nowUs }: Answer): Heed | null {
  const errors = readErrors(body, 0, body.length)
  if (errors === null) return heedStranger(status)
  if (errors.length === 0) return null
  const message = errors.join(', ').slice(0, MESSAGE_MAX)
  if (errors.some((word) => TOO_MANY.test(word))) {
    return { kind: 'limited', afterMs: null, message }
  }
  for (const word of errors) {
    const throttled = THROTTLED.exec(word)
    if (throttled === null) continue
    const afterMs = throttled[1] === undefined ? null : msUntil(Number(throttled[1]), nowUs)
    return { kind: 'limited', afterMs, message }
  }
  const isBusy = errors.some((word) => BUSY.test(word))
  return { kind: isBusy ? 'unavailable' : 'refused', message }
}

/** Milliseconds from now until a Unix time in seconds. */
function msUntil(seconds: number, nowUs: number): number {
  const ms = seconds * 1000 - Math.floor(nowUs / 1000)
  return Math.min(PAUSE_MS_MAX, Math.max(0, ms))
}

function heedStranger(status: number): Heed | null {
  const message = `an answer of status ${status} that is not Kraken's`
  if (status === 429) return { kind: 'limited', afterMs: null, message }
  return status === 200 || status >= 500 ? { kind: 'unavailable', message } : null
}
