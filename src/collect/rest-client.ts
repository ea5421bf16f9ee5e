import { Agent } from 'undici'
import type { Journal } from '../bronze/index.ts'
import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import { redact } from '../core/redact.ts'
import { backoffMs } from '../core/retry.ts'
import type { RawRecord } from '../market/record.ts'
import type { PageSummary, RestRequest, Venue } from '../venues/venue.ts'
import { keepHeaders } from '../venues/venue.ts'
import { baseUrl } from './base-url.ts'
import type { Reply } from './http-reply.ts'
import { fetchReply, replyFailure } from './http-reply.ts'
import type { OnTrade } from './page-summary.ts'
import { summarisePage } from './page-summary.ts'
import type { Priority, RateBudget } from './rate-budget.ts'

const TIMEOUT_MS = 30_000
const TRIES_MAX = 6
const RETRY = { baseMs: 500, capMs: 30_000 }
const PAUSE_MS_MIN = 1000
const CONNECTIONS_MAX = 4

/** One answer: what it holds in sum, and the record as it went into the log. */
export interface RestAnswer {
  readonly page: PageSummary
  readonly record: RawRecord
}

/** Everything a client of one venue's REST interface needs. */
export interface RestClientOptions {
  readonly venue: Venue
  /** Instead of the venue's own URL. */
  readonly restUrl?: string
  readonly journal: Journal
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly budget: RateBudget
  /** Identity of this client in the log. */
  readonly conn: string
  readonly userAgent: string
  /** @default 30000 */
  readonly timeoutMs?: number
}

/** How to make one request. */
export interface RestGetOptions {
  readonly priority: Priority
  readonly signal: AbortSignal
  readonly onTrade?: OnTrade
  /** Tries before the request fails. @default 6 */
  readonly triesMax?: number
}

/** Asks a venue over REST and writes every answer, good or bad, into the log. */
export interface RestClient extends AsyncDisposable {
  readonly conn: string
  /**
   * Returns the venue's definite answer: any status but 408, 418, 429 and 5xx, which are retried,
   * as are time-outs, cut connections and bodies that are not whole JSON.
   *
   * @throws ASSAY_VENUE_UNREACHABLE, ASSAY_TIMEOUT, ASSAY_RATE_LIMITED or ASSAY_HTTP_STATUS when
   * the tries are used up; the signal's reason when aborted.
   */
  get(request: RestRequest, options: RestGetOptions): Promise<RestAnswer>
}

/**
 * Opens a client; nothing is asked until {@link RestClient.get}.
 *
 * @throws ASSAY_USAGE when the URL is none.
 */
export function createRestClient(options: RestClientOptions): RestClient {
  const { venue, journal, clock, random, conn, budget, log } = options
  const base = baseUrl(options.restUrl ?? venue.history.restUrl, ['http:', 'https:'])
  const decoder = venue.decoders[venue.history.dialect]
  assert(decoder, 'a venue decodes its own history')
  const agent = new Agent({ connections: CONNECTIONS_MAX, pipelining: 1 })
  const fetching = {
    agent,
    userAgent: options.userAgent,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
  }
  let frame = 0

  function keep(request: RestRequest, reply: Reply): RawRecord {
    const head = {
      dialect: venue.history.dialect,
      channel: request.channel,
      symbol: request.symbol,
      origin: 'rest' as const,
      receivedTimeUs: clock.nowUs(),
      conn,
      frame,
      request: {
        url: redact(base + request.path),
        status: reply.status,
        headers: keepHeaders(Object.entries(reply.headers), venue.history.headersKept),
      },
    }
    frame += 1
    const pos = journal.append({ ...head, payload: reply.body })
    const form = isJson(reply.body) ? 'json' : 'text'
    return { pos, ...head, form, bytes: reply.body, start: 0, end: reply.body.length }
  }

  async function ask(request: RestRequest, get: RestGetOptions): Promise<RestAnswer> {
    const reply = await fetchReply(base + request.path, { ...fetching, signal: get.signal })
    const record = keep(request, reply)
    const about = { venue: venue.name, nowUs: record.receivedTimeUs, json: record.form === 'json' }
    const failure = replyFailure(reply, about)
    if (failure !== null) throw failure
    const page = summarisePage(decoder!, record, { request, onTrade: get.onTrade })
    return { page, record }
  }

  async function get(request: RestRequest, get: RestGetOptions): Promise<RestAnswer> {
    for (let tries = 1; ; tries += 1) {
      await journal.ready()
      await budget.take(get.priority, get.signal)
      try {
        return await ask(request, get)
      } catch (error) {
        if (!(error instanceof AssayError)) throw error
        const pauseMs = backoffMs(tries - 1, { ...RETRY, random })
        // "Not now" holds for everybody who shares the budget.
        if (error.retry === 'after') {
          budget.pause(Number(error.context.afterMs ?? Math.max(pauseMs, PAUSE_MS_MIN)))
        }
        log.debug({ path: request.path, tries, code: error.code }, error.message)
        if (tries >= (get.triesMax ?? TRIES_MAX)) throw error
        await clock.sleep(pauseMs, get.signal)
        get.signal.throwIfAborted()
      }
    }
  }

  return { conn, get, [Symbol.asyncDispose]: () => agent.destroy() }
}

// The log decides a payload's form by itself; here it only tells whole answers from cut ones.
function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString('utf8'))
    return true
  } catch {
    return false
  }
}
