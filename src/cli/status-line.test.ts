import { expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { createStatusLine } from './status-line.ts'

function createStream(isTTY: boolean, columns = 40) {
  const written: string[] = []
  return { isTTY, columns, written, write: (text: string) => written.push(text) }
}

test('on a terminal one line is written over again, at most ten times a second', () => {
  const clock = createManualClock(0)
  const stream = createStream(true)
  const line = createStatusLine({ clock, stream })
  for (let ms = 0; ms < 1000; ms += 10) {
    line.show(() => `at ${ms}`)
    clock.advance(10)
  }
  expect(stream.written.length).toBeLessThanOrEqual(10)
  expect(stream.written.length).toBeGreaterThan(5)
  expect(stream.written[0]).toBe('\r\u001b[Kat 100')
  expect(stream.written.join('')).not.toContain('\n')
})

test('elsewhere a plain line stands every few seconds', () => {
  const clock = createManualClock(0)
  const stream = createStream(false)
  const line = createStatusLine({ clock, stream, plainEveryMs: 5000 })
  for (let ms = 0; ms < 12_000; ms += 100) {
    line.show(() => `at ${ms}`)
    clock.advance(100)
  }
  line.end('over')
  expect(stream.written).toEqual(['at 5000\n', 'at 10000\n', 'over\n'])
})

test('a text that is not shown is not made', () => {
  const line = createStatusLine({ clock: createManualClock(0), stream: createStream(true) })
  line.show(() => {
    throw new Error('made')
  })
})

test('a line that stays is written above the status, and the end leaves nothing of it', () => {
  const clock = createManualClock(0)
  const stream = createStream(true)
  const line = createStatusLine({ clock, stream })
  clock.advance(100)
  line.show(() => 'busy')
  line.say('a gap was healed')
  line.end('done')
  expect(stream.written).toEqual([
    '\r\u001b[Kbusy',
    '\r\u001b[K',
    'a gap was healed\n',
    '\r\u001b[Kbusy',
    '\r\u001b[K',
    'done\n',
  ])
})

test('a line wider than the terminal is cut, or it would wrap and could not be erased', () => {
  const clock = createManualClock(0)
  const stream = createStream(true, 12)
  const line = createStatusLine({ clock, stream })
  clock.advance(100)
  line.show(() => '\u001b[32mfar too long for that\u001b[39m')
  expect(stream.written).toEqual(['\r\u001b[Kfar too lo…'])
  clock.advance(100)
  line.show(() => '\u001b[32mfits\u001b[39m')
  expect(stream.written[1]).toBe('\r\u001b[K\u001b[32mfits\u001b[39m')
})
