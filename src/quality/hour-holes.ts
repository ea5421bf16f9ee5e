import { formatTimeUs } from '../market/bucket.ts'
import type { Hole } from '../silver/holes.ts'
import type { CertifiedHole } from './certificate.ts'
import { HOUR_US, type HourFacts, type MissingIds } from './hour-facts.ts'

/**
 * Returns the holes that reach into an hour, by time or by id, and the ids missing between its
 * trades that no scope answers for: the paper lists those too.
 */
export function holesOf(
  listed: readonly Hole[],
  facts: HourFacts,
  hourUs: number,
): readonly CertifiedHole[] {
  const { first, last } = facts
  const near = listed.filter((hole) => {
    // A hole ends at the trade after it, and may be of that trade's very time.
    const isInTime = hole.fromUs < hourUs + HOUR_US && hole.toUs >= hourUs
    if (isInTime || first === null || last === null) return isInTime
    return (hole.firstId ?? last + 1) <= last && (hole.lastId ?? -1) >= first
  })
  return [...near.map(certifiedHole), ...facts.missing.flatMap((range) => without(range, near))]
}

/** The parts of a missing range that no listed hole tells of. */
function without(range: MissingIds, listed: readonly Hole[]): CertifiedHole[] {
  const span = { from: formatTimeUs(range.fromUs), to: formatTimeUs(range.toUs) }
  const about = { ...span, verdict: 'open' as const, attempts: 0, evidence: 'no scope holds it' }
  const told = listed
    .filter(({ verdict }) => verdict !== 'repaired')
    .flatMap(({ firstId, lastId }) =>
      firstId === null || lastId === null ? [] : [{ firstId, lastId }],
    )
    .sort((a, b) => a.firstId - b.firstId)
  const parts: CertifiedHole[] = []
  let from = range.firstId
  for (const { firstId, lastId } of [...told, { firstId: range.lastId + 1, lastId: 0 }]) {
    const end = Math.min(firstId, range.lastId + 1)
    if (end > from) parts.push({ first_id: from, last_id: end - 1, ...about })
    from = Math.max(from, lastId + 1)
  }
  return parts
}

function certifiedHole(hole: Hole): CertifiedHole {
  const { firstId, lastId, fromUs, toUs, verdict, attempts, evidence } = hole
  const span = { from: formatTimeUs(fromUs), to: formatTimeUs(toUs) }
  return { first_id: firstId, last_id: lastId, ...span, verdict, attempts, evidence }
}
