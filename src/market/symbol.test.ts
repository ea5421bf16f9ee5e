import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSymbol, SYMBOL_BYTES_MAX } from './symbol.ts'

const encoder = new TextEncoder()

function read(text: string): string | null {
  const bytes = encoder.encode(`"${text}"`)
  return readSymbol(bytes, 1, bytes.length - 1)
}

test('spells the bytes it is given, whatever was read before', () => {
  const one = fc.stringMatching(/^[!#-&(-:=?-[\]-_a-~]{1,64}$/)
  const symbols = fc.array(
    one.filter((symbol) => !symbol.includes('..')),
    { maxLength: 50 },
  )
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

const NO_SYMBOLS = ['', ' ', 'BTC USD', 'BTC\u0000', 'é', '"', '\\', '\u007f', 'A'.repeat(65)]
const HOSTILE = ["';DROP/**/TABLE/**/t--", '../../etc/passwd', 'a..b', '..', '<b>', '`id`', 'a;b']

test.each([...NO_SYMBOLS, ...HOSTILE])('is null for %j', (text) => {
  expect(read(text)).toBeNull()
})

test('is whatever signs venues use', () => {
  const used = ['tBTCF0:USTF0', 'XBT/USD', '.BXBT', '@107', 'BTCUSDT_240628', 'BTC-28JUN24-60000-C']
  for (const symbol of [...used, 'BTC.D', 'A+B$']) expect(read(symbol)).toBe(symbol)
})

test('takes symbols of up to its bound', () => {
  expect(read('A'.repeat(SYMBOL_BYTES_MAX))).toHaveLength(SYMBOL_BYTES_MAX)
})
