import { describe, expect, test } from 'vitest'
import type { Feed, Route } from '../venues/venue.ts'
import { applyAck, applyRefusal, createRequestLog } from './acks.ts'
import { createSubscriptions } from './subscriptions.ts'

const FEED = {
  factChannel: 'trades',
  channels: ['trades', 'candles'],
  globalChannels: ['status'],
  bookChannel: null,
} as unknown as Feed

function open() {
  const subs = createSubscriptions(
    { feed: FEED, products: ['A', 'B'], books: false },
    () => undefined,
  )
  const requests = createRequestLog()
  const held = () =>
    subs.all.filter((sub) => sub.acked).map((sub) => `${sub.channel} ${sub.symbol}`)
  const pick = (...names: string[]) =>
    names.map((name) => {
      const [channel, symbol = ''] = name.split(' ')
      return { channel: channel!, symbol }
    })
  const ask = (id: number, ...names: string[]) =>
    requests.note('subscribe', [{ id, text: '', subscriptions: pick(...names) }])
  return { subs, requests, held, pick, ask }
}

const ERROR: Route = { kind: 'error', channel: 'error', symbol: null, lastId: -1, eventTimeUs: 0 }

describe('an ack', () => {
  test('that tells the whole takes back what it leaves out', () => {
    const { subs, requests, held, pick } = open()
    const whole = (...names: string[]) =>
      applyAck(subs, { ack: { kind: 'whole', subscriptions: pick(...names) } }, requests)
    whole('trades A', 'candles A', 'status')
    expect(held()).toEqual(['trades A', 'candles A', 'status '])
    whole('trades B')
    expect(held()).toEqual(['trades B'])
  })

  test('that adds or removes leaves the rest as it was', () => {
    const { subs, requests, held, pick } = open()
    const say = (kind: 'added' | 'removed', name: string) =>
      applyAck(subs, { ack: { kind, subscriptions: pick(name) } }, requests)
    say('added', 'trades A')
    say('added', 'trades B')
    say('added', 'nothing like it')
    say('removed', 'trades A')
    expect(held()).toEqual(['trades B'])
  })

  test('of a request confirms what was asked for under its id, once', () => {
    const { subs, requests, held, pick, ask } = open()
    ask(1, 'trades A', 'candles A')
    requests.note('unsubscribe', [{ id: 2, text: '', subscriptions: pick('candles A') }])
    const answer = (id: number, symbol: string | null = null) =>
      applyAck(subs, { ack: { kind: 'request', id }, symbol }, requests)
    answer(7)
    expect(held()).toEqual([])
    answer(1)
    expect(held()).toEqual(['trades A', 'candles A'])
    answer(2)
    answer(1)
    expect(held()).toEqual(['trades A'])
    ask(3, 'candles A', 'candles B')
    answer(3, 'B')
    expect(held()).toEqual(['trades A', 'candles B'])
    answer(3, 'A')
    expect(held()).toHaveLength(3)
    expect(requests.nextId).toBe(4)
  })
})

describe('a complaint', () => {
  test('about a request for one subscription refuses that one alone', () => {
    const { subs, requests, ask } = open()
    ask(1, 'trades A')
    const found = applyRefusal(subs, { ...ERROR, requestId: 1, message: 'no' }, requests)
    expect(found.refused).toEqual([subs.find('trades', 'A')])
    expect(subs.all.filter((sub) => sub.refused !== null)).toHaveLength(1)
  })

  test('about a request for several accuses each, and refuses none', () => {
    const { subs, requests, ask } = open()
    ask(1, 'trades A', 'trades B')
    const found = applyRefusal(subs, { ...ERROR, requestId: 1, message: 'bad' }, requests)
    expect(found.refused).toEqual([])
    expect(found.suspects).toEqual([subs.find('trades', 'A'), subs.find('trades', 'B')])
  })

  test('that names a symbol of its request refuses that one, and others may follow', () => {
    const { subs, requests, ask } = open()
    ask(1, 'trades A', 'trades B')
    const words = { ...ERROR, requestId: 1, message: 'pair not supported' }
    expect(applyRefusal(subs, { ...words, symbol: 'B' }, requests).refused).toHaveLength(1)
    expect(subs.find('candles', 'B')!.refused).toBeNull()
    expect(applyRefusal(subs, { ...words, symbol: 'A' }, requests).refused).toHaveLength(1)
  })

  test('about what is held already, or about leaving, refuses nothing', () => {
    const { subs, requests, pick, ask } = open()
    ask(1, 'trades A')
    subs.find('trades', 'A')!.acked = true
    const none = { refused: [], suspects: [] }
    expect(applyRefusal(subs, { ...ERROR, requestId: 1, message: 'again' }, requests)).toEqual(none)
    requests.note('unsubscribe', [{ id: 2, text: '', subscriptions: pick('trades B') }])
    expect(applyRefusal(subs, { ...ERROR, requestId: 2, message: 'A' }, requests)).toEqual(none)
    expect(applyRefusal(subs, { ...ERROR, requestId: 9, message: 'B' }, requests)).toEqual(none)
  })

  test('is understood of the newest 1,000 requests', () => {
    const { requests, ask } = open()
    for (let id = 1; id <= 1001; id += 1) ask(id, 'trades A')
    expect(requests.answered(1)).toBeUndefined()
    expect(requests.answered(2)).toBeDefined()
  })
})
