import { describe, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import type { Feed } from '../venues/venue.ts'
import { createLine } from './line.ts'
import type { Socket } from './socket.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

function open(feed: Partial<Feed['limits']> & { keepAlive?: Feed['keepAlive'] }) {
  const clock = createManualClock(0)
  const said: string[] = []
  const say = (word: string) => said.push(`${clock.monotonicMs()} ${word}`)
  const socket = {
    send: say,
    ping: () => say('ping'),
    pong: (data: Uint8Array) => say(`pong ${String(data)}`),
  } as unknown as Socket
  const { keepAlive = null, ...limits } = feed
  const about = { keepAlive, limits: { messagesPerSecond: 5, pingEveryMs: null, ...limits } }
  const over = new AbortController()
  const line = createLine(about as unknown as Feed, { socket, clock, signal: over.signal })
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50)
      line.keepAlive(clock.monotonicMs())
      await settle()
    }
  }
  return { line, said, pass, over }
}

const texts = (count: number) => Array.from({ length: count }, (_, at) => ({ text: `ask ${at}` }))

describe('what is said on a connection', () => {
  test('comes in order and never above the venue’s rate in any second', async () => {
    const { line, said, pass } = open({ messagesPerSecond: 5 })
    line.say(texts(30))
    await settle()
    await pass(15_000)
    expect(said.map((word) => word.replace(/^\S+ /, ''))).toEqual(texts(30).map(({ text }) => text))
    const times = said.map((word) => Number.parseInt(word, 10))
    for (const [at, ms] of times.entries()) {
      expect(times.slice(at).filter((later) => later < ms + 1000).length).toBeLessThanOrEqual(5)
    }
  })

  test('counts pings and pongs as messages', async () => {
    const { line, said, pass } = open({ messagesPerSecond: 2, pingEveryMs: 500 })
    for (let i = 0; i < 4; i += 1) line.pong(new Uint8Array([i]))
    await pass(1000)
    expect(said.length).toBeLessThanOrEqual(2)
    await pass(9000)
    expect(said.filter((word) => word.includes('pong'))).toHaveLength(4)
    expect(said.some((word) => word.endsWith(' ping'))).toBe(true)
  })

  test('keeps a connection awake after so much silence of ours', async () => {
    const { line, said, pass } = open({ keepAlive: { text: 'still here', everyMs: 2000 } })
    await pass(1500)
    line.say(texts(1))
    await settle()
    await pass(5000)
    expect(said).toEqual(['1500 ask 0', '3500 still here', '5500 still here'])
  })

  test('is dropped when the connection ends', async () => {
    const { line, said, pass, over } = open({ messagesPerSecond: 1 })
    line.say(texts(5))
    await settle()
    over.abort()
    await pass(10_000)
    expect(said).toHaveLength(1)
  })
})
