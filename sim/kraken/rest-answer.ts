import type { RestAnswer } from '../service/rest-answer.ts'

/** Returns a result, given as JSON text: numbers beyond a double stay as they are. */
export function resultAnswer(result: string): RestAnswer {
  return { status: 200, body: `{"error":[],"result":${result}}` }
}

/** Returns the venue's way to say no: one error in a list, with a status that says nothing. */
export function errorAnswer(
  error: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): RestAnswer {
  return { status, body: JSON.stringify({ error: [error] }), headers }
}

/** The answer to parameters that make no sense. */
export const INVALID = errorAnswer('EGeneral:Invalid arguments')
