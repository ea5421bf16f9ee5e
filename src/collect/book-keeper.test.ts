import { expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { createLogger } from '../core/log.ts'
import type { BrokenBook } from '../market/book.ts'
import type { Feed, Subscription, Venue } from '../venues/venue.ts'
import { applyAck, createRequestLog } from './acks.ts'
import { createBookKeeper } from './book-keeper.ts'
import type { FeedOptions } from './feed-options.ts'
import type { Session } from './feed-session.ts'
import { createSubscriptions, resetForConnection } from './subscriptions.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

const ask = (kind: string) => (subs: readonly Subscription[], id: number) => [
  { id, text: `${kind} ${subs.map(({ symbol }) => symbol).join()}`, subscriptions: subs },
]
const FEED = {
  ...{ factChannel: 'trades', channels: ['trades'], globalChannels: [], bookChannel: 'book' },
  ...{ subscribe: ask('subscribe'), unsubscribe: ask('unsubscribe') },
} as unknown as Feed

/** A feed with the books of A and B, on connection `c-1`. */
function open(snapshotsApart: boolean) {
  const clock = createManualClock(0)
  const said: string[] = []
  const broken: BrokenBook[] = []
  const told: string[] = []
  const over = new AbortController()
  const state = { frames: 100, refused: null as string | null }
  const subscriptions = createSubscriptions(
    { feed: FEED, products: ['A', 'B'], books: true },
    () => undefined,
  )
  resetForConnection(subscriptions, 0)
  const requests = createRequestLog()
  const ack = { kind: 'added' as const, subscriptions: subscriptions.all }
  const snapshot = (symbol: string) =>
    snapshotsApart ? { channel: 'depth', symbol, path: `/depth/${symbol}` } : null
  const rest = {
    async get({ path }: { path: string }) {
      said.push(path)
      return { refused: state.refused }
    },
  }
  const last = new Set<string>()
  const incidents = {
    open({ symbol }: { symbol: string }) {
      if (!last.has(symbol)) told.push(`open ${symbol}`)
      last.add(symbol)
    },
    close({ symbol }: { symbol: string }) {
      if (last.delete(symbol)) told.push(`close ${symbol}`)
    },
  }
  const options = {
    ...{ venue: { books: { snapshot } } as unknown as Venue, clock, rest, incidents, books: true },
    ...{ log: createLogger({ level: 'silent', pretty: false }), signal: over.signal },
    brokenBooks: async () => broken,
  } as unknown as FeedOptions
  const line = { say: (asks: readonly { text: string }[]) => said.push(...asks.map((a) => a.text)) }
  const session = {
    ...{ conn: 'c-1', subscriptions },
    get frames() {
      return state.frames
    },
    talk: { context: { options, feed: FEED }, subscriptions, requests, line },
  } as unknown as Session
  const running = createBookKeeper(options, FEED).run(() => session)
  async function pass(seconds: number): Promise<void> {
    for (let at = 0; at < seconds; at += 1) {
      await settle()
      clock.advance(1000)
    }
    await settle()
  }
  const acknowledge = () => applyAck(subscriptions, { ack }, requests)
  const stop = () => {
    over.abort()
    return running
  }
  return { said, broken, told, state, pass, acknowledge, stop }
}

test('a snapshot is fetched once a book is subscribed, once for each connection', async () => {
  const { said, pass, acknowledge, stop } = open(true)
  await pass(3)
  expect(said).toEqual([])
  acknowledge()
  await pass(20)
  expect(said).toEqual(['/depth/A', '/depth/B'])
  await stop()
})

test('a snapshot that is refused is asked for again, but not hurriedly', async () => {
  const { said, state, pass, acknowledge, stop } = open(true)
  state.refused = 'no'
  acknowledge()
  await pass(12)
  expect(said.filter((path) => path === '/depth/A')).toHaveLength(3)
  state.refused = null
  await pass(30)
  expect(said.filter((path) => path === '/depth/A')).toHaveLength(4)
  await stop()
})

const breakOf = (symbol: string, conn: string, frame: number): BrokenBook => ({
  ...{ venue: 'v', symbol, conn, frame },
})

test('a broken chain costs one subscription, at most once in 5 s, and is told', async () => {
  const { said, broken, told, state, pass, acknowledge, stop } = open(false)
  acknowledge()
  await pass(10)
  expect(said).toEqual([])
  broken.push(breakOf('A', 'c-1', 120), breakOf('B', 'c-0', 900))
  state.frames = 130
  await pass(4)
  expect(said).toEqual(['unsubscribe A', 'subscribe A'])
  expect(told).toEqual(['open A'])
  // Told again of the same break nothing is done; of a later one, something is.
  await pass(6)
  expect(said).toHaveLength(2)
  broken.push(breakOf('A', 'c-1', 131))
  await pass(2)
  expect(said).toHaveLength(4)
  await stop()
})

test('a break is over as soon as the book is whole again, and not before', async () => {
  const { said, broken, told, state, pass, acknowledge, stop } = open(false)
  acknowledge()
  await pass(10)
  broken.push(breakOf('A', 'c-1', 120))
  state.frames = 130
  await pass(25)
  expect([said.length, told]).toEqual([2, ['open A']])
  broken.length = 0
  await pass(1)
  expect(told).toEqual(['open A', 'close A'])
  await stop()
})

test('a book that stays broken without a word is begun once more', async () => {
  const { said, broken, state, pass, acknowledge, stop } = open(false)
  acknowledge()
  await pass(10)
  broken.push(breakOf('A', 'c-1', 120))
  state.frames = 130
  await pass(29)
  expect(said).toHaveLength(2)
  await pass(4)
  expect(said).toEqual(['unsubscribe A', 'subscribe A', 'unsubscribe A', 'subscribe A'])
  await stop()
})

test('where snapshots come apart, a broken chain needs no more than a new one', async () => {
  const { said, broken, pass, acknowledge, stop } = open(true)
  acknowledge()
  await pass(10)
  broken.push(breakOf('B', 'c-1', 120))
  await pass(2)
  expect(said).toEqual(['/depth/A', '/depth/B', '/depth/B'])
  await stop()
})
