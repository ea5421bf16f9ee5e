import type { TradeRow, Warehouse } from '../../src/warehouse/index.ts'
import { DAY_US, type Facts } from './gold-tables.ts'
import { unitsText } from './made-trades.ts'

/** A stored trade in whole cents and 10^-8 of the base. */
interface HeldTrade {
  readonly instrumentId: number
  readonly symbol: string
  readonly timeUs: number
  readonly id: number
  readonly cents: bigint
  readonly sats: bigint
  readonly isBuy: boolean
}

/** Reads every stored trade, in order of time and id. */
export async function heldTrades(warehouse: Warehouse): Promise<HeldTrade[]> {
  const rows = await warehouse.read((db) =>
    db
      .selectFrom('silver_trades as t')
      .innerJoin('instruments as i', 'i.instrument_id', 't.instrument_id')
      .selectAll('t')
      .select('i.symbol')
      .execute(),
  )
  return rows.map(heldOf).sort((a, b) => a.timeUs - b.timeUs || a.id - b.id)
}

function heldOf(row: TradeRow & { readonly symbol: string }): HeldTrade {
  return {
    instrumentId: row.instrument_id,
    symbol: row.symbol,
    timeUs: row.event_time_us,
    id: row.trade_id,
    cents: units(row.price, 2),
    sats: units(row.size, 8),
    isBuy: row.side === 0,
  }
}

function units(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}

/** Divides by hand: long division to nineteen places, and a look at what is left. */
export function ratio(above: bigint, below: bigint): string {
  const isNegative = above < 0n
  let rest = isNegative ? -above : above
  let quotient = rest / below
  rest %= below
  for (let place = 0; place < 18; place += 1) {
    rest *= 10n
    quotient = quotient * 10n + rest / below
    rest %= below
  }
  const isUp = rest * 2n === below ? quotient % 2n === 1n : rest * 2n > below
  if (isUp) quotient += 1n
  return unitsText(isNegative ? -quotient : quotient, 18)
}

/** Makes the figures of traded days straight from trades. */
export function kpisByHand(trades: readonly HeldTrade[]): Facts[] {
  const days = Map.groupBy(
    trades,
    ({ instrumentId, timeUs }) => `${instrumentId} ${timeUs - (timeUs % DAY_US)}`,
  )
  return [...days].map(([name, some]) => {
    const [instrumentId, dayUs] = name.split(' ').map(Number)
    const prices = some.map(({ cents }) => cents).sort((a, b) => (a < b ? -1 : 1))
    const open = some[0]?.cents ?? 0n
    const close = some.at(-1)?.cents ?? 0n
    const volume = total(some, ({ sats }) => sats)
    const notional = total(some, ({ cents, sats }) => cents * sats)
    const bought = total(some, ({ sats, isBuy }) => (isBuy ? sats : 0n))
    return {
      instrument_id: instrumentId,
      day_us: dayUs,
      open: unitsText(open, 2),
      high: unitsText(prices.at(-1) ?? 0n, 2),
      low: unitsText(prices[0] ?? 0n, 2),
      close: unitsText(close, 2),
      change: unitsText(close - open, 2),
      change_pct: ratio(100n * (close - open), open),
      volume: unitsText(volume, 8),
      notional: unitsText(notional, 10),
      vwap: ratio(notional, volume * 100n),
      trade_count: some.length,
      taker_buy_volume: unitsText(bought, 8),
      buy_share: ratio(bought, volume),
      status: 'traded',
    }
  })
}

/** Makes the boards of one venue straight from trades. */
export function moversByHand(trades: readonly HeldTrade[], atUs: number, top: number): Facts[] {
  const standings = [...Map.groupBy(trades, ({ instrumentId }) => instrumentId)].flatMap(
    ([id, own]) => {
      const day = own.filter(({ timeUs }) => timeUs < atUs && timeUs >= atUs - DAY_US)
      const before = own.filter(
        ({ timeUs }) => timeUs < atUs - DAY_US && timeUs >= atUs - 2 * DAY_US,
      )
      const last = day.at(-1)
      const first = before.at(-1)
      if (last === undefined || first === undefined) return []
      const change = Number(((last.cents - first.cents) * 10n ** 15n) / first.cents)
      const notional = total(day, ({ cents, sats }) => cents * sats)
      return [{ id, symbol: last.symbol, now: last.cents, past: first.cents, change, notional }]
    },
  )
  const board = (name: string, from: typeof standings, weight: (one: Standing) => number) =>
    from
      .sort((a, b) => weight(b) - weight(a) || (a.symbol < b.symbol ? -1 : 1))
      .slice(0, top)
      .map(({ id, now, past, notional }, at) => ({
        at_us: atUs,
        venue: 'coinbase',
        // No listing is recorded that would tell.
        currency: '',
        board: name,
        rank: at + 1,
        instrument_id: id,
        price: unitsText(now, 2),
        price_before: unitsText(past, 2),
        change_pct: ratio(100n * (now - past), past),
        notional: unitsText(notional, 10),
      }))
  type Standing = (typeof standings)[number]
  return [
    ...board(
      'gainers',
      standings.filter((one) => one.now > one.past),
      (one) => one.change,
    ),
    ...board(
      'losers',
      standings.filter((one) => one.now < one.past),
      (one) => -one.change,
    ),
    ...board('traded', [...standings], (one) => Number(one.notional)),
  ]
}

function total(trades: readonly HeldTrade[], of: (trade: HeldTrade) => bigint): bigint {
  return trades.reduce((sum, trade) => sum + of(trade), 0n)
}
