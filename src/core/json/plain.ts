import { Buffer } from 'node:buffer'

/** `JSON.rawJSON` and the source that `JSON.parse` tells of, which the typings do not know yet. */
interface SourceJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): unknown
}

const json = JSON as unknown as SourceJson

// Characters that JSON writes as an escape, lone surrogates among them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point.
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/

/**
 * Rewrites JSON in its plainest form: no needless escapes, no key twice, no white space.
 *
 * The way of the few values the scanner cannot read: `JSON.parse` decides what they say, and
 * the digits of numbers are carried over untouched. Members of the outermost object whose
 * very name needs an escape are left out, since no scanner looks for one. Returns `null` where
 * it is no JSON.
 */
export function plainJson(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
  try {
    const value = json.parse(text, (_key, item, { source }) =>
      typeof item === 'number' && source !== undefined ? json.rawJSON(source) : item,
    )
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const key of Object.keys(value)) {
        if (ESCAPED.test(key)) Reflect.deleteProperty(value, key)
      }
    }
    return Buffer.from(JSON.stringify(value))
  } catch {
    return null
  }
}
