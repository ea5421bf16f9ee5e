import { expect, test } from 'vitest'
import { bookChecksum } from './checksum.ts'

const levels = (text: string) =>
  text.split(' ').map((level) => {
    const [price = '', qty = ''] = level.split('/')
    return { price, qty }
  })

// The venue's documented example (guide "spot-ws-book-v2").
const ASKS = levels(
  '45285.2/0.00100000 45286.4/1.54571953 45286.6/1.54571109 45289.6/1.54560911 ' +
    '45290.2/0.15890660 45291.8/1.54553491 45294.7/0.04454749 45296.1/0.35380000 ' +
    '45297.5/0.09945542 45299.5/0.18772827',
)
const BIDS = levels(
  '45283.5/0.10000000 45283.4/1.54582015 45282.1/0.10000000 45281.0/0.10000000 ' +
    '45280.3/1.54592586 45279.0/0.07990000 45277.6/0.03310103 45277.5/0.30000000 ' +
    '45277.3/1.54602737 45276.6/0.15445238',
)

test('the documented book has the documented checksum', () => {
  expect(bookChecksum(ASKS, BIDS)).toBe(3_310_070_434)
})

test('levels below the tenth do not count, zeros at the end of a number do', () => {
  const deeper = [...BIDS, { price: '45270.0', qty: '9.00000000' }]
  expect(bookChecksum(ASKS, deeper)).toBe(3_310_070_434)
  const trimmed = [{ price: '45285.2', qty: '0.001' }, ...ASKS.slice(1)]
  expect(bookChecksum(trimmed, BIDS)).not.toBe(3_310_070_434)
})

test('a small price loses its leading zeros', () => {
  const one = bookChecksum([{ price: '0.000007', qty: '0.05000000' }], [])
  expect(one).toBe(bookChecksum([{ price: '7', qty: '5000000' }], []))
})
