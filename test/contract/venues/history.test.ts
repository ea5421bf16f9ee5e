import { describe, expect, test } from 'vitest'
import { createRandom, type Random } from '../../../src/core/random.ts'
import type {
  HistoryRange,
  HistoryStep,
  PageSummary,
  RestRequest,
} from '../../../src/venues/venue.ts'
import { venues } from './fixtures.ts'

const DAY_US = 86_400_000_000
const NOW_US = 1_790_689_560_000_000
const STEPS_MAX = 20_000

function randomRange(random: Random): HistoryRange {
  const fromUs = NOW_US - random.int(0, 30) * DAY_US
  const id = () => (random.next() < 0.5 ? null : random.int(1, 50_000))
  return {
    symbol: 'X-Y',
    fromUs,
    toUs: fromUs + random.int(0, DAY_US),
    firstId: id(),
    lastId: id(),
  }
}

/** A page of anything: empty, short, overlapping, standing still or running backwards. */
function randomPage(request: RestRequest, random: Random): PageSummary {
  const [a, b] = [random.int(0, 50_000), random.int(0, 50_000)]
  const [s, t] = [NOW_US - random.int(0, 40 * DAY_US), NOW_US - random.int(0, 40 * DAY_US)]
  const count = random.int(0, 4) === 0 ? 0 : random.int(1, 1000)
  return {
    request,
    status: 200,
    headers: {},
    count,
    leastId: count === 0 ? 0 : Math.min(a, b),
    greatestId: count === 0 ? 0 : Math.max(a, b),
    leastTimeUs: count === 0 ? 0 : Math.min(s, t),
    greatestTimeUs: count === 0 ? 0 : Math.max(s, t),
  }
}

describe('the history of', () => {
  test.each(venues)('$id is complete', ({ history, classify, decoders }) => {
    expect(Object.keys(decoders)).toContain(history.dialect)
    expect(history.restUrl).toMatch(/^https:\/\/[^/?#]+(\/[^/?#]+)*$/)
    expect(history.ratePerSecond).toBeGreaterThan(0)
    for (const name of history.headersKept) expect(name).toBe(name.toLowerCase())
    const { listing } = history
    expect(classify(history.restUrl + listing.path, 'rest')).toEqual({
      dialect: history.dialect,
      channel: listing.channel,
    })
  })

  test.each(venues)('$id ends, whatever the pages hold', ({ history, classify }) => {
    const random = createRandom('history')
    for (let run = 0; run < 500; run += 1) {
      const range = randomRange(random)
      for (const next of [history.next, history.nextCandles]) {
        let step: HistoryStep = next(range, null)
        let steps = 0
        for (; !step.done; steps += 1) {
          if (steps === STEPS_MAX) expect.fail(`no end of ${JSON.stringify(range)}`)
          const { request, state } = step
          expect(request.path.startsWith('/')).toBe(true)
          expect(request.symbol).toBe(range.symbol)
          const classified = classify(history.restUrl + request.path, 'rest')
          expect(classified).toEqual({ dialect: history.dialect, channel: request.channel })
          step = next(range, { page: randomPage(request, random), state })
        }
      }
    }
  })

  test.each(venues)('$id depends on range, page and state alone', ({ history }) => {
    const random = createRandom('pure')
    for (let run = 0; run < 200; run += 1) {
      const range = randomRange(random)
      const first = history.next(range, null)
      expect(history.next(range, null)).toEqual(first)
      if (first.done) continue
      const page = randomPage(first.request, random)
      const second = history.next(range, { page, state: first.state })
      // A driver may have been stopped between: the state survives being written down.
      const state: unknown = structuredClone(first.state)
      expect(history.next(range, { page, state })).toEqual(second)
    }
  })
})
