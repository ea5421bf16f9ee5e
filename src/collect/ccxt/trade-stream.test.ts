import { describe, expect, test } from 'vitest'
import { createTradeStream } from './trade-stream.ts'
import type { CcxtAnswer, Way } from './writer.ts'

const START_MS = 1_795_000_000_000

interface Trade {
  readonly id?: unknown
  readonly timestamp: number
  readonly price: string
  readonly amount: string
}

function trade(at: number, over: Partial<Trade> = {}): Trade {
  return { id: String(5000 + at), timestamp: START_MS + at, price: '10', amount: '1', ...over }
}

const run = (from: number, to: number, over: Partial<Trade> = {}) =>
  Array.from({ length: to - from + 1 }, (_, at) => trade(from + at, over))

function open(way: Way = 'rest', conn = 'c-1') {
  const written: CcxtAnswer[] = []
  const writer = { write: (answer: CcxtAnswer) => void written.push(answer), records: 0 }
  const about = { venue: 'bitstamp', symbol: 'BTC/USD', startMs: START_MS }
  const stream = createTradeStream({ ...about, way, writer, conn })
  const times = () =>
    written.map(({ value }) => (value as Trade[]).map(({ timestamp }) => timestamp - START_MS))
  return { stream, written, times }
}

describe('trades with ids that follow one another', () => {
  test('are written once however pages overlap, and older ones than the run too', () => {
    const { stream, written, times } = open()
    expect(stream.take(run(-5, 3))).toEqual({ fresh: 9, joined: true })
    expect(stream.take(run(2, 5))).toEqual({ fresh: 2, joined: true })
    expect(stream.take(run(2, 5))).toEqual({ fresh: 0, joined: true })
    expect(times()).toEqual([
      [-5, -4, -3, -2, -1, 0, 1, 2, 3],
      [4, 5],
    ])
    expect(written.map(({ firstLine }) => firstLine)).toEqual([undefined, undefined])
    expect(stream.newestMs).toBe(START_MS + 5)
    expect(stream.trades).toBe(11)
  })

  test('share a tape over runs, and not over the two ways of collecting', () => {
    const tapeOf = (way: Way, conn: string) => {
      const { stream, written } = open(way, conn)
      stream.take(run(1, 3))
      return written[0]?.tape
    }
    expect(tapeOf('rest', 'c-1')).toBe(tapeOf('rest', 'c-2'))
    expect(tapeOf('rest', 'c-1')).toMatch(/^[0-9a-f]{64}$/)
    expect(tapeOf('ws', 'c-1')).not.toBe(tapeOf('rest', 'c-1'))
  })

  test('are told to be unjoined where a full page reaches back to none known', () => {
    const { stream } = open()
    stream.take(run(1, 60))
    expect(stream.take(run(60, 160)).joined).toBe(true)
    expect(stream.take(run(200, 300)).joined).toBe(false)
    expect(stream.take(run(310, 320)).joined).toBe(true)
  })
})

describe('trades that ids do not number', () => {
  test.each([
    ['no ids', () => undefined],
    ['names', (at: number) => `t-${at}`],
    ['numbers beyond 2^53', (at: number) => `90071992547409930${at}`],
    ['numbers counted over all products', (at: number) => String(70_000 + at * 13)],
  ])('are numbered by the run where they have %s', (_, idOf) => {
    const { stream, written, times } = open()
    const page = (from: number, to: number) =>
      run(from, to).map((one, at) => ({ ...one, id: idOf(from + at) }))
    stream.take(page(-2, 4))
    stream.take(page(3, 6))
    // What is older than the run may be on the tape of the run before it.
    expect(times()).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6],
    ])
    expect(written.map(({ firstLine }) => firstLine)).toEqual([1, 6])
    expect(open('rest', 'c-2').written).toEqual([])
  })

  test('and are alike are as many as one page holds', () => {
    const { stream, times } = open()
    const alike = { id: undefined, timestamp: START_MS + 7 }
    stream.take([trade(7, alike), trade(7, alike)])
    stream.take([trade(7, alike), trade(7, alike), trade(7, alike)])
    stream.take([trade(7, alike), trade(7, alike), trade(7, alike)])
    expect(times()).toEqual([[7, 7], [7]])
  })

  test('come from a socket as often as it tells them, but not again when it comes back', () => {
    const { stream, times } = open('ws')
    const alike = { id: undefined, timestamp: START_MS + 7 }
    stream.take([trade(7, alike)])
    stream.take([trade(7, alike)])
    stream.resume()
    stream.take([trade(6, { id: undefined }), trade(7, alike), trade(8, { id: undefined })])
    expect(times()).toEqual([[7], [7], [8]])
  })

  test('stay off the tape of ids where a socket leaves one out', () => {
    const { stream, written } = open('ws')
    stream.learn(run(1, 20))
    stream.take([trade(21)])
    stream.take([trade(22, { id: undefined })])
    stream.take([trade(23)])
    const [first, second, third] = written.map(({ tape }) => tape)
    expect(written.map(({ firstLine }) => firstLine)).toEqual([undefined, 1, undefined])
    expect(third).toBe(first)
    expect(second).not.toBe(first)
  })
})

test('what is no list of trades is nothing', () => {
  const { stream, written } = open()
  for (const page of [undefined, null, {}, [], ['x', null]]) {
    expect(stream.take(page)).toEqual({ fresh: 0, joined: true })
  }
  expect(written).toEqual([])
})
