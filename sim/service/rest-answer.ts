/** An HTTP answer before any fault touches it. */
export interface RestAnswer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Returns a JSON answer. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): RestAnswer {
  return { status: 200, body: JSON.stringify(value), headers }
}
