import type { FaultKind, OpenFault } from './fault.ts'

/** A fault that waits for a REST request to strike. */
interface Waiting {
  readonly fault: OpenFault
  readonly path: string
  left: number
}

/** Faults of the REST side, each for the next so many answers. */
export interface RestFaults {
  add(fault: OpenFault): void
  /** The fault that strikes this request, if any; counts it. */
  take(path: string, nowUs: number): OpenFault | null
}

// Faults of a page only make sense where pages are served.
const PAGE_KINDS: readonly FaultKind[] = [
  'rest_truncate',
  'rest_cut',
  'rest_short',
  'rest_overlap',
  'rest_empty',
]

/**
 * Returns an empty list of REST faults.
 *
 * Faults of pages wait for `tradesPath` unless they name a path themselves; `counters` gets
 * the requests that come in spite of an unexpired `Retry-After`.
 */
export function createRestFaults(
  tradesPath: string,
  counters: { requestsWhileBanned: number },
): RestFaults {
  let waiting: Waiting[] = []
  let ban: { readonly fault: OpenFault; readonly untilUs: number } | null = null
  return {
    add(fault) {
      const request = fault.record.request
      const path = request.path ?? (PAGE_KINDS.includes(request.kind) ? tradesPath : '')
      waiting.push({ fault, path, left: request.count ?? 1 })
    },
    take(path, nowUs) {
      if (ban !== null && nowUs < ban.untilUs) {
        counters.requestsWhileBanned += 1
        return ban.fault
      }
      const next = waiting.find((item) => path.includes(item.path))
      if (next === undefined) return null
      next.left -= 1
      if (next.left === 0) waiting = waiting.filter((item) => item !== next)
      next.fault.hit()
      const { kind, retryAfterSeconds = 1 } = next.fault.record.request
      if (kind === 'rest_429' && retryAfterSeconds !== null) {
        ban = { fault: next.fault, untilUs: nowUs + retryAfterSeconds * 1e6 }
      }
      return next.fault
    },
  }
}
