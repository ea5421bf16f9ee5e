import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSymbol, SYMBOL_BYTES_MAX } from './symbol.ts'

const encoder = new TextEncoder()

function read(text: string): string | null {
  const bytes = encoder.encode(`"${text}"`)
  return readSymbol(bytes, 1, bytes.length - 1)
}

test('spells the bytes it is given, whatever was read before', () => {
  const symbols = fc.array(fc.stringMatching(/^[!#-[\]-~]{1,64}$/), { maxLength: 50 })
  fc.assert(
    fc.property(symbols, (list) => {
      for (const symbol of [...list, ...list.toReversed()]) expect(read(symbol)).toBe(symbol)
    }),
  )
})

test('stays right when more symbols come than it remembers', () => {
  for (let i = 0; i < 10_000; i += 1) expect(read(`S${i}-USD`)).toBe(`S${i}-USD`)
  for (let i = 0; i < 10_000; i += 1) expect(read(`S${i}-USD`)).toBe(`S${i}-USD`)
})

test.each(['', ' ', 'BTC USD', 'BTC\u0000', 'é', '"', '\\', '\u007f', 'A'.repeat(65)])(
  'is null for %j',
  (text) => {
    expect(read(text)).toBeNull()
  },
)

test('takes symbols of up to its bound', () => {
  expect(read('A'.repeat(SYMBOL_BYTES_MAX))).toHaveLength(SYMBOL_BYTES_MAX)
})
