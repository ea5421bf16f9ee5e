import { formatTimeUs, parseTimeUs } from '../market/bucket.ts'
import { type Certificate, isUnchanged } from './certificate.ts'
import { parseCertificate } from './certificate-schema.ts'
import { positionsOf, readEvidence } from './evidence.ts'
import type { HourFacts, HourTrade } from './hour-facts.ts'
import { conditionOf, createHourFold, idsOf } from './hour-facts.ts'
import { collectReports, type Reports, standingReports } from './reports.ts'

/** What the raw log says to a certificate. */
export interface Verdict {
  /** The paper, where it is a certificate at all. */
  readonly certificate: Certificate | null
  /** Every way in which it is not borne out; none if it holds. */
  readonly problems: readonly string[]
  /** What it claims and no raw record was asked about. */
  readonly notes: readonly string[]
  /** Records read, and trades of the hour found in them, aggregates by what they stand for. */
  readonly records: number
  readonly trades: number
}

/**
 * Checks a paper against the raw log alone: that it is a certificate, and unchanged; that its
 * records are there and unchanged; that they decode to just these trades, sums and ids; and that
 * every id between the first and the last is held or listed. No warehouse is asked.
 *
 * An edge of the hour that only a heartbeat or a candle of the venue's proves, and what became of
 * the holes, are not checked again: of the first a note tells.
 */
export function verifyCertificate(dataDir: string, paper: unknown): Verdict {
  const { certificate, problem } = parseCertificate(paper)
  const nothing = { notes: [], records: 0, trades: 0 }
  if (certificate === null) return { certificate, problems: [problem], ...nothing }
  if (!isUnchanged(certificate)) {
    const changed = 'it was changed since it was issued: it no longer has its own hash'
    return { certificate, problems: [changed], ...nothing }
  }
  const reports: Reports = new Map()
  const read = readEvidence(dataDir, positionsOf(certificate.evidence), (record) =>
    collectReports(record, certificate, reports),
  )
  const rivals = certificate.rivals.map(([firstId, lastId]) => ({ firstId, lastId }))
  const standing = standingReports(reports, rivals)
  const fold = createHourFold(parseTimeUs(certificate.hour) ?? 0)
  for (const report of standing) fold.add(report)
  const facts = fold.finish()
  const problems: string[] = []
  if (read.missing > 0) {
    const why = read.deleted > 0 ? `; retention deleted ${read.deleted}` : ''
    problems.push(`the raw log lacks ${read.missing} of the records${why}`)
  }
  if (read.list.hash !== certificate.evidence.hash) {
    problems.push('the records do not hash to the evidence')
  }
  problems.push(
    ...falseClaims(certificate, facts),
    ...unlistedIds(certificate, facts),
    ...looseNeighbours(certificate, standing),
  )
  const records = read.list.records - read.missing
  return { certificate, problems, notes: notesOn(certificate), records, trades: facts.held }
}

/** Compares what a certificate claims with what its records come to. */
function falseClaims(certificate: Certificate, facts: HourFacts): string[] {
  const { minutes, condition, holes } = certificate
  const sum = minutes.traded + minutes.no_trades + minutes.venue_down + minutes.unknown
  const claims: readonly (readonly [name: string, claimed: unknown, found: unknown])[] = [
    ['hash of the trades', certificate.facts_hash, facts.hash],
    ['number of trades held', certificate.ids.held, facts.held],
    ['number of trades expected', certificate.ids.expected, idsOf(facts, holes).expected],
    ['first id', certificate.ids.first, idsOf(facts, holes).first],
    ['last id', certificate.ids.last, idsOf(facts, holes).last],
    ['volume', certificate.volume, facts.volume],
    ['notional', certificate.notional, facts.notional],
    ['trades from the socket', certificate.sources.ws, facts.sources.ws],
    ['trades from REST', certificate.sources.rest, facts.sources.rest],
    ['trades from files', certificate.sources.import, facts.sources.import],
    ['minutes with trades', minutes.traded, facts.traded],
    ['minutes in all', sum, 60],
    ['condition', condition, conditionOf(certificate, condition !== 'pending')],
  ]
  return claims
    .filter(([, claimed, found]) => claimed !== found)
    .map(([name, claimed, found]) => `${name}: it says ${claimed}, and its records ${found}`)
}

/** Names ids between the first and the last that are neither held nor in a listed hole. */
function unlistedIds({ holes }: Certificate, facts: HourFacts): string[] {
  const listed = holes.filter(({ verdict }) => verdict !== 'repaired')
  const problems: string[] = []
  for (const { firstId, lastId } of facts.missing) {
    for (let id = firstId; id <= lastId; ) {
      const hole = listed.find((one) => (one.first_id ?? id + 1) <= id && id <= (one.last_id ?? -1))
      if (hole === undefined) {
        problems.push(`trade ${id} is neither held nor listed as missing`)
        break
      }
      id = (hole.last_id as number) + 1
    }
  }
  return problems
}

/** Names the trades beside the hour that are not there, or not next to its own. */
function looseNeighbours(certificate: Certificate, standing: readonly HourTrade[]): string[] {
  const { neighbours, ids } = certificate
  const found = {
    before: standing.find(({ firstId }) => firstId === neighbours.before?.id),
    after: standing.find(({ firstId }) => firstId === neighbours.after?.id),
  }
  // Those of an hour without trades are next to each other.
  const first = ids.first ?? found.after?.firstId
  const last = ids.last ?? found.before?.lastId
  return (['before', 'after'] as const).flatMap((side) => {
    const claimed = neighbours[side]
    const trade = found[side]
    if (claimed === null) return []
    const isThere = trade !== undefined && formatTimeUs(trade.eventTimeUs) === claimed.time
    const isNext =
      side === 'before' ? trade?.lastId === minus(first) : minus(trade?.firstId) === last
    return isThere && isNext ? [] : [`the trade ${side} the hour, ${claimed.id}, is not next to it`]
  })
}

function minus(id: number | undefined): number | undefined {
  return id === undefined ? undefined : id - 1
}

function notesOn({ condition, neighbours, ids }: Certificate): string[] {
  if (condition !== 'available') return []
  const isFirstEver = ids.first === 1
  return (['before', 'after'] as const)
    .filter((side) => neighbours[side] === null && !(side === 'before' && isFirstEver))
    .map((side) => `that nothing is missing ${side} its trades rests on the venue's word alone`)
}
