import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDecimal } from '../market/decimal.ts'
import { TradeColumns } from '../market/trade-columns.ts'
import type { TradeRow } from '../warehouse/index.ts'
import { addToFold, openFold } from './minute-fold.ts'
import { factsOfFold, factsOfTrades, mergeFacts, NO_FACTS } from './minute-row.ts'

/** Small numbers, and ones that no Number holds. */
const decimal = fc.oneof(
  fc.integer({ min: 1, max: 99 }).map(String),
  fc.integer({ min: 1, max: 999 }).map((cents) => `7.${String(cents).padStart(3, '0')}1`),
  fc.bigInt({ min: 10n ** 12n, max: 10n ** 13n }).map((value) => `${value}.0000000001`),
)

const trades = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 500 }),
    // Few times, so that many are equal and the id decides.
    timeUs: fc.integer({ min: 0, max: 5 }),
    price: decimal,
    size: decimal,
    side: fc.integer({ min: 0, max: 2 }),
    origin: fc.integer({ min: 0, max: 2 }),
  }),
  { selector: (trade) => trade.id, maxLength: 12 },
)

type Made = typeof trades extends fc.Arbitrary<readonly (infer T)[]> ? T : never

function rowOf(trade: Made): TradeRow {
  return {
    instrument_id: 1,
    tape_id: 0,
    trade_id: trade.id,
    first_id: null,
    last_id: null,
    event_time_us: trade.timeUs,
    price: trade.price,
    size: trade.size,
    side: trade.side,
    trade_count: 1,
    origin: trade.origin,
    received_time_us: 0,
    log_id: 1,
    pos: 0,
    item: 0,
  }
}

/** Folds trades as a batch does: by columns, without an object for each. */
function foldOf(made: readonly Made[]) {
  if (made.length === 0) return NO_FACTS
  const columns = new TradeColumns(16)
  let text = ''
  const write = (decimalText: string) => {
    for (let at = 0; at < decimalText.length; at += 1) {
      columns.text[text.length + at] = decimalText.charCodeAt(at)
    }
    text += decimalText
  }
  for (const [row, trade] of made.entries()) {
    columns.tradeId[row] = trade.id
    columns.firstId[row] = trade.id
    columns.lastId[row] = trade.id
    columns.tradeCount[row] = 1
    columns.eventTimeUs[row] = trade.timeUs
    columns.side[row] = trade.side
    columns.origin[row] = trade.origin
    columns.priceStart[row] = text.length
    write(trade.price)
    columns.priceEnd[row] = text.length
    write(trade.size)
    columns.sizeEnd[row] = text.length
    const [price, size] = [trade.price, trade.size].map((value) => parseDecimal(value))
    columns.priceMantissa[row] = mantissaOf(price?.mantissa ?? 0n)
    columns.priceScale[row] = price?.scale ?? 0
    columns.sizeMantissa[row] = mantissaOf(size?.mantissa ?? 0n)
    columns.sizeScale[row] = size?.scale ?? 0
    columns.count += 1
  }
  const fold = openFold(columns, 0)
  for (let row = 0; row < columns.count; row += 1) addToFold(fold, columns, row)
  return factsOfFold(fold, columns, text)
}

function mantissaOf(value: bigint): number {
  return Number.isSafeInteger(Number(value)) ? Number(value) : Number.NaN
}

describe('a minute’s facts', () => {
  test('are the same folded by columns and folded from stored trades', () => {
    fc.assert(
      fc.property(trades, (made) => {
        expect(foldOf(made)).toEqual(factsOfTrades(made.map(rowOf)))
      }),
    )
  })

  test('merge the same whatever the order and the grouping', () => {
    const split = fc.tuple(trades, fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 12 }))
    fc.assert(
      fc.property(split, ([made, places]) => {
        const [a, b, c] = [0, 1, 2].map((part) =>
          factsOfTrades(made.filter((_, at) => places[at] === part).map(rowOf)),
        ) as [typeof NO_FACTS, typeof NO_FACTS, typeof NO_FACTS]
        const all = factsOfTrades(made.map(rowOf))
        expect(mergeFacts(mergeFacts(a, b), c)).toEqual(all)
        expect(mergeFacts(a, mergeFacts(b, c))).toEqual(all)
        expect(mergeFacts(c, mergeFacts(b, a))).toEqual(all)
      }),
    )
  })

  test('open and close by time and then by id', () => {
    const at = (id: number, timeUs: number): Made => {
      return { id, timeUs, price: String(id), size: '1', side: 0, origin: 0 }
    }
    const facts = foldOf([at(7, 3), at(9, 2), at(8, 2), at(6, 3)])
    expect(facts).toMatchObject({ open: '8', close: '7', high: '9', low: '6' })
    expect(facts).toMatchObject({ first_trade_id: 8, last_trade_id: 7, min_id: 6, max_id: 9 })
  })
})
