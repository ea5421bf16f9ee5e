import type { Agent } from 'undici'
import { request } from 'undici'
import { AssayError, systemCode } from '../core/errors.ts'
import type { Heed } from '../venues/venue.ts'
import { retryAfterMs } from './retry-after.ts'

const BODY_BYTES_MAX = 64 * 1024 * 1024
/** The shortest ban that is known (Binance), where the venue does not say how long it is. */
const BAN_MS = 120_000

/** An HTTP answer, whole. Header names are in lower case. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** How to fetch one URL. */
export interface FetchOptions {
  readonly agent: Agent
  readonly userAgent: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Sent beside our own, such as a key; never kept and never told. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Fetches one URL whole, within `timeoutMs` and 64 MiB; redirects are not followed.
 *
 * @throws ASSAY_TIMEOUT or ASSAY_VENUE_UNREACHABLE; the signal's reason when aborted.
 */
export async function fetchReply(url: string, options: FetchOptions): Promise<Reply> {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  try {
    return await readReply(url, options, AbortSignal.any([options.signal, timeout]))
  } catch (cause) {
    options.signal.throwIfAborted()
    const why = systemCode(cause) || (cause instanceof Error ? cause.name : 'unknown')
    const code = timeout.aborted ? 'ASSAY_TIMEOUT' : 'ASSAY_VENUE_UNREACHABLE'
    const message = `${new URL(url).host} gave no answer (${timeout.aborted ? 'time-out' : why})`
    throw new AssayError(code, message, { retry: 'backoff', cause, context: { why } })
  }
}

async function readReply(url: string, options: FetchOptions, signal: AbortSignal): Promise<Reply> {
  const answer = await request(url, {
    dispatcher: options.agent,
    signal,
    headers: {
      'user-agent': options.userAgent,
      accept: 'application/json',
      ...options.headers,
    },
  })
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // Leaving the loop destroys the body and its connection.
    if (bytes > BODY_BYTES_MAX) throw new RangeError(`an answer above ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { status: answer.statusCode, headers, body: Buffer.concat(chunks, bytes) }
}

/**
 * Returns why an answer should be asked for again, or `null` where it is definite: every status
 * but 408, 418, 429 and 5xx, and of 200 only whole JSON.
 */
export function replyFailure(
  reply: Reply,
  about: { readonly venue: string; readonly nowUs: number; readonly json: boolean },
): AssayError | null {
  const { status } = reply
  const retryAfter = reply.headers['retry-after']
  // 418 is how some venues say that whoever went on after 429 is banned for a while.
  if (status === 429 || status === 418 || (status === 503 && retryAfter !== undefined)) {
    const afterMs = retryAfterMs(retryAfter, about.nowUs) ?? (status === 418 ? BAN_MS : null)
    return rateLimited(about.venue, { status, afterMs })
  }
  const broken = status === 408 || status >= 500
  if (!broken && (about.json || status !== 200)) return null
  const what = broken ? `status ${status}` : 'a page that is not whole JSON'
  return unavailable(about.venue, status, what)
}

/** What the venue itself says in an answer, by {@link replyFailure}'s measures. */
export interface Verdict {
  /** Why it should be asked for again, or `null`. */
  readonly failure: AssayError | null
  /** The venue's words of a definite no, or `null`. */
  readonly refused: string | null
  /** How long to rest after an answer that stands. */
  readonly restMs: number
}

/** Judges an answer by the venue's own complaint, where it has one, else by its status. */
export function judgeReply(
  reply: Reply,
  heed: Heed | null,
  about: { readonly venue: string; readonly nowUs: number; readonly json: boolean },
): Verdict {
  const { status } = reply
  const plain = { failure: null, refused: null, restMs: 0 }
  switch (heed?.kind) {
    case 'limited':
      return { ...plain, failure: rateLimited(about.venue, { status, afterMs: heed.afterMs }) }
    case 'unavailable':
      return { ...plain, failure: unavailable(about.venue, status, heed.message) }
    case 'refused':
      return { ...plain, refused: heed.message }
    default: {
      const failure = replyFailure(reply, about)
      const refused = failure === null && status !== 200 ? `status ${status}` : null
      return { failure, refused, restMs: heed?.kind === 'slow_down' ? heed.afterMs : 0 }
    }
  }
}

function rateLimited(
  venue: string,
  { status, afterMs }: { readonly status: number; readonly afterMs: number | null },
): AssayError {
  const context = { status, ...(afterMs === null ? {} : { afterMs }) }
  const message = `${venue} asks for a pause in requests`
  return new AssayError('ASSAY_RATE_LIMITED', message, { retry: 'after', context })
}

function unavailable(venue: string, status: number, what: string): AssayError {
  const message = `${venue} answered with ${what}`
  return new AssayError('ASSAY_HTTP_STATUS', message, { retry: 'backoff', context: { status } })
}
