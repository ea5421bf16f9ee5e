/** What a cell of a table may hold. */
export type Cell = string | number | boolean | null

// What a spreadsheet may take for a formula, unless it is plainly a number.
const FORMULA = /^[=+\-@\t\0\r]/
const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/

/**
 * Returns one record of a CSV file (RFC 4180) with its line ending.
 *
 * A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay
 * numbers, negative ones too. Nothing stands for null.
 */
export function csvRecord(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const text = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
