/** What a client asks for over its socket. */
export interface SocketRequest {
  readonly method: string
  readonly params: readonly unknown[]
  readonly id: number
}

/** The venue's complaint about a message, and the id it had, if it had one. */
export interface Complaint {
  readonly code: number
  readonly msg: string
  readonly id?: number
}

/** Methods a client may call. */
export const METHODS = [
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'LIST_SUBSCRIPTIONS',
  'SET_PROPERTY',
  'GET_PROPERTY',
]

const INVALID_REQUEST = 2
const INVALID_JSON = 3

/** Reads a message, or says what is wrong with it in the venue's words. */
export function readRequest(text: string): SocketRequest | Complaint {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return { code: INVALID_JSON, msg: 'Invalid JSON: expected value at line 1 column 1' }
  }
  const { method, params = [], id } = (message ?? {}) as Readonly<Record<string, unknown>>
  if (!Number.isSafeInteger(id) || Number(id) < 0) {
    return { code: INVALID_REQUEST, msg: 'Invalid request: request ID must be an unsigned integer' }
  }
  const complain = (why: string) => ({
    code: INVALID_REQUEST,
    msg: `Invalid request: ${why}`,
    id: Number(id),
  })
  if (typeof method !== 'string') return complain('missing field `method` at line 1 column 1')
  if (!METHODS.includes(method)) {
    const known = METHODS.map((name) => `\`${name}\``).join(', ')
    return complain(`unknown variant \`${method}\`, expected one of ${known} at line 1 column 1`)
  }
  if (!Array.isArray(params)) return complain('data did not match any variant')
  const streams = method === 'SUBSCRIBE' || method === 'UNSUBSCRIBE'
  if (streams && params.some((name) => typeof name !== 'string')) {
    return complain('data did not match any variant')
  }
  return { method, params, id: Number(id) }
}
