import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import type { Feed, Route, Subscription, Venue } from '../../src/venues/venue.ts'
import { venue as coinbase, collect, openBench, until } from '../integration/collect-support.ts'

const NOBODY = 'http://127.0.0.1:1'

/** What a client asked for in one message. */
interface Asked {
  readonly kind: string
  readonly id: number
  readonly names: readonly string[]
}

const asks = (kind: string) => (subs: readonly Subscription[], id: number) => [
  {
    id,
    text: JSON.stringify({ kind, id, names: subs.map((sub) => `${sub.channel} ${sub.symbol}`) }),
    subscriptions: subs,
  },
]

/** Frames are routes in JSON: the server says what the collector is to understand. */
function route(frame: Uint8Array): Route {
  const about = { kind: 'unknown' as const, channel: 'x', symbol: null, lastId: -1, eventTimeUs: 0 }
  return { ...about, ...(JSON.parse(Buffer.from(frame).toString()) as Partial<Route>) }
}

const FEED: Feed = {
  ...{ dialect: 'test/ws', url: 'ws://test.invalid', factChannel: 'trades', keepAlive: null },
  ...{ channels: ['trades'], globalChannels: [], bookChannel: null, route },
  ...{ subscribe: asks('subscribe'), unsubscribe: asks('unsubscribe') },
  limits: {
    ...{ connectsPerSecond: 5, messagesPerSecond: 20, silenceMsMax: 1500, pingEveryMs: 400 },
    ...{ lifeMsMax: null, subscribeWithinMs: 5000, frameBytesMax: 1e6, heartbeatWitness: false },
  },
}

/** A venue of our own words: `answer` sees each message of each client. */
async function openScene(
  answer: (asked: Asked, client: WebSocket, say: (route: Partial<Route>) => void) => void,
  more: Partial<Feed> = {},
) {
  const stack = new AsyncDisposableStack()
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  stack.defer(() => new Promise<void>((resolve) => server.close(() => resolve())))
  stack.defer(() => {
    for (const client of server.clients) client.terminate()
  })
  await once(server, 'listening')
  const asked: Asked[] = []
  server.on('connection', (client) => {
    const say = (what: Partial<Route>) => client.send(JSON.stringify(what))
    client.on('message', (data) => {
      const message = JSON.parse(String(data)) as Asked
      asked.push(message)
      answer(message, client, say)
    })
  })
  const { port } = server.address() as AddressInfo
  const venue: Venue = { ...coinbase, feeds: { test: { ...FEED, ...more } } }
  const bench = stack.use(await openBench())
  const about = { venue, products: ['A', 'B'], restUrl: NOBODY }
  const collector = await collect(bench, { ...about, wsUrl: `ws://127.0.0.1:${port}` })
  stack.defer(async () => void (await collector.stop()))
  const feed = () => collector.status().feed!
  const states = () => feed().subscriptions.map(({ symbol, state }) => `${symbol} ${state}`)
  return Object.assign(stack, { server, asked, bench, feed, states, collector })
}

test.concurrent('an answer by id confirms what was asked for under it', async () => {
  await using scene = await openScene(({ id }, _client, say) =>
    say({ kind: 'ack', ack: { kind: 'request', id } }),
  )
  await until(() => scene.states().join() === 'A acked,B acked', { what: 'both are held' })
  expect(scene.asked).toEqual([{ kind: 'subscribe', id: 1, names: ['trades A', 'trades B'] }])
})

test.concurrent('a request that is refused whole is taken apart to find the culprit', async () => {
  await using scene = await openScene(({ id, names }, _client, say) => {
    const isGood = names.length === 1 && names[0] === 'trades A'
    if (isGood) say({ kind: 'ack', ack: { kind: 'request', id } })
    else say({ kind: 'error', requestId: id, message: 'no such stream' })
  })
  await until(() => scene.states().join() === 'A acked,B refused', { what: 'each is judged' })
  expect(scene.asked.map(({ names }) => names.join())).toEqual([
    ...['trades A,trades B', 'trades A', 'trades B'],
  ])
  expect(new Set(scene.asked.map(({ id }) => id)).size).toBe(3)
  const [incident] = scene.collector.status().incidents
  expect(incident).toMatchObject({ cause: 'refused', symbol: 'B', detail: 'no such stream' })
})

test.concurrent('pongs keep a quiet connection; without them it is dead', async () => {
  await using scene = await openScene(({ id }, _client, say) =>
    say({ kind: 'ack', ack: { kind: 'request', id } }),
  )
  await until(() => scene.states().join() === 'A acked,B acked', { what: 'both are held' })
  await systemClock.sleep(3000)
  expect(scene.feed().connects).toBe(1)
  const [client] = scene.server.clients
  // From here on the server reads nothing any more, as where a cable is cut.
  client!.pause()
  await until(() => scene.feed().connects === 2, { what: 'another connection', withinMs: 5000 })
  const told = (await scene.bench.diary()).filter((entry) => entry.event === 'incident')
  expect(told[0]).toMatchObject({ cause: 'silent', toUs: null })
})

test.concurrent('pings of the venue are answered with their own words', async () => {
  await using scene = await openScene(({ id }, _client, say) =>
    say({ kind: 'ack', ack: { kind: 'request', id } }),
  )
  await until(() => scene.server.clients.size === 1, { what: 'a client' })
  const [client] = scene.server.clients
  const answered = once(client!, 'pong')
  client!.ping('word')
  expect(String((await answered)[0])).toBe('word')
})

test.concurrent('an end that is announced is met by a second connection first', async () => {
  let clients = 0
  await using scene = await openScene(({ id }, client, say) => {
    clients += 1
    say({ kind: 'ack', ack: { kind: 'request', id } })
    if (clients > 1) return
    say({ kind: 'unknown', endsSoon: true })
    setTimeout(() => client.close(1012), 4000).unref()
  })
  await until(() => scene.feed().handovers === 1, { what: 'a handover' })
  expect(scene.feed()).toMatchObject({ connects: 2, state: 'open' })
  const told = (await scene.bench.diary()).filter((entry) => entry.event === 'incident')
  expect(told).toMatchObject([
    { cause: 'planned_cut', toUs: null, detail: 'the venue announced its end' },
    { cause: 'planned_cut', toUs: expect.any(Number) },
  ])
  const close = (await scene.bench.diary()).find((entry) => entry.event === 'close')
  expect(close).toMatchObject({ reason: 'relieved by another connection' })
})

test.concurrent('a word keeps a connection awake that pings do not', async () => {
  const about = { keepAlive: { text: '{"kind":"word","id":0,"names":[]}', everyMs: 300 } }
  await using scene = await openScene(
    ({ id, kind }, _client, say) => {
      if (kind === 'word') say({ kind: 'heartbeat' })
      else say({ kind: 'ack', ack: { kind: 'request', id } })
    },
    { ...about, limits: { ...FEED.limits, pingEveryMs: null } },
  )
  await systemClock.sleep(3500)
  expect(scene.feed().connects).toBe(1)
  expect(scene.asked.filter(({ kind }) => kind === 'word').length).toBeGreaterThan(3)
})
