import { describe, expect, test } from 'vitest'
import type { Feed, Route, Subscription } from '../venues/venue.ts'
import { applyAck, applyRefusal, createRequestLog } from './acks.ts'
import { createSubscriptions, observeFrame, resetForConnection } from './subscriptions.ts'
import { inspect } from './watchdog.ts'

const FEED: Feed = {
  dialect: 'test/ws',
  url: 'ws://test.invalid',
  factChannel: 'trades',
  channels: ['trades', 'beat'],
  globalChannels: ['status'],
  bookChannel: null,
  keepAlive: null,
  subscribe: () => [],
  unsubscribe: () => [],
  route: () => ({ kind: 'unknown', channel: '', symbol: null, lastId: -1, eventTimeUs: 0 }),
  limits: {
    ...{ connectsPerSecond: 8, messagesPerSecond: 8, silenceMsMax: 5000, subscribeWithinMs: 5000 },
    ...{ frameBytesMax: 1e6, heartbeatWitness: true, pingEveryMs: null, lifeMsMax: null },
  },
}
const BLIND: Feed = { ...FEED, limits: { ...FEED.limits, heartbeatWitness: false } }

/** Two symbols, subscribed and acknowledged at time 0, and a clock in milliseconds. */
function open(feed: Feed) {
  const subs = createSubscriptions({ feed, products: ['A', 'B'], books: false }, () => undefined)
  resetForConnection(subs, 0)
  const hear = (kind: Route['kind'], symbol: string | null, lastId: number, ms: number) => {
    const channel = kind === 'heartbeat' ? 'beat' : 'trades'
    const route = { kind, channel, symbol, lastId, eventTimeUs: ms * 1000 }
    observeFrame(subs, route, { us: ms * 1000, ms })
  }
  const requests = createRequestLog()
  const ack = (subscriptions: readonly Subscription[]) =>
    applyAck(subs, { ack: { kind: 'whole', subscriptions } }, requests)
  const refuse = (route: Route) => applyRefusal(subs, route, requests).refused
  ack(subs.all.map(({ channel, symbol }) => ({ channel, symbol })))
  const look = (ms: number) => inspect(subs, { feed, witnessMs: null }, ms)
  const stale = (ms: number) => look(ms).stale.map(({ sub }) => `${sub.channel} ${sub.symbol}`)
  return { subs, hear, look, stale, ack, refuse }
}

describe('with heartbeats that name the last trade', () => {
  test('a trade that is owed for more than 2 s makes its symbol stale, and no other', () => {
    const { hear, stale } = open(FEED)
    hear('data', 'A', 10, 1000)
    hear('data', 'B', 90, 1000)
    hear('heartbeat', 'A', 11, 1500)
    hear('heartbeat', 'B', 90, 1500)
    expect(stale(3400)).toEqual([])
    expect(stale(3600)).toEqual(['trades A'])
  })

  test('a trade that comes late clears the debt', () => {
    const { hear, stale } = open(FEED)
    hear('data', 'A', 10, 1000)
    hear('heartbeat', 'A', 12, 1500)
    hear('data', 'A', 13, 3000)
    expect(stale(4000)).toEqual([])
  })

  test('silence that the heartbeat confirms is no fault, however long', () => {
    const { hear, stale } = open(FEED)
    for (let ms = 1000; ms < 60_000; ms += 1000) hear('data', 'A', ms, ms)
    for (let ms = 60_000; ms < 3_600_000; ms += 1000) {
      hear('heartbeat', 'A', 59_000, ms)
      hear('heartbeat', 'B', -1, ms)
      expect(stale(ms)).toEqual([])
    }
  })

  test('tries grow rarer, then cost the connection once, and not again for a minute', () => {
    const { hear, look } = open(FEED)
    hear('data', 'A', 10, 0)
    const tries: number[] = []
    const escalations: number[] = []
    for (let ms = 1000; ms < 60_000; ms += 500) {
      hear('heartbeat', 'A', 99, ms)
      for (const { escalate } of look(ms).stale) {
        tries.push(ms)
        if (escalate) escalations.push(ms)
      }
    }
    expect(tries).toEqual([3500, 7500, 15_500, 31_500])
    expect(escalations).toEqual([31_500])
  })
})

describe('without a witness', () => {
  test('a symbol is suspected beyond its own pace only, and ever more rarely', () => {
    const { hear, stale } = open(BLIND)
    for (let ms = 1000; ms <= 40_000; ms += 1000) hear('data', 'A', ms, ms)
    for (let ms = 100; ms <= 40_000; ms += 100) hear('data', 'B', ms, ms)
    // A trades once a second and is given 20 s; B ten times a second and is given 10 s.
    expect(stale(50_500)).toEqual(['trades B'])
    expect(stale(60_500)).toEqual(['trades A', 'trades B'])
    expect(stale(79_000)).toEqual([])
    expect(stale(85_000)).toEqual(['trades A', 'trades B'])
  })

  test('a replayed old trade is no sign of life', () => {
    const { hear, stale, subs } = open(BLIND)
    for (let ms = 100; ms <= 5000; ms += 100) hear('data', 'A', ms, ms)
    const old = { kind: 'data' as const, channel: 'trades', symbol: 'A', lastId: 5000 }
    observeFrame(subs, { ...old, eventTimeUs: 5_000_000 }, { us: 14_000_000, ms: 14_000 })
    expect(stale(15_500)).toEqual(['trades A'])
  })
})

describe('what was asked for', () => {
  test('and is neither confirmed nor flows is asked for again, ever more rarely', () => {
    const { subs, look, hear, ack } = open(FEED)
    resetForConnection(subs, 0)
    ack([{ channel: 'trades', symbol: 'A' }])
    hear('data', 'B', 1, 100)
    const missing = (ms: number) =>
      look(ms).unanswered.map(({ channel, symbol }) => `${channel} ${symbol}`)
    expect(missing(2900)).toEqual([])
    expect(missing(3100)).toEqual(['beat A', 'beat B', 'status '])
    expect(missing(9000)).toEqual([])
    expect(missing(9200)).toEqual(['beat A', 'beat B', 'status '])
  })

  test('is not refused for the sake of a symbol whose name only begins alike', () => {
    const { subs, refuse } = open(FEED)
    resetForConnection(subs, 0)
    const route = { kind: 'error' as const, channel: 'error', symbol: null, lastId: -1 }
    expect(refuse({ ...route, eventTimeUs: 0, message: 'BTC: no A-USDC, AB' })).toEqual([])
    expect(refuse({ ...route, eventTimeUs: 0, message: 'no A, no more' })).toHaveLength(2)
  })

  test('and is refused rests for half a minute; a later ack takes the refusal back', () => {
    const { subs, look, ack, refuse } = open(FEED)
    resetForConnection(subs, 0)
    const route = { kind: 'error' as const, channel: 'error', symbol: null, lastId: -1 }
    const words = { ...route, eventTimeUs: 0, message: 'B is delisted' }
    ack([{ channel: 'trades', symbol: 'A' }])
    expect(refuse(words).map(({ channel }) => channel)).toEqual(['trades', 'beat'])
    expect(refuse(words)).toEqual([])
    expect(look(4000).unanswered.some(({ symbol }) => symbol === 'B')).toBe(false)
    expect(look(29_000).unanswered.some(({ symbol }) => symbol === 'B')).toBe(false)
    expect(look(31_000).unanswered.some(({ symbol }) => symbol === 'B')).toBe(true)
    ack([{ channel: 'trades', symbol: 'B' }])
    expect(subs.find('trades', 'B')!.refused).toBeNull()
  })
})
