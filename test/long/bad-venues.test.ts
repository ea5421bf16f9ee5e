import { expect, test, vi } from 'vitest'
import { GARBAGE_VARIANTS, startSimulator, type TruthTrade } from '../../sim/index.ts'
import { compareTrades } from '../../src/cli/demo/prove.ts'
import { systemClock } from '../../src/core/clock.ts'
import { openWarehouse } from '../../src/warehouse/index.ts'
import { startScene } from '../integration/bad-support.ts'
import { until } from '../integration/collect-support.ts'

vi.setConfig({ testTimeout: 120_000 })

const TIMES = 3
const VENUES = [
  { venue: 'binance-us', products: ['BTCUSD', 'ETHUSD'] },
  { venue: 'kraken', products: ['BTC/USD', 'ETH/USD'] },
] as const

test.each(VENUES)('garbage of every kind from $venue is refused, and costs nothing', async (at) => {
  const { venue } = at
  const products = { [venue]: at.products }
  const market = { venues: [venue], products, tradesPerSecond: 100, historyMinutes: 1 }
  await using sim = await startSimulator(market)
  const { wsUrl, restUrl } = sim.urls[venue]
  await using scene = await startScene(sim.urls.coinbase, {
    'collect.venues': [venue],
    'collect.witnessSeconds': 5,
    [`venues.${venue}.wsUrl`]: wsUrl,
    [`venues.${venue}.restUrl`]: restUrl,
    [`venues.${venue}.products`]: at.products,
  })
  await until(() => scene.accepted() > 50, { what: 'trades flow', withinMs: 20_000 })
  for (const variant of GARBAGE_VARIANTS) {
    sim.inject({ kind: 'garbage', venue, product: at.products[1], variant, count: TIMES })
  }
  const sent = () => sim.faults.every(({ hits }) => hits === TIMES)
  await until(sent, { what: 'all garbage is sent', withinMs: 30_000 })
  sim.setTrading(false)
  const isWhole = async () => scene.caughtUp() && (await scene.holes()) === 0
  await until(isWhole, { what: 'everything is refined and healed', withinMs: 60_000 })
  const { collected, refined } = await scene.stop()
  expect(collected.connects).toBe(1)
  expect(refined.conflicts).toBe(0)
  expect(refined.rejected).toBeGreaterThan(TIMES * 6)

  const url = `sqlite:${scene.dataDir}/warehouse`
  await using warehouse = await openWarehouse({ url, mode: 'read', clock: systemClock })
  const held = await warehouse.read((db) =>
    db
      .selectFrom('silver_trades as t')
      .innerJoin('instruments as i', 'i.instrument_id', 't.instrument_id')
      .selectAll('t')
      .select('i.symbol')
      .execute(),
  )
  for (const product of at.products) {
    const rows = held.filter(({ symbol }) => symbol === product)
    const made = new Map<number, TruthTrade>()
    for (const trade of sim.truth({ venue, product })) made.set(trade.trade_id, trade)
    const { trades, same } = compareTrades(rows, made)
    expect(trades).toBeGreaterThan(100)
    expect(same).toBe(trades)
  }
})
