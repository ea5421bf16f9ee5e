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
import type { Reply, Verdict } from './http-reply.ts'
import { fetchReply, judgeReply } from './http-reply.ts'
import type { OnNewest, OnTrade } from './page-summary.ts'
import { summarisePage } from './page-summary.ts'
import type { Priority, RateBudget } from './rate-budget.ts'

const TIMEOUT_MS = 30_000
const TRIES_MAX = 6
const RETRY = { baseMs: 500, capMs: 30_000 }
const PAUSE_MS_MIN = 1000
const PAUSE_MS_MAX = 60_000
const CONNECTIONS_MAX = 4

/** One answer: what it holds in sum, and the record as it went into the log. */
export interface RestAnswer {
  readonly page: PageSummary
  readonly record: RawRecord
  /** The venue's words where the answer is a definite no, whatever its status; else `null`. */
  readonly refused: string | null
  /** What is odd about the page, or `null`. */
  readonly flaw: string | null
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
  /** Sent with every request, such as a key; never written into the log, never told. */
  readonly headers?: Readonly<Record<string, string>>
  /** Told when the venue asks for a pause of so long, and (0) when it answers as usual again. */
  readonly onPause?: (ms: number, message: string) => void
}

/** How to make one request. */
export interface RestGetOptions {
  readonly priority: Priority
  readonly signal: AbortSignal
  readonly onTrade?: OnTrade
  readonly onNewest?: OnNewest
  /** Tries before the request fails. @default 6 */
  readonly triesMax?: number
  /** When a poll in several pages began, which all of its records tell. */
  readonly polledUs?: number
}

/** Asks a venue over REST and writes every answer, good or bad, into the log. */
export interface RestClient extends AsyncDisposable {
  readonly conn: string
  /**
   * Returns the venue's definite answer. Asked again is what the venue calls limited or
   * unavailable; without a word of its own, statuses 408, 418, 429 and 5xx; and time-outs, cut
   * connections and bodies that are not whole JSON.
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
  const { history } = venue
  const base = baseUrl(options.restUrl ?? history.restUrl, ['http:', 'https:'])
  const decoder = venue.decoders[history.dialect]
  assert(decoder, 'a venue decodes its own history')
  const agent = new Agent({ connections: CONNECTIONS_MAX, pipelining: 1 })
  const { userAgent, headers, timeoutMs = TIMEOUT_MS } = options
  const fetching = { agent, userAgent, timeoutMs, ...(headers && { headers }) }
  const keep = createKeeper(options, base)
  const pause = createPauser(options)

  async function ask(request: RestRequest, get: RestGetOptions): Promise<RestAnswer> {
    // One that waited in the queue may not be wanted any more.
    get.signal.throwIfAborted()
    const reply = await fetchReply(base + request.path, { ...fetching, signal: get.signal })
    const record = keep(request, reply, get.polledUs)
    const nowUs = record.receivedTimeUs
    const about = { venue: venue.name, nowUs, json: record.form === 'json' }
    const verdict = judgeReply(reply, history.heed({ ...reply, nowUs }), about)
    // Said before the next request has its turn: "not now" holds for all who share the budget.
    pause(verdict)
    if (verdict.failure !== null) throw verdict.failure
    const { onTrade, onNewest } = get
    const told = { request, ...(onTrade && { onTrade }), ...(onNewest && { onNewest }) }
    return { ...summarisePage(decoder!, record, told), record, refused: verdict.refused }
  }

  async function get(request: RestRequest, get: RestGetOptions): Promise<RestAnswer> {
    const { priority, signal } = get
    const { weight = 1 } = request
    for (let tries = 1; ; tries += 1) {
      await journal.ready()
      try {
        return await budget.run({ priority, signal, weight }, () => ask(request, get))
      } catch (error) {
        if (!(error instanceof AssayError)) throw error
        log.debug({ path: request.path, tries, code: error.code }, error.message)
        if (tries >= (get.triesMax ?? TRIES_MAX)) throw error
        await clock.sleep(backoffMs(tries - 1, { ...RETRY, random }), signal)
        signal.throwIfAborted()
      }
    }
  }

  return { conn, get, [Symbol.asyncDispose]: () => agent.destroy() }
}

/** Returns a function that writes an answer into the log and gives its record. */
function createKeeper(
  { venue, journal, clock, conn }: RestClientOptions,
  base: string,
): (request: RestRequest, reply: Reply, polledUs: number | undefined) => RawRecord {
  const { dialect, headersKept } = venue.history
  let frame = 0
  return (request, reply, polledUs) => {
    const head = {
      ...{ dialect, channel: request.channel, symbol: request.symbol },
      ...{ origin: 'rest' as const, receivedTimeUs: clock.nowUs(), conn, frame },
      request: {
        url: redact(base + request.path),
        status: reply.status,
        headers: keepHeaders(Object.entries(reply.headers), headersKept),
        ...(polledUs !== undefined && { polledUs }),
      },
    }
    frame += 1
    const pos = journal.append({ ...head, payload: reply.body })
    const form = isJson(reply.body) ? 'json' : 'text'
    return { pos, ...head, form, bytes: reply.body, start: 0, end: reply.body.length }
  }
}

/** Returns a function that pauses the budget where an answer asks for it. */
function createPauser({ budget, onPause }: RestClientOptions): (verdict: Verdict) => void {
  /** Answers in a row that asked for a pause, whoever asked. */
  let limited = 0
  return ({ failure, restMs }) => {
    if (failure === null) {
      limited = 0
      onPause?.(0, '')
      if (restMs > 0) budget.pause(restMs)
      return
    }
    if (failure.retry !== 'after') return
    // Where the venue does not say how long: ever longer, until it answers again.
    const growingMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(10, limited))
    limited += 1
    const ms = Number(failure.context.afterMs ?? growingMs)
    budget.pause(ms)
    onPause?.(ms, failure.message)
  }
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
