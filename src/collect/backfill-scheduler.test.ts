import { describe, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import { createLogger } from '../core/log.ts'
import { MINUTE_US } from '../market/bucket.ts'
import type { HistoryRange, HistoryStep, RestRequest, Venue } from '../venues/venue.ts'
import { createBackfillScheduler } from './backfill-scheduler.ts'
import type { CandleGap } from './candle-plan.ts'
import type { Hole } from './hole-plan.ts'
import type { RestClient } from './rest-client.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))
const NOW_US = 1_000_000 * MINUTE_US

/** A scheduler over a venue that pages by time, one page to a walk. */
function open(wanted: { holes?: readonly Hole[]; candles?: readonly CandleGap[] }) {
  const clock = createManualClock(NOW_US)
  const asked: string[] = []
  const state = { fails: false }
  const step =
    (kind: string) =>
    (range: HistoryRange, previous: unknown): HistoryStep => {
      if (previous !== null) return { done: true }
      const path = `${kind} ${range.symbol} ${range.fromUs}`
      return { done: false, request: { channel: kind, symbol: range.symbol, path }, state: null }
    }
  const venue = {
    ...{ id: 'test', candleRules: { restMinutesMax: null } },
    history: { next: step('trades'), nextCandles: step('candles') },
  } as unknown as Venue
  const rest = {
    conn: 'c-1',
    async get(request: RestRequest) {
      if (state.fails) throw new AssayError('ASSAY_TIMEOUT', 'no answer', { retry: 'backoff' })
      asked.push(request.path)
      const empty = { count: 0, leastId: 0, greatestId: 0, leastTimeUs: 0, greatestTimeUs: 0 }
      const page = { request, status: 200, headers: {}, ...empty }
      return { page, record: { frame: asked.length }, refused: null, flaw: null }
    },
  } as unknown as RestClient
  const scheduler = createBackfillScheduler({
    ...{ venue, rest, diary: { write: () => 0, keepTicking: async () => {} }, clock },
    log: createLogger({ level: 'silent', pretty: false }),
    ...(wanted.holes && { holes: async () => wanted.holes! }),
    ...(wanted.candles && { candleGaps: async () => wanted.candles! }),
  })
  const over = new AbortController()
  const running = scheduler.run(over.signal)
  async function pass(seconds: number): Promise<void> {
    for (let at = 0; at < seconds; at += 1) {
      await settle()
      clock.advance(1000)
    }
    await settle()
  }
  const stop = () => {
    over.abort()
    return running
  }
  return { asked, state, scheduler, pass, stop }
}

const hole = (symbol: string, ids: number): Hole => ({
  ...{ symbol, firstId: 1, lastId: ids, fromUs: NOW_US - 5e6, toUs: NOW_US - 1e6 },
  ...{ attempts: 0, lastAttemptUs: null },
})
const gap = (minute: number): CandleGap => ({
  ...{ symbol: 'A', fromUs: minute * MINUTE_US, toUs: (minute + 1) * MINUTE_US },
})

describe('repair', () => {
  test('asks for trades before candles, more rarely while nothing comes', async () => {
    const { asked, pass, stop, scheduler } = open({ holes: [hole('A', 5)], candles: [gap(7)] })
    await pass(1)
    expect(asked.map((path) => path.slice(0, 8))).toEqual(['trades A', 'candles '])
    await pass(600)
    expect(asked.filter((path) => path.startsWith('trades')).length).toBeLessThan(11)
    expect(asked.filter((path) => path.startsWith('candles')).length).toBeLessThanOrEqual(6)
    expect(scheduler.status()).toMatchObject({ open: 1, candles: 0 })
    expect(scheduler.status().candleSpans).toBeGreaterThan(3)
    await stop()
  })

  test('walks a long hole as one where the venue pages by time', async () => {
    const { asked, pass, stop } = open({ holes: [hole('A', 50_000)] })
    await pass(1)
    expect(asked).toHaveLength(1)
    await stop()
  })

  test('of candles goes on by itself where no holes can be asked for', async () => {
    const { asked, pass, stop, scheduler } = open({ candles: [gap(7), gap(400), gap(900)] })
    await pass(1)
    expect(asked).toHaveLength(3)
    expect(scheduler.status().open).toBeNull()
    await stop()
  })

  test('waits, ever longer, while the venue cannot be reached', async () => {
    const { asked, state, pass, stop, scheduler } = open({ candles: [gap(7)] })
    state.fails = true
    await pass(10)
    expect(scheduler.status().failure).toBe('no answer')
    state.fails = false
    await pass(60)
    expect(scheduler.status().failure).toBeNull()
    expect(asked.length).toBeGreaterThan(0)
    await stop()
  })
})
