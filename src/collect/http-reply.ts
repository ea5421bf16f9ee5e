import type { Agent } from 'undici'
import { request } from 'undici'
import { AssayError, systemCode } from '../core/errors.ts'
import { retryAfterMs } from './retry-after.ts'

const BODY_BYTES_MAX = 64 * 1024 * 1024

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
    headers: { 'user-agent': options.userAgent, accept: 'application/json' },
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
    const afterMs = retryAfterMs(retryAfter, about.nowUs)
    const context = { status, ...(afterMs === null ? {} : { afterMs }) }
    const message = `${about.venue} asks for a pause in requests`
    return new AssayError('ASSAY_RATE_LIMITED', message, { retry: 'after', context })
  }
  const broken = status === 408 || status >= 500
  if (!broken && (about.json || status !== 200)) return null
  const what = broken ? `status ${status}` : 'a page that is not whole JSON'
  const message = `${about.venue} answered with ${what}`
  return new AssayError('ASSAY_HTTP_STATUS', message, { retry: 'backoff', context: { status } })
}
