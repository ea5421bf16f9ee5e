import { expect, test } from 'vitest'
import { createOpenFault } from '../faults/fault.ts'
import { createSymbolFaults } from '../faults/symbol-faults.ts'
import { createBarFaults } from './bar-faults.ts'

const MINUTE_US = 60_000_000

function inject(kind: 'kline_late' | 'kline_missing', ms?: number) {
  const faults = createSymbolFaults()
  const facts = { id: 0, venue: 'kraken', timeUs: 0, untilUs: null, product: 'BTC/USD' } as const
  const fault = createOpenFault({ kind, product: 'BTC/USD', ms }, facts)
  faults.add(kind, 'BTC/USD', fault)
  return { fault, bars: createBarFaults(faults) }
}

test('a late bar is kept back for the rest of its minute and due once, after it', () => {
  const { bars, fault } = inject('kline_late', 700)
  expect(bars.holds('ETH/USD', MINUTE_US)).toBe(false)
  expect([bars.holds('BTC/USD', MINUTE_US), bars.holds('BTC/USD', MINUTE_US)]).toEqual([true, true])
  expect(bars.holds('BTC/USD', 2 * MINUTE_US)).toBe(false)
  expect(fault.record.minutes_us).toEqual([MINUTE_US])
  expect(bars.due(2 * MINUTE_US + 699_999)).toEqual([])
  const late = { product: 'BTC/USD', openTimeUs: MINUTE_US, dueUs: 2 * MINUTE_US + 700_000 }
  expect(bars.due(2 * MINUTE_US + 700_000)).toEqual([late])
  expect(bars.due(3 * MINUTE_US)).toEqual([])
})

test('a missing bar is never due', () => {
  const { bars } = inject('kline_missing')
  expect(bars.holds('BTC/USD', MINUTE_US)).toBe(true)
  expect(bars.due(10 * MINUTE_US)).toEqual([])
})
