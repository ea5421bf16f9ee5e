import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import type { PageSummary, RestRequest } from '../../../src/venues/venue.ts'
import { damage } from './damage.ts'
import { fixtures, venues } from './fixtures.ts'

const NOW_US = 1_790_689_560_000_000
const DAY_MS = 86_400_000
const encoder = new TextEncoder()

/** Words that venues complain in, and some that only look so. */
const BODIES = [
  '{"code":-1003,"msg":"Way too many requests; IP banned until 1790689999999."}',
  '{"code":-1121,"msg":"Invalid symbol."}',
  '{"error":["EAPI:Rate limit exceeded"],"result":{}}',
  '{"error":[],"result":{}}',
  '{"message":"Public rate limit exceeded"}',
  '{"status":{"error_code":429,"error_message":"exceeded the Rate Limit"}}',
  '<html>403 Forbidden</html>',
  '[]',
  '{}',
  '',
  'null',
]
const STATUSES = [200, 200, 301, 400, 401, 403, 404, 408, 418, 422, 429, 451, 500, 503, 520]
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'retry-after': '120' },
  { 'retry-after': '-5' },
  { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' },
  { 'retry-after': '9'.repeat(40) },
  { 'x-mbx-used-weight-1m': '1199' },
  { 'x-mbx-used-weight-1m': 'NaN' },
]

test.each(venues)('$id heeds any answer without throwing, and says for how long', ({ history }) => {
  const random = createRandom('heed')
  const frames = fixtures.map(({ frame }) => frame)
  for (let run = 0; run < 20_000; run += 1) {
    const text = random.pick(random.next() < 0.7 ? BODIES : frames)
    const body = random.next() < 0.5 ? encoder.encode(text) : damage(encoder.encode(text), random)
    const [status, headers] = [random.pick(STATUSES), random.pick(HEADERS)]
    const heed = history.heed({ status, headers, body, nowUs: NOW_US })
    if (heed === null) continue
    if (heed.kind === 'limited' || heed.kind === 'slow_down') {
      const { afterMs } = heed
      const sound = afterMs === null || (afterMs >= 0 && afterMs <= 7 * DAY_MS)
      if (!sound) expect.fail(`${heed.kind} for ${afterMs} ms at run ${run}`)
    }
    if (heed.kind !== 'slow_down' && (heed.message === '' || heed.message.length > 200)) {
      expect.fail(`${heed.message.length} letters at run ${run}`)
    }
  }
})

test.each(venues)('$id takes a plain page for nothing else', ({ history, id }) => {
  const pages = fixtures.filter(
    ({ venue, dialect, golden, request }) =>
      venue.id === id &&
      dialect === history.dialect &&
      golden.kind === 'event' &&
      (request?.status ?? 200) === 200,
  )
  expect(pages.length).toBeGreaterThan(0)
  for (const { frame } of pages) {
    const answer = { status: 200, headers: {}, body: encoder.encode(frame), nowUs: NOW_US }
    expect(history.heed(answer)).toBeNull()
  }
})

describe('the witness of', () => {
  test.each(venues)('$id is asked about every symbol, or heartbeats tell', (venue) => {
    const { history, classify, spell, feeds } = venue
    const symbols = ['BTC', 'ETH', 'KSM'].map((base) => spell(base, 'USD'))
    const requests = history.witness(symbols)
    if (requests === null) {
      const [feed] = Object.values(feeds)
      expect(feed === undefined || feed.limits.heartbeatWitness).toBe(true)
      return
    }
    const words = requests.map(({ path }) => decodeURIComponent(path)).join()
    for (const request of requests) expectRequest(request, classify, history)
    for (const symbol of symbols) {
      const bySymbol = requests.some((request) => request.symbol === symbol)
      expect(bySymbol || words.includes(symbol), symbol).toBe(true)
    }
    expect(history.witness([])).toEqual([])
  })
})

describe('the snapshots of', () => {
  const aggregators = venues.filter(({ snapshots }) => snapshots !== null)
  test.each(aggregators)('$id are asked for in pages that end', ({ snapshots, ...venue }) => {
    expect(snapshots?.ratePerMinute).toBeGreaterThan(0)
    const ids = Array.from({ length: 700 }, (_, at) => `coin-${at}`)
    for (const coins of [
      { kind: 'ids', ids: ids.slice(0, 10) },
      { kind: 'ids', ids },
      { kind: 'top', count: 10 },
      { kind: 'top', count: 700 },
    ] as const) {
      const paths: string[] = []
      let request = snapshots?.page(coins, null) ?? null
      while (request !== null) {
        expectRequest(request, venue.classify, venue.history)
        expect(paths).not.toContain(request.path)
        expect(paths.push(request.path)).toBeLessThan(100)
        request = snapshots?.page(coins, summary(request)) ?? null
      }
      expect(paths.length).toBeGreaterThan(0)
    }
    for (const request of snapshots?.history('bitcoin', 30) ?? []) {
      expectRequest(request, venue.classify, venue.history)
    }
  })
})

function expectRequest(
  request: RestRequest,
  classify: (typeof venues)[number]['classify'],
  { restUrl, dialect }: { readonly restUrl: string; readonly dialect: string },
): void {
  expect(request.path.startsWith('/')).toBe(true)
  expect(request.weight ?? 1).toBeGreaterThan(0)
  const { channel } = request
  expect(classify(restUrl + request.path, 'rest')).toEqual({ dialect, channel })
}

function summary(request: RestRequest): PageSummary {
  const zeros = { leastId: 0, greatestId: 0, leastTimeUs: 0, greatestTimeUs: 0 }
  return { request, status: 200, headers: {}, count: 10, ...zeros }
}
