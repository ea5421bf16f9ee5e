import type { Blame } from '../market/self-record.ts'

const NETWORK = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
])

/**
 * Says whose fault a failed connection was, from the system's error code and the HTTP status.
 *
 * A name that does not resolve or a route that is not there is the network's fault, ours or
 * somebody's between. A host that refuses, or answers that it is broken, is the venue's. What
 * could be either (a reset, a time-out) blames nobody.
 */
export function blameOf(failure: { readonly code?: string; readonly status?: number }): Blame {
  if (failure.status !== undefined) return failure.status >= 500 ? 'venue' : 'unknown'
  if (failure.code === 'ECONNREFUSED') return 'venue'
  return failure.code !== undefined && NETWORK.has(failure.code) ? 'network' : 'unknown'
}

/** Joins the blame of several failures: one that all agree on, else `unknown`. */
export function joinBlame(a: Blame | null, b: Blame): Blame {
  return a === null || a === b ? b : 'unknown'
}
