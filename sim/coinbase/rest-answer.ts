import type { RestAnswer } from '../service/rest-answer.ts'

/** Returns the venue's way to say no: a status and one message. */
export function refusal(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): RestAnswer {
  return { status, body: JSON.stringify({ message }), headers }
}
