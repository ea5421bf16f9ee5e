import type { RestAnswer } from '../service/rest-answer.ts'
import { json } from '../service/rest-answer.ts'

/** Returns the venue's way to say that a request makes no sense: words alone. */
export function complaint(status: number, error: string): RestAnswer {
  return { ...json({ error }), status }
}

/**
 * Returns the venue's way to turn a request down: a number and words, under whatever HTTP
 * status; "too many" has come with 200.
 */
export function numberedComplaint(
  code: number,
  answer: { readonly status: number; readonly retryAfterSeconds: number | null },
): RestAnswer {
  const { status, retryAfterSeconds } = answer
  const words = code === 429 ? "You've exceeded the Rate Limit." : 'Service Unavailable'
  const headers: Record<string, string> = {}
  if (retryAfterSeconds !== null) headers['Retry-After'] = String(Math.ceil(retryAfterSeconds))
  return { ...json({ status: { error_code: code, error_message: words } }, headers), status }
}

/** Returns an answer whose body is written already. */
export function written(body: string): RestAnswer {
  return { status: 200, body }
}
