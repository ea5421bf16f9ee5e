import { describe, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import type { Feed } from '../venues/venue.ts'
import { applyAck, createRequestLog } from './acks.ts'
import { inquire } from './feed-witness.ts'
import { createSubscriptions, observeFrame, resetForConnection } from './subscriptions.ts'
import { inspect } from './watchdog.ts'

const FEED = {
  factChannel: 'trades',
  channels: ['trades', 'candles'],
  globalChannels: [],
  bookChannel: 'book',
  limits: { heartbeatWitness: false },
} as unknown as Feed

const settle = () => new Promise((resolve) => setImmediate(resolve))

/** A feed without heartbeats, whose venue tells its newest trades by `newest` when asked. */
function open(products: readonly string[] = ['A'], books = false) {
  const clock = createManualClock(0)
  const subs = createSubscriptions({ feed: FEED, products, books }, () => undefined)
  resetForConnection(subs, 0)
  const { all } = subs
  const ack = { kind: 'added' as const, subscriptions: all }
  applyAck(subs, { ack }, createRequestLog())
  const newest = new Map<string, number>()
  const asked: string[] = []
  const driven: string[] = []
  const witness = {
    async ask(symbols: readonly string[]) {
      asked.push(`${clock.monotonicMs()} ${symbols.join()}`)
      return newest
    },
    status: { asked: 0, failed: 0 },
  }
  const signal = new AbortController().signal
  const hear = (channel: string, symbol: string, lastId: number) => {
    const ms = clock.monotonicMs()
    const route = { kind: 'data' as const, channel, symbol, lastId, eventTimeUs: ms * 1000 }
    observeFrame(subs, route, { us: ms * 1000, ms })
  }
  /** Lets time pass as a session does, looking each 250 ms. */
  async function pass(ms: number, each: (nowMs: number) => void = () => {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250)
      const nowMs = clock.monotonicMs()
      each(nowMs)
      const found = inspect(subs, { feed: FEED, witnessMs: 60_000 }, nowMs)
      for (const { sub } of found.stale) driven.push(`${sub.channel} ${sub.symbol}`)
      const onStale = ({ sub }: { sub: { channel: string; symbol: string } }) =>
        driven.push(`${sub.channel} ${sub.symbol}`)
      for (const some of [found.doubted, found.quiet]) {
        const about = { witness, clock, signal, priority: 'live' as const, onStale }
        if (some.length > 0) void inquire(some, about)
      }
      await settle()
    }
  }
  return { clock, subs, newest, asked, driven, hear, pass }
}

describe('where REST is the witness', () => {
  test('a quiet symbol is asked about, ever more rarely, and left alone', async () => {
    const { newest, asked, driven, hear, pass } = open()
    let id = 0
    await pass(20_000, () => {
      id += 1
      hear('trades', 'A', id)
    })
    newest.set('A', id)
    await pass(600_000)
    expect(driven).toEqual([])
    // Once a minute by the sweep, and a few times for its usual pace.
    expect(asked.length).toBeGreaterThan(8)
    expect(asked.length).toBeLessThan(18)
  })

  test('a symbol that traded without us is driven anew, silent beyond its pace', async () => {
    const { newest, driven, hear, pass, subs } = open()
    let id = 0
    await pass(20_000, () => {
      id += 1
      hear('trades', 'A', id)
    })
    newest.set('A', id + 1)
    await pass(9000)
    expect(driven).toEqual([])
    await pass(6000)
    expect(driven).toEqual(['trades A'])
    expect(subs.fact('A')!.tries).toBe(1)
  })

  test('a trade that is still under way is no missed one', async () => {
    const { newest, driven, hear, pass } = open()
    let id = 0
    await pass(20_000, () => {
      id += 1
      hear('trades', 'A', id)
    })
    newest.set('A', id + 1)
    await pass(10_250)
    hear('trades', 'A', id + 1)
    await pass(5000)
    expect(driven).toEqual([])
  })

  test('one lost trade of a quiet symbol is a hole, two in a row are staleness', async () => {
    const { newest, driven, hear, pass } = open()
    hear('trades', 'A', 5)
    newest.set('A', 6)
    await pass(90_000)
    expect(driven).toEqual([])
    newest.set('A', 9)
    await pass(60_000)
    expect(driven).toEqual(['trades A'])
  })

  test('what traded before it was subscribed is nothing it owes', async () => {
    const { newest, driven, pass } = open()
    newest.set('A', 1000)
    await pass(300_000)
    expect(driven).toEqual([])
  })

  test('symbols that fell silent together are asked about together', async () => {
    const { asked, newest, pass } = open(['A', 'B', 'C'])
    for (const symbol of ['A', 'B', 'C']) newest.set(symbol, 1)
    await pass(61_000)
    expect(asked).toEqual(['60250 A,B,C'])
  })

  test('whoever cannot be asked proves nothing, for ten minutes', async () => {
    const { driven, hear, pass, asked } = open()
    let id = 0
    await pass(20_000, () => {
      id += 1
      hear('trades', 'A', id)
    })
    await pass(590_000)
    expect(driven).toEqual([])
    expect(asked.length).toBeLessThan(30)
    await pass(20_000)
    expect(driven).toEqual(['trades A'])
  })
})

describe('a channel that moves with its symbol’s trades', () => {
  test('is driven anew when they go on for 15 s without it', async () => {
    const { driven, hear, pass } = open()
    let id = 0
    const both = () => {
      id += 1
      hear('trades', 'A', id)
      hear('candles', 'A', -1)
    }
    await pass(20_000, both)
    await pass(15_000, () => {
      id += 1
      hear('trades', 'A', id)
    })
    expect(driven).toEqual([])
    await pass(1000)
    expect(driven).toEqual(['candles A'])
  })

  test('is as quiet as they are, and a book is judged by nobody here', async () => {
    const { driven, hear, pass, newest } = open(['A'], true)
    let id = 0
    await pass(20_000, () => {
      id += 1
      hear('trades', 'A', id)
      hear('candles', 'A', -1)
      hear('book', 'A', -1)
    })
    newest.set('A', id)
    await pass(120_000)
    expect(driven).toEqual([])
  })
})
