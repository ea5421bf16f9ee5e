import { FIELD, type FieldScanner } from '../../core/json/scan.ts'
import type { TradeSlot } from '../../market/trade.ts'
import * as fields from './fields.ts'

const { PAYLOAD } = fields

/**
 * Fills `slot` from the fields of one aggregate trade, or returns what is wrong with it.
 *
 * The slot's ids are those of the trades the aggregate stands for: Binance numbers aggregates
 * apart, by `a`, and nothing else speaks of those. `m` says that the buyer was the maker, so
 * the taker sold. `symbol` stands in where the row names none, as REST's do not.
 */
export function fillAggregate(
  scanner: FieldScanner,
  bytes: Uint8Array,
  symbol: string | null,
  slot: TradeSlot,
): fields.Fault | null {
  const { kinds, starts, ends } = scanner
  const firstId = fields.wholeOf(scanner, bytes, PAYLOAD.firstId)
  const lastId = fields.wholeOf(scanner, bytes, PAYLOAD.lastId)
  if (Number.isNaN(firstId)) return idFault(scanner, PAYLOAD.firstId)
  if (Number.isNaN(lastId)) return idFault(scanner, PAYLOAD.lastId)
  if (!fields.isAggregate(firstId, lastId)) {
    const problem = `makes no aggregate with f ${firstId}`
    return fields.fault(scanner, PAYLOAD.lastId, { reason: 'bad_id', problem })
  }
  for (let field = PAYLOAD.price as number; field <= PAYLOAD.size; field += 1) {
    if (kinds[field] !== FIELD.string && kinds[field] !== FIELD.number) {
      return fields.fault(scanner, field, {
        reason: 'bad_decimal',
        problem: 'is neither text nor a number',
      })
    }
  }
  const buyerIsMaker = fields.readFlag(scanner, bytes, PAYLOAD.buyerIsMaker)
  if (buyerIsMaker === null) {
    return fields.fault(scanner, PAYLOAD.buyerIsMaker, {
      reason: 'bad_side',
      problem: 'is neither true nor false',
    })
  }
  const named = kinds[PAYLOAD.symbol] !== FIELD.absent || symbol === null
  const product = named ? fields.wordOf(scanner, bytes, PAYLOAD.symbol) : symbol
  if (product === null) return fields.symbolFault(scanner, PAYLOAD.symbol)
  const timeUs = fields.readTimeUs(scanner, bytes, PAYLOAD.tradeTime)
  if (Number.isNaN(timeUs)) return fields.timeFault(scanner, PAYLOAD.tradeTime)
  slot.symbol = product
  slot.tradeId = firstId
  slot.firstId = firstId
  slot.lastId = lastId
  slot.tradeCount = lastId - firstId + 1
  slot.eventTimeUs = timeUs
  slot.side = buyerIsMaker ? 1 : 0
  slot.bytes = bytes
  slot.priceStart = starts[PAYLOAD.price] as number
  slot.priceEnd = ends[PAYLOAD.price] as number
  slot.sizeStart = starts[PAYLOAD.size] as number
  slot.sizeEnd = ends[PAYLOAD.size] as number
  return null
}

function idFault(scanner: FieldScanner, field: number): fields.Fault {
  return fields.fault(scanner, field, {
    reason: 'bad_id',
    problem: 'is no whole number up to 2^53',
  })
}
