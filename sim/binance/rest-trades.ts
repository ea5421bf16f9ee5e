import type { ProductMarket } from '../market/product-market.ts'
import type { RestAnswer } from '../service/rest-answer.ts'
import type { PageBend } from '../venue-sim.ts'
import type { Aggregates } from './aggregates.ts'
import { aggTradeRow, msOf, paddedBig, priceText, sizeText } from './frames.ts'
import { isAnswer, readNumbers, refusal } from './rest-answer.ts'
import type { State } from './state.ts'

const LIMIT_DEFAULT = 500
const LIMIT_MAX = 1000

/** What pages of trades are made from. */
export interface TradesSource {
  readonly engine: ProductMarket
  readonly state: State
}

interface Span {
  readonly firstId: number
  /** Not included. */
  readonly endId: number
  /** Whether the limit keeps the newest rows rather than the oldest. */
  readonly latest: boolean
}

/** Returns the aggregates whose trades were made in the millisecond `ms` or after it. */
function idOfTime(engine: ProductMarket, aggregates: Aggregates, ms: number): number {
  const { tape } = engine.ledger
  const index = tape.indexOfTime(ms * 1000)
  return index >= tape.end ? aggregates.nextId : aggregates.idOfIndex(index)
}

function* visible({ engine, state }: TradesSource, span: Span): Generator<number> {
  const { tape } = engine.ledger
  const aggregates = state.aggregates.get(engine.product.id)!
  const { firstId, endId, latest } = span
  for (let step = 0; step < endId - firstId; step += 1) {
    const aggId = latest ? endId - 1 - step : firstId + step
    if (!engine.ledger.isHidden(tape.idAt(aggregates.at(aggId).from))) yield aggId
  }
}

function rowOf({ engine, state }: TradesSource, aggId: number): string {
  const { product, ledger } = engine
  const { from } = state.aggregates.get(product.id)!.at(aggId)
  return aggTradeRow(product, ledger.tape.at(from), state.facts(product.id, aggId))
}

function take(ids: Iterable<number>, count: number): readonly number[] {
  const taken: number[] = []
  if (count === 0) return taken
  for (const id of ids) if (taken.push(id) >= count) break
  return taken
}

/**
 * Answers `/api/v3/aggTrades`: oldest first, `fromId` (an aggregate's number) and both times
 * included; without any of them the newest.
 */
export function aggTradesPage(
  source: TradesSource,
  query: URLSearchParams,
  bend: PageBend,
): RestAnswer {
  const asked = readNumbers(query, ['fromId', 'startTime', 'endTime', 'limit'])
  if (isAnswer(asked)) return asked
  const { fromId, startTime, endTime } = asked
  if (fromId !== null && (startTime !== null || endTime !== null)) {
    return refusal(400, { code: -1128, msg: 'Combination of optional parameters invalid.' })
  }
  const { engine, state } = source
  const aggregates = state.aggregates.get(engine.product.id)!
  const first = aggregates.firstId
  const end = endTime === null ? aggregates.nextId : idOfTime(engine, aggregates, endTime + 1)
  const start = startTime === null ? first : idOfTime(engine, aggregates, startTime)
  const firstId = Math.max(first, fromId ?? start)
  const span = { firstId, endId: end, latest: fromId === null && startTime === null }
  const limit = Math.min(asked.limit ?? LIMIT_DEFAULT, LIMIT_MAX)
  const found = take(visible(source, span), Math.min(limit, bend.rowsMax ?? limit))
  const ids = span.latest ? found.toReversed() : found
  // Rows that a client walking on has had already.
  const before = { firstId: first, endId: ids[0] ?? firstId, latest: true }
  const repeated = take(visible(source, before), bend.overlap).toReversed()
  const rows = [...repeated, ...ids].map((aggId) => rowOf(source, aggId))
  return { status: 200, body: `[${rows.join(',')}]` }
}

/** Answers `/api/v3/trades`: the newest, oldest of them first. */
export function tradesPage({ engine }: TradesSource, query: URLSearchParams): RestAnswer {
  const asked = readNumbers(query, ['limit'])
  if (isAnswer(asked)) return asked
  const { product, ledger } = engine
  const { tape } = ledger
  const limit = Math.min(asked.limit ?? LIMIT_DEFAULT, LIMIT_MAX)
  const rows: string[] = []
  for (let index = tape.end - 1; index >= tape.start && rows.length < limit; index -= 1) {
    const trade = tape.at(index)
    if (ledger.isHidden(trade.tradeId)) continue
    const notional = BigInt(trade.ticks) * BigInt(trade.units)
    rows.push(
      `{"id":${trade.tradeId},"price":"${priceText(product, trade.ticks)}",` +
        `"qty":"${sizeText(product, trade.units)}",` +
        `"quoteQty":"${paddedBig(notional, product.priceDecimals + product.sizeDecimals)}",` +
        `"time":${msOf(trade.timeUs)},"isBuyerMaker":${trade.makerBuys},"isBestMatch":true}`,
    )
  }
  return { status: 200, body: `[${rows.toReversed().join(',')}]` }
}
