import type { IncomingMessage, ServerResponse } from 'node:http'
import { AssayError } from '../src/core/errors.ts'
import type { FaultRecord, FaultRequest } from './faults/fault.ts'
import type { TruthQuery } from './truth.ts'
import { truthCandles, truthTrades } from './truth.ts'
import type { VenueId } from './venue-id.ts'
import type { VenueRuntime } from './venue-runtime.ts'

/** What the `/sim/…` endpoints look at and act upon. */
export interface ControlOptions {
  readonly venues: ReadonlyMap<VenueId, VenueRuntime>
  /** The venue meant where none is named. */
  readonly defaultVenue: VenueId
  readonly records: readonly FaultRecord[]
  readonly stats: () => object
  /** @throws AssayError `ASSAY_USAGE` for a fault that does not exist. */
  readonly inject: (fault: FaultRequest) => FaultRecord
  readonly setTrading: (on: boolean) => void
}

/** Returns where a request goes; a target that is no URL goes nowhere that is served. */
export function requestUrl(request: IncomingMessage): URL {
  return URL.parse(request.url ?? '/', 'http://sim') ?? new URL('http://sim/')
}

const BODY_BYTES_MAX = 64 * 1024
const ROWS_PER_WRITE = 2000

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(value)}\n`)
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request) {
    length += part.length
    if (length > BODY_BYTES_MAX) throw new AssayError('ASSAY_USAGE', 'The body is too long.')
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString())
  } catch (cause) {
    throw new AssayError('ASSAY_USAGE', 'The body is not JSON.', { cause })
  }
}

function readTimeUs(text: string | null): number | undefined {
  if (text === null) return undefined
  const timeUs = /^\d+$/.test(text) ? Number(text) : Date.parse(text) * 1000
  if (!Number.isSafeInteger(timeUs)) {
    throw new AssayError('ASSAY_USAGE', `${text} is neither RFC 3339 nor epoch microseconds.`)
  }
  return timeUs
}

function readVenue(options: ControlOptions, query: URLSearchParams): VenueRuntime {
  const name = query.get('venue') ?? options.defaultVenue
  const runtime = options.venues.get(name as VenueId)
  if (runtime !== undefined) return runtime
  throw new AssayError('ASSAY_USAGE', `The simulator does not play ${name}.`)
}

function readQuery({ market }: VenueRuntime, query: URLSearchParams): TruthQuery {
  const product = query.get('product') ?? undefined
  if (product !== undefined && !market.products.has(product)) {
    throw new AssayError('ASSAY_USAGE', `The simulator does not list ${product}.`)
  }
  return { product, fromUs: readTimeUs(query.get('from')), toUs: readTimeUs(query.get('to')) }
}

// Millions of rows go out in slices, at the reader's pace, with the market traded in between.
async function sendRows(response: ServerResponse, rows: Iterable<object>): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
  let lines: string[] = []
  for (const row of rows) {
    lines.push(JSON.stringify(row))
    if (lines.length < ROWS_PER_WRITE) continue
    const drained = response.write(`${lines.join('\n')}\n`)
    lines = []
    await new Promise<void>((resolve) => {
      if (drained) {
        setImmediate(resolve)
        return
      }
      const goOn = () => {
        response.off('drain', goOn).off('close', goOn)
        resolve()
      }
      response.on('drain', goOn).on('close', goOn)
    })
    if (response.destroyed) return
  }
  response.end(lines.length > 0 ? `${lines.join('\n')}\n` : '')
}

async function answer(
  options: ControlOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = requestUrl(request)
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /sim/truth': {
      const venue = readVenue(options, url.searchParams)
      await sendRows(response, truthTrades(venue, readQuery(venue, url.searchParams)))
      break
    }
    case 'GET /sim/truth/candles': {
      const venue = readVenue(options, url.searchParams)
      await sendRows(response, truthCandles(venue, readQuery(venue, url.searchParams)))
      break
    }
    case 'GET /sim/undelivered':
      send(response, 200, readVenue(options, url.searchParams).undelivered())
      break
    case 'GET /sim/faults':
      send(response, 200, options.records)
      break
    case 'GET /sim/stats':
      send(response, 200, options.stats())
      break
    case 'POST /sim/faults': {
      const body = await readBody(request)
      const faults = (Array.isArray(body) ? body : [body]) as readonly FaultRequest[]
      const records = faults.map((fault) => options.inject(fault))
      send(response, 200, records)
      break
    }
    case 'POST /sim/trading': {
      const body = (await readBody(request)) as { readonly on?: unknown } | null
      options.setTrading(body?.on !== false)
      const { market } = readVenue(options, url.searchParams)
      send(response, 200, { trading: market.trading, time_us: market.timeUs })
      break
    }
    default:
      send(response, 404, { message: 'NotFound' })
  }
}

/** Answers a request to `/sim/…`, the simulator's own side, which no fault and no limit touches. */
export async function answerControl(
  options: ControlOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await answer(options, request, response)
  } catch (error) {
    // Who leaves in the middle of a question needs no answer.
    if (request.destroyed && !request.complete) return
    if (!(error instanceof AssayError)) throw error
    send(response, 400, { message: error.message, code: error.code })
  }
}
