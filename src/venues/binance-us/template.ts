import { assert } from '../../core/assert.ts'
import { FIELD, type FieldScanner } from '../../core/json/scan.ts'

/** Answered where the bytes differ from the template. */
export const NO_MATCH = -1

/** A text as words of four bytes, of which the last may overlap the one before it. */
interface Joint {
  readonly bytes: Uint8Array
  /** Empty where the text is shorter than a word. */
  readonly words: Int32Array
}

/**
 * A frame exactly as the venue writes it today, with places for its values.
 *
 * `joints[i]` is the text before the value `i`, of the kind `kinds[i]`; the last joint ends the
 * template. `fields[i]` is the index of the value in the scanner, or -1 where nobody wants it.
 */
export interface Template {
  readonly scanner: FieldScanner
  readonly joints: readonly Joint[]
  readonly kinds: Uint8Array
  readonly fields: Int32Array
}

const KIND_OF: Readonly<Record<string, number>> = {
  '#': FIELD.number,
  $: FIELD.string,
  '?': FIELD.literal,
}

/**
 * Returns a template of `text`, whose values are noted in `scanner` as a scan of it would.
 *
 * In the text `#` stands for a whole number, `$` for what is between two quotes, `?` for `true`
 * or `false`; each follows its key. Neither sign may stand elsewhere.
 */
export function createTemplate(scanner: FieldScanner, text: string): Template {
  const parts = text.split(/[#$?]/)
  const signs = text.match(/[#$?]/g) ?? []
  const fields = parts.slice(0, -1).map((joint) => {
    const key = /"([^"]+)":"?$/.exec(joint)?.[1]
    assert(key !== undefined, 'a value of a template follows its key')
    return scanner.names.indexOf(key)
  })
  return {
    scanner,
    joints: parts.map(createJoint),
    kinds: Uint8Array.from(signs, (sign) => KIND_OF[sign] as number),
    fields: Int32Array.from(fields),
  }
}

/** A view of the buffer read last: a log is read in large blocks, a view for each frame is not. */
let viewed: DataView = new DataView(new ArrayBuffer(0))

/**
 * Compares the bytes at `start` with a template and notes its values in the scanner.
 *
 * Returns the index after it, or {@link NO_MATCH}, with the scanner in an unknown state, for
 * anything that differs in the least: the scanner must look for itself then. The bytes must be
 * valid JSON, as for a scan.
 */
export function matchTemplate(
  template: Template,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const { scanner, joints, kinds, fields } = template
  if (bytes.buffer !== viewed.buffer) viewed = new DataView(bytes.buffer)
  const view = viewed
  const shift = bytes.byteOffset
  const count = kinds.length
  let at = start
  for (let i = 0; ; i += 1) {
    const joint = joints[i] as Joint
    const length = joint.bytes.length
    if (at + length > end || !isAt(view, joint, at + shift)) return NO_MATCH
    at += length
    // Most frames that are something else differ in their first joint.
    if (i === 0) for (let k = 0; k < scanner.kinds.length; k += 1) scanner.kinds[k] = FIELD.absent
    if (i === count) return at
    const kind = kinds[i] as number
    const from = at
    at = valueEnd(bytes, from, end, kind)
    // Text may be empty, a number or a word may not; where a value goes on, the joint differs.
    if (at === from && kind !== FIELD.string) return NO_MATCH
    const field = fields[i] as number
    if (field < 0) continue
    scanner.kinds[field] = kind
    scanner.starts[field] = from
    scanner.ends[field] = at
  }
}

function createJoint(text: string): Joint {
  const bytes = new TextEncoder().encode(text)
  const source = new DataView(bytes.buffer)
  const words: number[] = []
  for (let at = 0; at + 4 < bytes.length; at += 4) words.push(source.getInt32(at, true))
  if (bytes.length >= 4) words.push(source.getInt32(bytes.length - 4, true))
  return { bytes, words: Int32Array.from(words) }
}

/** Tells whether the joint's text stands at `at`. */
function isAt(view: DataView, { bytes, words }: Joint, at: number): boolean {
  const last = words.length - 1
  if (last < 0) {
    for (let k = 0; k < bytes.length; k += 1) if (view.getUint8(at + k) !== bytes[k]) return false
    return true
  }
  for (let k = 0; k < last; k += 1) {
    if (view.getInt32(at + k * 4, true) !== words[k]) return false
  }
  return view.getInt32(at + bytes.length - 4, true) === words[last]
}

/** Returns the index after the value, or where it turns out to be none of its kind. */
function valueEnd(bytes: Uint8Array, start: number, end: number, kind: number): number {
  let at = start
  if (kind === FIELD.string) {
    while (at < end && bytes[at] !== 0x22 && bytes[at] !== 0x5c) at += 1
  } else if (kind === FIELD.number) {
    if (bytes[at] === 0x2d) at += 1
    while (at < end && ((bytes[at] as number) ^ 0x30) <= 9) at += 1
  } else {
    while (at < end && (bytes[at] as number) >= 0x61 && (bytes[at] as number) <= 0x7a) at += 1
  }
  return at
}
