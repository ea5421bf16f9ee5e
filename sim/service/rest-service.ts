import type { FaultRequest } from '../faults/fault.ts'
import type { RestFaults } from '../faults/rest-faults.ts'
import type { RestRequest, VenueCounters, VenueRest } from '../venue-sim.ts'
import { WHOLE_PAGE } from '../venue-sim.ts'
import type { Bans } from './bans.ts'
import type { RestAnswer } from './rest-answer.ts'

/** An answer and how the connection mistreats it. */
export interface ServedAnswer extends RestAnswer {
  /** Bytes after which the connection is cut, `null` for all of them. */
  readonly cutAfter: number | null
  /** Milliseconds over which the body dribbles out. */
  readonly slowMs: number
}

/** What stands around the REST side of a venue. */
export interface RestService {
  readonly rest: VenueRest
  readonly faults: RestFaults
  readonly bans: Bans
  readonly banMs: number
  readonly counters: VenueCounters
}

const HTML =
  '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>' +
  '<body><center><h1>502 Bad Gateway</h1></center></body></html>'

const WHOLE = { cutAfter: null, slowMs: 0 }
const SOMETIME = { retryAfterSeconds: null, untilUs: null }

function secondsUntil(untilUs: number, nowUs: number): number {
  return Math.ceil((untilUs - nowUs) / 1e6)
}

function startBan(service: RestService, request: RestRequest, fault: FaultRequest): RestAnswer {
  // Whole seconds, as the header can say no other.
  const seconds = Math.max(1, Math.ceil(fault.seconds ?? service.banMs / 1000))
  service.bans.start(request.address, seconds, request.nowUs)
  return service.rest.refuse({
    reason: 'limited',
    status: null,
    retryAfterSeconds: seconds,
    untilUs: request.nowUs + seconds * 1e6,
  })
}

function strike(service: RestService, request: RestRequest, fault: FaultRequest): ServedAnswer {
  const { rest } = service
  const { rows = 10, ms = 500, retryAfterSeconds = 1, status = null } = fault
  const answer = () => rest.answer(request, WHOLE_PAGE)
  switch (fault.kind) {
    case 'ban':
      return { ...startBan(service, request, fault), ...WHOLE }
    case 'rest_429': {
      const untilUs = retryAfterSeconds === null ? null : request.nowUs + retryAfterSeconds * 1e6
      return { ...rest.refuse({ reason: 'limited', status, retryAfterSeconds, untilUs }), ...WHOLE }
    }
    case 'rest_status':
      return { ...rest.refuse({ reason: 'failed', status, ...SOMETIME }), ...WHOLE }
    case 'rest_html':
      return { status: 200, body: HTML, headers: { 'Content-Type': 'text/html' }, ...WHOLE }
    case 'rest_empty':
      return { ...rest.answer(request, { rowsMax: 0, overlap: 0 }), ...WHOLE }
    case 'rest_short':
      return { ...rest.answer(request, { rowsMax: rows, overlap: 0 }), ...WHOLE }
    case 'rest_overlap':
      return { ...rest.answer(request, { rowsMax: null, overlap: rows }), ...WHOLE }
    case 'rest_slow':
      return { ...answer(), ...WHOLE, slowMs: ms }
    case 'rest_truncate': {
      const full = answer()
      return { ...full, ...WHOLE, body: full.body.slice(0, full.body.length >> 1) }
    }
    default: {
      const full = answer()
      const cutAfter = fault.kind === 'rest_cut' ? full.body.length >> 1 : null
      return { ...full, ...WHOLE, cutAfter }
    }
  }
}

/** Answers one request, as bans, the venue's limit and the faults under way allow. */
export function answerRest(service: RestService, request: RestRequest): ServedAnswer {
  const { rest, counters } = service
  counters.restRequests += 1
  const untilUs = service.bans.strike(request.address, request.nowUs)
  if (untilUs !== null) {
    const retryAfterSeconds = secondsUntil(untilUs, request.nowUs)
    const refused = { reason: 'banned', status: null, retryAfterSeconds, untilUs } as const
    return { ...rest.refuse(refused), ...WHOLE }
  }
  const limited = rest.admit(request)
  if (limited !== null) {
    counters.restLimited += 1
    return { ...limited, ...WHOLE }
  }
  const fault = service.faults.take(request.path, request.nowUs)
  if (fault === null) return { ...rest.answer(request, WHOLE_PAGE), ...WHOLE }
  return strike(service, request, fault.record.request)
}
