import { once } from 'node:events'
import { systemCode } from '../../core/errors.ts'
import type { Venue } from '../../venues/venue.ts'
import type { Context } from '../context.ts'
import { showDurationMs } from '../format.ts'
import { chosenVenues, hostsOf } from '../venue-settings.ts'
import type { Finding } from './doctor.ts'

const TIMEOUT_MS = 4000
// A venue's Date header counts whole seconds, and the answer took a while.
const SKEW_MS_MAX = 5000
const OFFLINE = 'offline, behind a proxy or blocked; `assay demo` needs no network'

/** Whether each venue answers, by REST and by socket, and its clock agrees with ours. */
export async function checkVenues(context: Context): Promise<Finding[]> {
  const findings = await Promise.all(
    chosenVenues(context.config).map((venue) => checkVenue(context, venue)),
  )
  return findings.flat()
}

async function checkVenue(context: Context, venue: Venue): Promise<Finding[]> {
  const { restUrl, wsUrl } = hostsOf(context.config, venue)
  const findings = await checkRest(context, restUrl, `${venue.name} REST`)
  if (wsUrl !== null) findings.push(await checkSocket(context, wsUrl, `${venue.name} socket`))
  return findings
}

async function checkRest({ clock }: Context, url: string, check: string): Promise<Finding[]> {
  const startMs = clock.monotonicMs()
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const answer = await fetch(withoutLogin(url), { method: 'HEAD', redirect: 'manual', signal })
    const tookMs = clock.monotonicMs() - startMs
    const found: Finding = { check, result: 'ok', detail: `${hostOf(url)} ${tookText(tookMs)}` }
    return [found, ...checkSkew(answer.headers.get('date'), clock.nowUs())]
  } catch (error) {
    return [unreachable(check, url, error)]
  }
}

function checkSkew(date: string | null, nowUs: number): Finding[] {
  const venueMs = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(venueMs)) return []
  const skewMs = nowUs / 1000 - venueMs
  if (Math.abs(skewMs) <= SKEW_MS_MAX) return []
  const away = `${showDurationMs(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'}`
  const detail = `this clock is ${away} the venue's: set it`
  return [{ check: 'clock', result: 'warn', detail }]
}

async function checkSocket({ clock }: Context, url: string, check: string): Promise<Finding> {
  const startMs = clock.monotonicMs()
  const { WebSocket } = await import('ws')
  const socket = new WebSocket(url, { handshakeTimeout: TIMEOUT_MS })
  try {
    await once(socket, 'open', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const detail = `${hostOf(url)} ${tookText(clock.monotonicMs() - startMs)}`
    return { check, result: 'ok', detail }
  } catch (error) {
    return unreachable(check, url, error)
  } finally {
    // Ending one that is still connecting is an error we caused and know of.
    socket.on('error', () => {})
    socket.terminate()
  }
}

function unreachable(check: string, url: string, error: unknown): Finding {
  const cause = error instanceof Error ? error.cause : undefined
  const why = systemCode(cause) || systemCode(error) || nameOf(error)
  return { check, result: 'warn', detail: `${hostOf(url)} gives no answer (${why}): ${OFFLINE}` }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error)
}

const hostOf = (url: string) => new URL(url).host

/** `fetch` refuses a URL that holds a name and a password. */
function withoutLogin(text: string): URL {
  return Object.assign(new URL(text), { username: '', password: '' })
}
const tookText = (ms: number) => `answers in ${showDurationMs(ms)}`
