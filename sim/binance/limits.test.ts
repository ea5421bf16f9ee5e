import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { connect } from '../testing.ts'
import { answers, dataOf, startBinance, subscribedTo } from './testing.ts'

test('the server pings, and ends a connection that does not answer', async () => {
  await using sim = await startBinance({ clocks: { pingEveryMs: 300, pongWithinMs: 700 } })
  await using polite = await connect(sim.urls['binance-us'].wsUrl)
  const pings: string[] = []
  polite.socket.on('ping', (data: Buffer) => pings.push(data.toString()))
  await using silent = await connect(sim.urls['binance-us'].wsUrl)
  // A client that hears and never answers, as one that hangs.
  silent.socket.pong = () => undefined
  expect(await silent.closed).toBe(1008)
  await polite.until(() => pings.length >= 3)
  expect(pings[0]).toMatch(/^\d{13}$/)
  expect(polite.socket.readyState).toBe(1)
})

test('a connection ends with its day, whatever flows', async () => {
  await using sim = await startBinance({ scale: 144_000, historyMinutes: 1 })
  await using client = await subscribedTo(sim, ['btcusd@aggTrade'])
  const startMs = systemClock.monotonicMs()
  expect(await client.closed).toBe(1001)
  expect(systemClock.monotonicMs() - startMs).toBeLessThan(2000)
  expect(dataOf(client, 'btcusd@aggTrade').length).toBeGreaterThan(0)
})

test('a planned cut ends every connection as the day does', async () => {
  await using sim = await startBinance({ historyMinutes: 1 })
  await using client = await subscribedTo(sim, ['btcusd@aggTrade'])
  sim.inject({ kind: 'planned_cut' })
  expect(await client.closed).toBe(1001)
})

test('more than five messages a second, pings counted, end the connection', async () => {
  await using sim = await startBinance({ historyMinutes: 1 })
  const url = sim.urls['binance-us'].wsUrl
  await using calm = await connect(url)
  for (let id = 1; id <= 5; id += 1) calm.send({ method: 'LIST_SUBSCRIPTIONS', id })
  await calm.until(() => answers(calm).length === 5)
  await systemClock.sleep(1100)
  for (let id = 6; id <= 8; id += 1) calm.send({ method: 'LIST_SUBSCRIPTIONS', id })
  await calm.until(() => answers(calm).length === 8)
  expect(sim.stats.messagesOverLimit).toBe(0)
  await using hasty = await connect(url)
  for (let id = 1; id <= 3; id += 1) {
    hasty.socket.ping()
    hasty.send({ method: 'LIST_SUBSCRIPTIONS', id })
  }
  expect(await hasty.closed).toBe(1008)
  expect(sim.stats.messagesOverLimit).toBe(1)
  expect(Object.values(sim.stats.connectsPerIp)).toEqual([2])
})
