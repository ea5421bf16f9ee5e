import { Agent, request } from 'undici'
import { AssayError, systemCode } from '../../core/errors.ts'
import type { Handed, LineageSink, OutgoingEvent } from './sink.ts'

/** Where events are posted, and as whom. */
export interface HttpSinkOptions {
  /** The endpoint; without a path, the one that OpenLineage's receivers have. */
  readonly url: string
  /** Sent as a bearer's token. */
  readonly apiKey: string | null
  /** Longest wait for an answer. @default 10_000 */
  readonly timeoutMs?: number
}

const PATH = '/api/v1/lineage'
const WHY_CHARS_MAX = 200
const RETRY_AFTER_SECONDS_MAX = 3600

/** Answers that speak of the one event: it would be refused however often it came. */
const REFUSALS: ReadonlySet<number> = new Set([400, 409, 413, 415, 422])

/** Returns a sink that posts events to a receiver of OpenLineage, one by one. */
export function createHttpSink({ url, apiKey, timeoutMs = 10_000 }: HttpSinkOptions): LineageSink {
  const agent = new Agent({ connections: 1, connect: { timeout: timeoutMs } })
  const endpoint = endpointOf(url)
  const headers = {
    'content-type': 'application/json',
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
  }
  const post = async ({ event }: OutgoingEvent, signal: AbortSignal): Promise<Answer> => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const options = { dispatcher: agent, method: 'POST', headers, body: event } as const
    const answer = await request(endpoint, { ...options, signal: within })
    const text = await answer.body.text()
    const retryAfter = Number(answer.headers['retry-after'] ?? Number.NaN)
    return { status: answer.statusCode, text: text.slice(0, WHY_CHARS_MAX), retryAfter }
  }
  return {
    kind: 'http',
    async send(events, signal): Promise<Handed> {
      const refused: { seq: number; why: string }[] = []
      for (const [done, event] of events.entries()) {
        try {
          const answer = await post(event, signal)
          const failure = failureOf(endpoint, answer)
          if (failure !== null) return { done, refused, failure }
          if (answer.status >= 300) refused.push({ seq: event.seq, why: whyOf(answer) })
        } catch (cause) {
          return { done, refused, failure: unreachable(endpoint, cause) }
        }
      }
      return { done: events.length, refused, failure: null }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

interface Answer {
  readonly status: number
  readonly text: string
  /** Seconds; not a number where it does not say. */
  readonly retryAfter: number
}

function endpointOf(url: string): string {
  const parsed = new URL(url)
  if (parsed.pathname === '/' && parsed.search === '') parsed.pathname = PATH
  return parsed.href
}

/** What is not of this event, and may pass: also a key that is wrong until somebody mends it. */
function failureOf(endpoint: string, answer: Answer): AssayError | null {
  const { status, retryAfter } = answer
  if (status < 300 || REFUSALS.has(status)) return null
  const afterMs = Math.min(retryAfter, RETRY_AFTER_SECONDS_MAX) * 1000
  const waits = (status === 429 || status === 503) && afterMs >= 0
  const message = `${new URL(endpoint).host} did not take lineage: ${whyOf(answer)}`
  return new AssayError('ASSAY_SINK_FAILED', message, {
    retry: waits ? 'after' : 'backoff',
    context: { status, ...(waits ? { afterMs } : {}) },
  })
}

function whyOf({ status, text }: Answer): string {
  const said = text.replace(/\s+/g, ' ').trim()
  return said === '' ? `status ${status}` : `status ${status}, ${said}`
}

function unreachable(endpoint: string, cause: unknown): AssayError {
  const name = cause instanceof Error ? cause.name : 'unknown'
  const why = name === 'TimeoutError' ? 'no answer in time' : systemCode(cause) || name
  const message = `${new URL(endpoint).host} cannot be told of lineage (${why})`
  return new AssayError('ASSAY_SINK_FAILED', message, { retry: 'backoff', cause, context: { why } })
}
