import { expect, test } from 'vitest'
import { createRandom } from '../src/core/random.ts'
import { planFaults } from './faults/presets.ts'
import type { VenueId } from './index.ts'
import { startSimulator, VENUE_IDS } from './index.ts'
import { getJson, subscribed, waitUntil } from './testing.ts'

const START_US = 1_790_000_000_000_000

test('one port plays every venue, each with its own listing and trades', async () => {
  await using sim = await startSimulator({ venues: VENUE_IDS, historyMinutes: 1 })
  expect(sim.venues).toEqual(VENUE_IDS)
  expect(sim.productsOf('binance-us')).toContain('1000REKTUSDT')
  expect(sim.productsOf('binance-us')).toContain('WIFUSDT')
  expect(sim.productsOf('kraken')).toContain('PEPE/USD')
  expect(sim.productsOf('coingecko')).toContain('bitcoin')
  expect(sim.products).toEqual(sim.productsOf('coinbase'))
  for (const [venue, product] of [
    ['coinbase', 'BTC-USD'],
    ['binance-us', 'BTCUSD'],
    ['kraken', 'BTC/USD'],
  ] as const) {
    await waitUntil(() => sim.stats.venues[venue]!.tradesLive > 0)
    const rows = [...sim.truth({ venue, product })]
    expect(rows.every((row) => row.venue === venue && row.product === product)).toBe(true)
    const query = `venue=${venue}&product=${encodeURIComponent(product)}`
    const text = await (await fetch(`${sim.restUrl}/sim/truth?${query}`)).text()
    expect(JSON.parse(text.split('\n')[0]!)).toEqual(rows[0])
  }
  const { stats } = sim
  const sum = Object.values(stats.venues).reduce((total, { tradesTotal }) => total + tradesTotal, 0)
  expect(stats.tradesTotal).toBe(sum)
  const time = await fetch(`${sim.urls['binance-us'].restUrl}/api/v3/time`)
  expect(time.status).toBe(200)
})

test('a venue trades the same for a seed, alone or in company', async () => {
  const trades = async (venues: readonly VenueId[], venue: VenueId) => {
    await using sim = await startSimulator({
      venues,
      seed: 7,
      startUs: START_US,
      historyMinutes: 2,
    })
    sim.setTrading(false)
    return [...sim.truth({ venue, toUs: START_US })]
  }
  expect(await trades(['kraken'], 'kraken')).toEqual(await trades(VENUE_IDS, 'kraken'))
  expect(await trades(['coinbase'], 'coinbase')).toEqual(await trades(VENUE_IDS, 'coinbase'))
  const [one, two] = [await trades(VENUE_IDS, 'kraken'), await trades(VENUE_IDS, 'binance-us')]
  expect(one.map(({ time_us }) => time_us)).not.toEqual(two.map(({ time_us }) => time_us))
})

test('what is not played is not found, and a venue that is none is refused', async () => {
  await using sim = await startSimulator({ venues: ['binance-us'], historyMinutes: 0 })
  expect((await fetch(`${sim.urls.kraken.restUrl}/0/public/Time`)).status).toBe(404)
  expect((await fetch(`${sim.restUrl}/products`)).status).toBe(404)
  expect((await fetch(`${sim.restUrl}/sim/truth?venue=kraken`)).status).toBe(400)
  expect(() => sim.inject({ kind: 'drop', venue: 'kraken' })).toThrow('does not play kraken')
  expect(sim.inject({ kind: 'drop' }).venue).toBe('binance-us')
  const none = startSimulator({ venues: ['mtgox' as VenueId] })
  await expect(none).rejects.toMatchObject({ code: 'ASSAY_USAGE' })
})

