import type { RestAnswer } from '../service/rest-answer.ts'

/** Returns the venue's way to say no: a status, its own code, and words. */
export function refusal(
  status: number,
  error: { readonly code: number; readonly msg: string },
  headers: Readonly<Record<string, string>> = {},
): RestAnswer {
  return { status, body: JSON.stringify(error), headers }
}

/** Returns the refusal of a parameter that is no number. */
export function illegal(name: string): RestAnswer {
  const msg = `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`
  return refusal(400, { code: -1100, msg })
}

/** Whole numbers among the parameters: `null` where absent, or the refusal of a bad one. */
export function readNumbers<Name extends string>(
  query: URLSearchParams,
  names: readonly Name[],
): Readonly<Record<Name, number | null>> | RestAnswer {
  const numbers = {} as Record<Name, number | null>
  for (const name of names) {
    const text = query.get(name)
    if (text !== null && !/^[0-9]{1,15}$/.test(text)) return illegal(name)
    numbers[name] = text === null ? null : Number(text)
  }
  return numbers
}

/** Whether reading parameters ended in a refusal. */
export function isAnswer(value: object): value is RestAnswer {
  return 'body' in value && 'status' in value
}
