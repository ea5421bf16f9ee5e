import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJson, isOneLineJson, isUtf8, JSON_DEPTH_MAX } from './validate.ts'

const encoder = new TextEncoder()

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Asks of text in the middle of other bytes that would change the answer if they were read. */
function ask(text: string, how = isOneLineJson): boolean {
  const inner = encoder.encode(text)
  const bytes = new Uint8Array(inner.length + 2).fill(0x31)
  bytes.set(inner, 1)
  return how(bytes, 1, bytes.length - 1)
}

const VALID = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.json({ maxDepth: 3, stringUnit: 'binary' }),
  fc.constantFrom(
    ' { "a" : [ 1 , -0.5e+3 , true , null ] } ',
    '"\\u00e9\\n\\"\\\\"',
    '[[],{},[{}],{"":[]}]',
    '\t1E5',
  ),
)
const ALPHABET = '{}[]",:\\ \t\n\r0123456789.-+eEutrfalsn\u0000\u001f\u007fé\u2028/'

/** Valid text with a few of its letters replaced, removed or doubled. */
const MUTATED = fc
  .tuple(
    VALID,
    fc.array(
      fc.tuple(fc.nat(), fc.constantFrom(...ALPHABET), fc.constantFrom('put', 'cut', 'add')),
      { maxLength: 3 },
    ),
  )
  .map(([text, changes]) => {
    let out = text
    for (const [where, letter, how] of changes) {
      const at = where % (out.length + 1)
      const rest = out.slice(how === 'add' ? at : at + 1)
      out = out.slice(0, at) + (how === 'cut' ? '' : letter) + rest
    }
    return out.toWellFormed()
  })

describe('isOneLineJson', () => {
  test('takes what JSON.parse takes, on one line', () => {
    fc.assert(
      fc.property(MUTATED, (text) => {
        expect(ask(text)).toBe(parses(text) && !/[\r\n]/.test(text))
      }),
      { numRuns: 10_000 },
    )
  })

  test('takes what JSON.parse takes of random letters', () => {
    const junk = fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 8 })
    fc.assert(
      fc.property(junk, (text) => {
        expect(ask(text)).toBe(parses(text) && !/[\r\n]/.test(text))
      }),
      { numRuns: 10_000 },
    )
  })

  test.each([
    ...['0', '-0', '1.5', '1e5', '1E-5', '0.0e+0', '""', '"\\/"', '[]', '{}', ' [ ] ', '{"":0}'],
    '"\u2028"',
    '"\u007f"',
    '{"a":1,"a":2}',
  ])('takes %j', (text) => {
    expect(ask(text)).toBe(true)
  })

  test.each([
    ...[
      '',
      ' ',
      '-',
      '01',
      '1.',
      '.5',
      '+1',
      '1e',
      '1e+',
      '0x1',
      'NaN',
      'Infinity',
      'nul',
      'truex',
    ],
    ...['"', '"\\', '"\\x"', '"\\u12"', '"\\u12g4"', '"\u0000"', '"\t"', "'a'"],
    ...['[', ']', '[1', '[1,', '[1,]', '[,1]', '[1 2]', '[1}', '{', '}', '{]', '{1:2}', '{"a"}'],
    ...[
      '{"a":}',
      '{"a":1,}',
      '{,}',
      '{"a" 1}',
      '{"a":1 "b":2}',
      '1 2',
      '{}{}',
      '\ufeff1',
      '\u00a01',
    ],
    ...['{\n}', '[1,\r\n2]', '1\n', '\n1'],
  ])('refuses %j', (text) => {
    expect(ask(text)).toBe(false)
  })

  test('neither overflows nor accepts nesting beyond its bound', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(ask(nested(200_000))).toBe(false)
    expect(ask('['.repeat(200_000))).toBe(false)
    expect(ask(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`)).toBe(false)
    expect(ask(`[${nested(JSON_DEPTH_MAX)}]`)).toBe(true)
    expect(ask(`[${nested(JSON_DEPTH_MAX + 1)}]`)).toBe(false)
  })
})

describe('isJson', () => {
  test('takes what JSON.parse takes, on any number of lines', () => {
    fc.assert(
      fc.property(MUTATED, (text) => {
        expect(ask(text, isJson)).toBe(parses(text))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('isUtf8', () => {
  test('takes well-formed text and refuses everything else', () => {
    const strict = new TextDecoder('utf-8', { fatal: true })
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => encoder.encode(text)),
    )
    fc.assert(
      fc.property(bytes, (some) => {
        let sound = true
        try {
          strict.decode(some)
        } catch {
          sound = false
        }
        const padded = new Uint8Array([0xff, ...some, 0xff])
        expect(isUtf8(padded, 1, padded.length - 1)).toBe(sound)
      }),
      { numRuns: 3000 },
    )
  })
})