test('a fault strikes its venue alone', async () => {
  await using sim = await startSimulator({ venues: ['coinbase', 'binance-us'], historyMinutes: 0 })
  await using client = await subscribed(sim.wsUrl, ['BTC-USD'])
  sim.inject({ kind: 'disconnect', venue: 'binance-us', code: 1012 })
  sim.inject({ kind: 'refuse', venue: 'binance-us', seconds: 60 })
  await using again = await subscribed(sim.wsUrl, ['BTC-USD'])
  expect([client.socket.readyState, again.socket.readyState]).toEqual([1, 1])
  const faults = await getJson<readonly { venue: string }[]>(`${sim.restUrl}/sim/faults`)
  expect(faults.map(({ venue }) => venue)).toEqual(['binance-us', 'binance-us'])
})

test('Coinbase withholds an ack or rejects a product where it is told to', async () => {
  await using sim = await startSimulator({ historyMinutes: 1, tradesPerSecond: 100 })
  const withheld = sim.inject({ kind: 'ack_withheld', product: 'BTC-USD' })
  const rejected = sim.inject({ kind: 'reject', product: 'SOL-USD' })
  await using client = await subscribed(sim.wsUrl, ['BTC-USD', 'ETH-USD', 'SOL-USD'], ['matches'])
  expect(client.of('subscriptions')[0]!.channels).toMatchObject([{ product_ids: ['ETH-USD'] }])
  expect(client.of('error')[0]).toMatchObject({ reason: 'SOL-USD is not a valid product' })
  await client.until(() => client.of('match').some(({ product_id: id }) => id === 'BTC-USD'))
  expect([withheld.hits, rejected.hits]).toEqual([1, 1])
  client.send({ type: 'subscribe', product_ids: ['BTC-USD', 'SOL-USD'], channels: ['matches'] })
  await client.until(() => client.of('subscriptions').length === 2)
  const [, second] = client.of('subscriptions')
  expect(JSON.stringify(second)).toMatch(/BTC-USD.*SOL-USD|SOL-USD.*BTC-USD/)
})

test('a hole of REST is one at Coinbase too, and what nobody was told is known', async () => {
  await using sim = await startSimulator({ historyMinutes: 1, tradesPerSecond: 200 })
  await using client = await subscribed(sim.wsUrl, ['BTC-USD'], ['matches'])
  await client.until(() => client.of('match').length > 5)
  const hole = sim.inject({ kind: 'rest_hole', product: 'BTC-USD', count: 3 })
  await client.until(() => hole.hits === 3)
  const [first, last] = hole.ids[0]!
  await client.until(() => Number(client.of('match').at(-1)!.trade_id) > last)
  const url = `${sim.restUrl}/products/BTC-USD/trades?after=${last + 2}&limit=2`
  const rows = await getJson<readonly { readonly trade_id: number }[]>(url)
  expect(rows.map((row) => row.trade_id)).toEqual([last + 1, first - 1])
  const path = `${sim.restUrl}/sim/undelivered`
  expect(await getJson(path)).toEqual({ 'BTC-USD': [[first, last]] })
})

test('a mixture strikes every venue with what it has, and is the same for a seed', () => {
  const venues = VENUE_IDS.map((id) => ({ id, products: ['a', 'b'] }))
  const draw = (seed: number) => {
    const random = createRandom(seed)
    const kinds = ['drop', 'stall', 'kline_late', 'ban', 'rest_429'] as const
    const plan = planFaults('mixed', { random, venues, seconds: 1, everyMs: 100, kinds })
    return Array.from({ length: 400 }, () => plan.next().value)
  }
  expect(draw(2)).toEqual(draw(2))
  const kindsOf = (id: VenueId) =>
    [...new Set(draw(2).flatMap(({ fault }) => (fault.venue === id ? [fault.kind] : [])))].sort()
  expect(kindsOf('coingecko')).toEqual(['ban', 'rest_429'])
  expect(kindsOf('coinbase')).toEqual(['ban', 'drop', 'rest_429', 'stall'])
  expect(kindsOf('kraken')).toEqual(kindsOf('binance-us'))
  expect(kindsOf('binance-us')).toEqual(['ban', 'drop', 'kline_late', 'rest_429', 'stall'])
})
