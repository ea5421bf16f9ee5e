import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { bookChecksum, findPrecision } from './checksum.ts'
import { createSide, fillSide, setLevel } from './side.ts'

/** The test vector of the venue's guide, zeros at the end lost as on the wire. */
const ASKS: readonly (readonly [number, number])[] = [
  [45285.2, 0.001],
  [45286.4, 1.54571953],
  [45286.6, 1.54571109],
  [45289.6, 1.54560911],
  [45290.2, 0.1589066],
  [45291.8, 1.54553491],
  [45294.7, 0.04454749],
  [45296.1, 0.3538],
  [45297.5, 0.09945542],
  [45299.5, 0.18772827],
]
const BIDS: readonly (readonly [number, number])[] = [
  [45283.5, 0.1],
  [45283.4, 1.54582015],
  [45282.1, 0.1],
  [45281, 0.1],
  [45280.3, 1.54592586],
  [45279, 0.0799],
  [45277.6, 0.03310103],
  [45277.5, 0.3],
  [45277.3, 1.54602737],
  [45276.6, 0.15445238],
]
const CHECKSUM = 3_310_070_434

function sides() {
  const [bids, asks] = [createSide(), createSide()]
  for (const [price, size] of BIDS) setLevel(bids, price, size)
  for (const [price, size] of ASKS) setLevel(asks, -price, size)
  return { bids, asks }
}

test('the checksum is that of the guide, over digits with their zeros back', () => {
  const { bids, asks } = sides()
  expect(bookChecksum(bids, asks, { price: 1, size: 8 })).toBe(CHECKSUM)
})

test('levels below the tenth do not count', () => {
  const { bids, asks } = sides()
  setLevel(bids, 45276.5, 1)
  setLevel(asks, -45299.6, 1)
  expect(bookChecksum(bids, asks, { price: 1, size: 8 })).toBe(CHECKSUM)
})

test('the number of decimals is found where the wire has lost the zeros', () => {
  const { bids, asks } = sides()
  const least = { price: 0, size: 3 }
  expect(findPrecision(bids, asks, { checksum: CHECKSUM, least })).toEqual({ price: 1, size: 8 })
  setLevel(bids, 45283.5, 0.2)
  expect(findPrecision(bids, asks, { checksum: CHECKSUM, least })).toBeNull()
})

test('sizes of more digits than a Number holds keep every one of them', () => {
  const [bids, asks] = [createSide(), createSide()]
  fillSide(bids, [0.000000001], ['1234567890123.12345678'])
  const expected = crc32(`1${'123456789012312345678'}`)
  expect(bookChecksum(bids, asks, { price: 9, size: 8 })).toBe(expected)
})
