import { expect, test } from 'vitest'
import { csvRecord } from './csv.ts'

test('cells are separated by commas, and the record ends as RFC 4180 has it', () => {
  expect(csvRecord(['a', 1, true, null, 'b'])).toBe('a,1,true,,b\r\n')
})

test('a cell with a comma, a quote or a line break stands in quotes, its quotes doubled', () => {
  expect(csvRecord(['a,b', 'say "x"', 'one\ntwo', 'one\rtwo'])).toBe(
    '"a,b","say ""x""","one\ntwo","one\rtwo"\r\n',
  )
})

test.each(['=1+2', '+cmd', '-a', '@sum', '\tx', '\0x'])(
  'a spreadsheet takes %j for text, not for a formula',
  (cell) => {
    expect(csvRecord([cell])).toBe(`'${cell}\r\n`)
  },
)

test('a formula that begins with a carriage return is disarmed and quoted', () => {
  expect(csvRecord(['\r=1'])).toBe(`"'\r=1"\r\n`)
})

test('numbers stay numbers, negative ones and decimal text too', () => {
  expect(csvRecord(['-1.5', -2, '0.00000021', '84149.24'])).toBe('-1.5,-2,0.00000021,84149.24\r\n')
})
