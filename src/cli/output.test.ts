import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Column } from './output.ts'
import { printRows, tableText } from './output.ts'

interface Row {
  readonly name: string
  readonly size: string | null
  readonly note: string
}

const ROWS: readonly Row[] = [
  { name: 'BTC-USD', size: '12.5', note: 'a\u001b[2J' },
  { name: 'ETH-USD', size: null, note: '=b' },
]
const COLUMNS: readonly Column<Row>[] = [
  { key: 'name', title: 'product' },
  { key: 'size', align: 'right' },
  { key: 'note', where: 'data' },
]

let printed = ''
beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

test('people get columns side by side, numbers on the right, nothing behind them', () => {
  expect(tableText(ROWS, COLUMNS).split('\n')).toEqual([
    'product  size',
    'BTC-USD  12.5',
    'ETH-USD     -',
  ])
})

test('text of a venue cannot move the cursor', () => {
  expect(tableText(ROWS, [{ key: 'note' }])).toContain('a\\x1b[2J')
})

test('programs get the rows as they are, on one line', () => {
  printRows(ROWS, { json: true, columns: COLUMNS })
  expect(printed).toBe(`${JSON.stringify(ROWS)}\n`)
  printed = ''
  printRows([], { json: true, columns: COLUMNS })
  expect(printed).toBe('[]\n')
})

test('spreadsheets get every field by its key', () => {
  printRows(ROWS, { csv: true, columns: COLUMNS })
  expect(printed).toBe("name,size,note\r\nBTC-USD,12.5,a\u001b[2J\r\nETH-USD,,'=b\r\n")
})

test('where there is nothing, people are told so', () => {
  printRows([], { columns: COLUMNS, empty: 'No gaps.' })
  expect(printed).toBe('No gaps.\n')
})
