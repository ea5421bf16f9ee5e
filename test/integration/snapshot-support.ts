import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingHttpHeaders, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Coin, coinsOf, figuresAt } from '../../sim/coingecko/coin.ts'
import { createCoinGecko } from '../../sim/coingecko/venue.ts'
import { createSymbolFaults } from '../../sim/faults/symbol-faults.ts'
import { defaultProducts, resolveProducts } from '../../sim/market/catalogue.ts'
import { createMarket } from '../../sim/market/market.ts'
import { createBans } from '../../sim/service/bans.ts'
import { createCandleHoles } from '../../sim/service/candle-holes.ts'
import type { RateLimitOptions } from '../../sim/service/rate-limit.ts'
import type { RestAnswer } from '../../sim/service/rest-answer.ts'
import { type Refusal, type VenueCounters, WHOLE_PAGE } from '../../sim/venue-sim.ts'
import { type Journal, openJournal } from '../../src/bronze/index.ts'
import type { RestClient } from '../../src/collect/rest-client.ts'
import {
  openSnapshotClient,
  type SnapshotClientSettings,
} from '../../src/collect/snapshot-poll-client.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Logger } from '../../src/core/log.ts'
import { createRandom } from '../../src/core/random.ts'
import { decimalText, parseDecimal, roundDecimal } from '../../src/market/decimal.ts'
import { coingecko } from '../../src/venues/coingecko/index.ts'

/** A request as the simulated host saw it. */
interface SeenRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** What the host does with the next request in place of answering it. */
export type Trick = Partial<Refusal> | 'html' | 'silence' | 'half'

/** The aggregator on a port of its own. */
export interface Host extends AsyncDisposable {
  readonly restUrl: string
  readonly requests: readonly SeenRequest[]
  readonly coins: readonly Coin[]
  /** Plays tricks on the next requests, one each. */
  play(...tricks: readonly Trick[]): void
}

const COUNTERS: VenueCounters = {
  ...{ framesSent: 0, bytesSent: 0, slowConsumersCut: 0, upgrades: 0, upgradesRefused: 0 },
  ...{ restRequests: 0, restLimited: 0, requestsWhileBanned: 0, messagesOverLimit: 0 },
  connectsPerIp: {},
}

/** Opens the simulated aggregator on real sockets, with two hours of history. */
export async function openHost(rateLimit: RateLimitOptions | null = null): Promise<Host> {
  const { nowUs, monotonicMs } = systemClock
  const counters = { ...COUNTERS }
  const market = createMarket({
    products: resolveProducts(defaultProducts('coingecko'), 'coingecko'),
    ...{ seed: 'snapshots', startUs: nowUs(), tradesPerSecond: 5, historyMinutes: 120 },
    tradesHeldMax: 10_000_000,
  })
  const { rest } = createCoinGecko({
    ...{ market, nowUs, counters, rateLimit, retryAfter: true },
    ...{ random: createRandom('scenery'), symbolFaults: createSymbolFaults() },
    ...{ candleHoles: createCandleHoles(), bans: createBans(counters), told: () => {} },
    ...{ subscribeDeadlineMs: 5000 },
    clocks: { connectionLifeMs: 1, pingEveryMs: 1, pongWithinMs: 1, banMs: 1, idleMs: 1 },
  })
  const requests: SeenRequest[] = []
  const tricks: Trick[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://host')
    requests.push({ path: url.pathname + url.search, headers: request.headers })
    const trick = tricks.shift()
    if (trick === 'silence') return
    market.advanceTo(nowUs(), () => undefined)
    const asked = { path: url.pathname.replace('/coingecko', ''), query: url.searchParams }
    const whole = { ...asked, address: 'test', nowUs: nowUs(), nowMs: monotonicMs() }
    const serve = (): RestAnswer => rest.admit(whole) ?? rest.answer(whole, WHOLE_PAGE)
    const answer = trickAnswer(trick, serve, (refusal) => rest.refuse(refusal))
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    restUrl: `http://127.0.0.1:${portOf(server)}/coingecko/api/v3`,
    requests,
    coins: coinsOf(market),
    play: (...more) => tricks.push(...more),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function trickAnswer(
  trick: Exclude<Trick, 'silence'> | undefined,
  serve: () => RestAnswer,
  refuse: (refusal: Refusal) => RestAnswer,
): RestAnswer {
  if (trick === undefined) return serve()
  if (trick === 'html') return { status: 200, body: '<html>error code: 1020</html>' }
  if (trick === 'half') {
    const { body } = serve()
    return { status: 200, body: body.slice(0, body.length >> 1) }
  }
  const whole = { status: null, retryAfterSeconds: null, untilUs: null }
  return refuse({ reason: 'limited', ...whole, ...trick })
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** A log, a client of the host, and what was told of them. */
export interface SnapshotBench extends AsyncDisposable {
  readonly dataDir: string
  readonly journal: Journal
  readonly log: Logger
  /** Lines that were logged, as objects. */
  readonly told: () => readonly string[]
  client(settings: SnapshotClientSettings): RestClient
}

/** Opens a log in a folder of its own. */
export async function openSnapshotBench(): Promise<SnapshotBench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assay-snapshots-'))
  const journal = await openJournal({ dataDir, name: 'collect', clock: systemClock })
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line) => lines.push(line) })
  let clients = 0
  return {
    dataDir,
    journal,
    log,
    told: () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    client(settings) {
      clients += 1
      const about = { conn: `c-test-${clients}`, userAgent: 'assay/test', random: createRandom(1) }
      const venue = coingecko
      return openSnapshotClient({ venue, journal, clock: systemClock, log, ...about, ...settings })
    },
    async [Symbol.asyncDispose]() {
      await journal[Symbol.asyncDispose]()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Returns what the host said of a coin at the time it says so, as silver must have it. */
export function truthOf(host: Host, coinId: string, updatedUs: number): Record<string, unknown> {
  const coin = host.coins.find(({ id }) => id === coinId)
  if (coin === undefined) throw new Error(`there is no ${coinId}`)
  const texts = Object.entries(figuresAt(coin, updatedUs)).map(([field, text]) => {
    const exact = text === 'null' ? null : parseDecimal(text)
    return [field, exact === null ? null : decimalText(roundDecimal(exact, 18))]
  })
  return Object.fromEntries(texts)
}
