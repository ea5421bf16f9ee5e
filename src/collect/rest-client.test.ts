import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Journal } from '../bronze/index.ts'
import { systemClock } from '../core/clock.ts'
import { createLogger } from '../core/log.ts'
import { createRandom } from '../core/random.ts'
import type { NewRecord } from '../market/record.ts'
import type { Answer, Heed, RestRequest, Venue } from '../venues/venue.ts'
import { createRateBudget } from './rate-budget.ts'
import { createRestClient } from './rest-client.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const request = (path: string, weight = 1): RestRequest => ({
  ...{ channel: 'trades', symbol: 'A', path, weight },
})

/** A client of a venue that answers by `answer` and complains by `heed`. */
async function open(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  heed: (answer: Answer) => Heed | null = () => null,
) {
  const asked: { path: string; atMs: number; headers: IncomingMessage['headers'] }[] = []
  const server = createServer((incoming, response) => {
    const { url = '', headers } = incoming
    asked.push({ path: url, atMs: systemClock.monotonicMs(), headers })
    answer(incoming, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const records: NewRecord[] = []
  const journal = {
    append: (record: NewRecord) => records.push(record) - 1,
    ready: () => Promise.resolve(),
  } as unknown as Journal
  const history = { restUrl: '', dialect: 'test/rest', headersKept: [], heed }
  const venue = { name: 'Test', history, decoders: { 'test/rest': () => 'control' } }
  const budget = createRateBudget({ ratePerSecond: 1000, burst: 100, clock: systemClock })
  const pauses: number[] = []
  const rest = createRestClient({
    ...{ venue: venue as unknown as Venue, restUrl: `http://127.0.0.1:${port}`, journal, budget },
    ...{ clock: systemClock, random: createRandom(1), conn: 'c-1', userAgent: 'test' },
    log: createLogger({ level: 'silent', pretty: false }),
    headers: { 'x-key': 'secret-canary' },
    onPause: (ms) => pauses.push(ms),
  })
  const signal = new AbortController().signal
  const get = (path: string, triesMax = 3) =>
    rest.get(request(path), { priority: 'live', signal, triesMax })
  return { asked, records, budget, rest, get, pauses }
}

describe('a REST client', () => {
  test('sends nothing during a ban: neither a retry, nor what waited, nor what comes', async () => {
    let banned = true
    const { asked, get, pauses } = await open(
      (_request, response) => response.end(banned ? '{"error":"banned"}' : '[]'),
      () => (banned ? { kind: 'limited', afterMs: 600, message: 'too much' } : null),
    )
    const asking = ['/a', '/b', '/c'].map((path) => get(path))
    await systemClock.sleep(300)
    asking.push(get('/d'))
    expect(asked).toHaveLength(1)
    banned = false
    await Promise.all(asking)
    const [first, ...others] = asked
    expect(others).toHaveLength(4)
    for (const { atMs } of others) expect(atMs - first!.atMs).toBeGreaterThan(590)
    expect(pauses).toEqual([600, 0, 0, 0, 0])
  })

  test('pauses ever longer where the venue does not say for how long', async () => {
    const { asked, get, pauses } = await open(
      (_request, response) => {
        response.statusCode = 429
        response.end('{}')
      },
      () => null,
    )
    await expect(get('/a', 2)).rejects.toMatchObject({ code: 'ASSAY_RATE_LIMITED' })
    expect(asked).toHaveLength(2)
    expect(pauses).toEqual([1000, 2000])
  })

  test('takes a definite no for an answer, whatever its status', async () => {
    const { get, asked } = await open(
      (_request, response) => response.end('{"error":["EQuery:Unknown asset pair"]}'),
      () => ({ kind: 'refused', message: 'Unknown asset pair' }),
    )
    const { refused, page } = await get('/a')
    expect(refused).toBe('Unknown asset pair')
    expect(page.status).toBe(200)
    expect(asked).toHaveLength(1)
  })

  test('asks again for what is unavailable, and keeps every answer', async () => {
    let answers = 0
    const { get, records } = await open(
      (_request, response) => {
        answers += 1
        response.end('{"error":["EService:Busy"]}')
      },
      () => (answers < 2 ? { kind: 'unavailable', message: 'busy' } : null),
    )
    expect((await get('/a')).refused).toBeNull()
    expect(records).toHaveLength(2)
  })

  test('slows down when told to, though the answer stands', async () => {
    const { get, budget } = await open(
      (_request, response) => response.end('[]'),
      () => ({ kind: 'slow_down', afterMs: 5000 }),
    )
    expect((await get('/a')).page.status).toBe(200)
    expect(budget.status().pausedMs).toBeGreaterThan(4000)
  })

  test('sends its key and writes it nowhere', async () => {
    const { get, records, asked } = await open((_request, response) => response.end('[]'))
    await get('/a')
    expect(asked[0]!.headers['x-key']).toBe('secret-canary')
    const told = records.map(({ payload: _payload, ...rest }) => JSON.stringify(rest)).join()
    expect(told).not.toContain('secret-canary')
  })
})
