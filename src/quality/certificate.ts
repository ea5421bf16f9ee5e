import { createHash } from 'node:crypto'
import type { CandleStatus } from '../market/candle.ts'
import type { Origin } from '../market/record.ts'
import type { Verdict } from '../silver/holes.ts'
import type { EvidenceList } from './evidence.ts'

/** What can be said of an hour as a whole; the first that holds. */
export const CONDITIONS = [
  /** It is not over, or its grace is not. */
  'pending',
  /** Every minute is proven complete, and no hole is left. */
  'available',
  /** Something is missing, or unproven. */
  'degraded',
  /** Nothing is held. */
  'missing',
] as const

/** One of {@link CONDITIONS}. */
export type Condition = (typeof CONDITIONS)[number]

/** A hole of the hour, with what became of it. Ids are inclusive, times RFC 3339. */
export interface CertifiedHole {
  readonly first_id: number | null
  readonly last_id: number | null
  readonly from: string
  readonly to: string
  readonly verdict: Verdict
  readonly attempts: number
  readonly evidence: string
}

/** A trade just outside the hour, whose id is next to the hour's own: nothing lies between. */
export interface Neighbour {
  readonly id: number
  readonly time: string
}

/**
 * What is held, and what is not, of one instrument in one hour: a claim that anyone who has the
 * raw log can check without the warehouse.
 *
 * Ids are underlying trade ids: an aggregate counts the trades it stands for.
 */
export interface Certificate {
  readonly format: 'assay-certificate/1'
  readonly venue: string
  /** The venue's own symbol, and what it says that it quotes. */
  readonly symbol: string
  readonly base: string | null
  readonly quote: string | null
  /** Start of the hour, RFC 3339; the hour is half-open. */
  readonly hour: string
  readonly fold_version: number
  readonly condition: Condition
  /**
   * Least and greatest id of the hour, those of holes that reach into it among them; how many
   * there should be, ids that never existed left out; and how many are held.
   */
  readonly ids: {
    readonly first: number | null
    readonly last: number | null
    readonly expected: number
    readonly held: number
  }
  /** `null` where no trade beside the hour is held next to it. */
  readonly neighbours: { readonly before: Neighbour | null; readonly after: Neighbour | null }
  readonly minutes: Readonly<Record<CandleStatus | 'complete', number>>
  readonly volume: string
  readonly notional: string
  /** Trades held, by where their standing report came from. */
  readonly sources: Readonly<Record<Exclude<Origin, 'self'>, number>>
  readonly holes: readonly CertifiedHole[]
  /**
   * Ids of reports that stand nowhere and still keep others from standing, as stored; empty where
   * the venue never told of ids that overlap without one holding the other.
   */
  readonly rivals: readonly (readonly [first: number, last: number])[]
  /** SHA-256 over the standing trades in order of id, one JSON line each. */
  readonly facts_hash: string
  readonly evidence: EvidenceList
}

/** A certificate as it was issued: one that claims otherwise than the last is its revision. */
export interface IssuedCertificate extends Certificate {
  readonly revision: number
  readonly issued: string
  /** SHA-256 over all of the above: a paper that was changed afterwards shows it. */
  readonly certificate_hash: string
}

/** Completes a certificate with its revision, the time it is issued, and its own hash. */
export function sealCertificate(
  drawn: Certificate,
  about: { readonly revision: number; readonly issued: string },
): IssuedCertificate {
  const paper = { ...drawn, ...about }
  return { ...paper, certificate_hash: hashOf(paper) }
}

/** Tells whether a certificate is as it was issued. */
export function isUnchanged({ certificate_hash, ...paper }: IssuedCertificate): boolean {
  return hashOf(paper) === certificate_hash
}

/**
 * Tells whether two certificates claim the same. Which of several equal records bear a claim out
 * is no part of it: that depends on which came first, and is another after a rebuild.
 */
export function claimTheSame(a: Certificate, b: Certificate): boolean {
  return hashOf(claimsOf(a)) === hashOf(claimsOf(b))
}

function claimsOf(certificate: Certificate | IssuedCertificate): unknown {
  return {
    ...certificate,
    ...{ evidence: null, revision: null, issued: null, certificate_hash: null },
  }
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
}

/** The same value with its keys in order, so that how they were written makes no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
