import { expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { createProgress } from './progress.ts'

function start(options: { total?: number; unit?: string; isTty?: boolean } = {}) {
  const clock = createManualClock(0)
  const written: string[] = []
  const stream = { columns: 200, write: (text: string) => written.push(text) }
  const { unit = 'records', isTty = false, total } = options
  const progress = createProgress({ label: 'reading', unit, total, isTty, clock, stream })
  return { clock, written, progress }
}

test('tells share, rate and time left of what has a known end', () => {
  const { clock, written, progress } = start({ total: 100_000 })
  clock.advance(5000)
  progress.update(25_000, 'log collect')
  expect(written).toEqual([
    'reading: 25 %, 25,000 of 100,000 records, 5,000/s, 15 s left, log collect\n',
  ])
})

test('tells count and rate of what has none, and adopts an end that is learned later', () => {
  const { clock, written, progress } = start({ unit: 'bytes' })
  clock.advance(5000)
  progress.update(5 * 1024 * 1024)
  progress.expect(20 * 1024 * 1024)
  clock.advance(5000)
  progress.update(10 * 1024 * 1024)
  expect(written).toEqual([
    'reading: 5.0 MiB, 1.0 MiB/s\n',
    'reading: 50 %, 10.0 MiB of 20.0 MiB, 1.0 MiB/s, 10 s left\n',
  ])
})

test('draws a bar on a terminal', () => {
  const { clock, written, progress } = start({ total: 4, isTty: true })
  clock.advance(1000)
  progress.update(1)
  expect(written[0]).toContain('reading: [=====               ] 25 %, 1 of 4 records')
})

test('a rate follows what happens now', () => {
  const { clock, written, progress } = start({ total: 1_000_000 })
  clock.advance(5000)
  progress.update(50_000)
  for (let step = 1; step <= 20; step += 1) {
    clock.advance(5000)
    progress.update(50_000 + step * 5000)
  }
  const rate = Number(/ ([\d,]+)\/s/.exec(written.at(-1) as string)?.[1]?.replace(',', ''))
  expect(rate).toBeLessThan(1100)
})

test('ends with how much, how long and how fast, however short it was', () => {
  const { clock, written, progress } = start({ total: 10 })
  clock.advance(40)
  progress.update(10)
  progress.done('all sound')
  expect(written).toEqual(['reading: 10 records in 40 ms (250/s): all sound\n'])
})
