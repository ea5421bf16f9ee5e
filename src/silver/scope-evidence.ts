import type { ScopeRow } from '../warehouse/index.ts'

const CANDLES = 'candles '

/** What names the scope of a recording; our own collecting is named by its log. */
const FILE_HASH = /^[0-9a-f]{64}$/

/** Returns what names the scope that a file of candles opens. */
export function candleEvidence(file: string): string {
  return CANDLES + file
}

/** Tells whether a scope answers for minutes by candles alone, and for no trade. */
export function isOfCandles({ evidence }: Pick<ScopeRow, 'evidence'>): boolean {
  return evidence.startsWith(CANDLES)
}

/** Tells whether a live scope is that of a recording read again. */
export function isRecording({ cause, evidence }: Pick<ScopeRow, 'cause' | 'evidence'>): boolean {
  return cause === 'live' && FILE_HASH.test(evidence)
}
