import { expect, test } from 'vitest'
import { beginsStopwatch, createStopwatchReader } from './replay-stopwatch.ts'

const HEAD = '{"captured_at": "2026-08-16T23:37:03.402652+00:00", "url": "wss://x/v2", "depth": 25}'
const START_US = Date.parse('2026-08-16T23:37:03Z') * 1000 + 402_652

test('a recording by the stopwatch keeps its frames as they stand, and its own time', () => {
  const read = createStopwatchReader()
  expect(read(Buffer.from(HEAD))).toEqual({
    kind: 'connect',
    conn: '0',
    timeUs: START_US,
    url: 'wss://x/v2',
  })
  const sent = '{"rx_ns": 42890204228400, "dir": "tx", "frame": {"method":"subscribe"}}'
  expect(read(Buffer.from(sent))).toMatchObject({ kind: 'send', timeUs: START_US })
  const frame = '{"channel":"book","data":[{"price":0.0280,"qty":0.00000000}]}'
  const heard = read(Buffer.from(`{"rx_ns": 42890204502000, "frame": ${frame}}`))
  expect(heard).toMatchObject({ kind: 'recv', conn: '0', timeUs: START_US + 274 })
  expect(heard !== null && 'data' in heard && heard.data.toString()).toBe(frame)
})

test('nothing is read before its first line, nor what is none of its lines after it', () => {
  const read = createStopwatchReader()
  const line = Buffer.from('{"rx_ns": 1, "frame": {}}')
  expect(read(line)).toBeNull()
  expect(beginsStopwatch(line)).toBe(false)
  expect(beginsStopwatch(Buffer.from(HEAD))).toBe(true)
  read(Buffer.from(HEAD))
  for (const odd of ['{"rx_ns": 1}', '{"frame": {}}', '{"rx_ns": "1", "frame": {}}', '5', '{']) {
    expect(read(Buffer.from(odd))).toBeNull()
  }
})
