import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COLUMNS, INDICATORS } from '../../src/gold/indicators/indicators.ts'
import { BLOCK_BUCKETS } from '../../src/gold/indicators/look-back.ts'
import { CARRY_MAX } from '../../src/gold/indicators/price-memory.ts'
import { createIndicatorStream } from '../../src/gold/indicators/stream.ts'
import { ROOT } from './sources.ts'

const page = readFileSync(join(ROOT, 'docs/INDICATORS.md'), 'utf8')

test('every column of a row is declared, once and in order', () => {
  const candle = { openTimeUs: 0, high: 1, low: 1, close: 1, complete: true }
  const row = createIndicatorStream('1m').push(candle)
  expect(['open_time_us', ...COLUMNS]).toEqual(Object.keys(row ?? {}))
})

test('docs/INDICATORS.md has the table of what is declared, line by line', () => {
  const lines = INDICATORS.map(({ column, name, unit, candles, formula, source }) => {
    const needs = candles === 0 ? '–' : candles
    return `| \`${column}\` | ${name} | ${unit} | ${needs} | ${formula} | ${source} |`
  })
  expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(lines)
})

test('docs/INDICATORS.md tells the bounds that the code has', () => {
  expect(page).toContain(`${BLOCK_BUCKETS} buckets`)
  expect(page).toContain(`${2 * BLOCK_BUCKETS - 1}`)
  expect(page).toContain(`${CARRY_MAX} buckets`)
})
