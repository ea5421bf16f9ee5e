import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Clock } from '../src/core/clock.ts'
import { AssayError } from '../src/core/errors.ts'
import type { ControlOptions } from './control.ts'
import { answerControl, requestUrl } from './control.ts'
import { createConnection } from './service/connection.ts'
import type { ServedAnswer } from './service/rest-service.ts'
import { answerRest } from './service/rest-service.ts'
import type { VenueId } from './venue-id.ts'
import type { VenueRuntime } from './venue-runtime.ts'
import { venueOfPath } from './venues.ts'

/** What the one port serves. */
export interface ServerOptions {
  readonly clock: Clock
  readonly venues: ReadonlyMap<VenueId, VenueRuntime>
  readonly control: ControlOptions
  readonly bufferedBytesMax: number
  /** Ends answers that dribble. */
  readonly signal: AbortSignal
}

// What clients may send us in one message; they have little to say.
const CLIENT_MESSAGE_BYTES_MAX = 256 * 1024
const DRIBBLE_STEPS = 10

function headersOf(answer: ServedAnswer): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(answer.body)),
    'Cache-Control': 'public, max-age=1',
    ...answer.headers,
  }
}

async function writeAnswer(
  options: ServerOptions,
  response: ServerResponse,
  answer: ServedAnswer,
): Promise<void> {
  response.writeHead(answer.status, headersOf(answer))
  if (answer.cutAfter !== null) {
    response.write(answer.body.slice(0, answer.cutAfter), () => response.destroy())
    return
  }
  if (answer.slowMs === 0) {
    response.end(answer.body)
    return
  }
  const step = Math.ceil(answer.body.length / DRIBBLE_STEPS)
  for (let at = 0; at < answer.body.length && !response.destroyed; at += step) {
    response.write(answer.body.slice(at, at + step))
    await options.clock.sleep(answer.slowMs / DRIBBLE_STEPS, options.signal)
  }
  response.end()
}

const NOT_FOUND: ServedAnswer = {
  status: 404,
  body: '{"message":"NotFound"}',
  cutAfter: null,
  slowMs: 0,
}

function serveRest(options: ServerOptions, request: IncomingMessage, response: ServerResponse) {
  const url = requestUrl(request)
  const { venue, path } = venueOfPath(url.pathname)
  const runtime = options.venues.get(venue)
  if (runtime === undefined) return writeAnswer(options, response, NOT_FOUND)
  const answer = answerRest(runtime.service, {
    path,
    query: url.searchParams,
    address: request.socket.remoteAddress ?? '',
    nowUs: options.clock.nowUs(),
    nowMs: options.clock.monotonicMs(),
  })
  return writeAnswer(options, response, answer)
}

function refuseUpgrade(socket: Duplex, status: number): void {
  if (status === 0) {
    socket.destroy()
    return
  }
  const body = '{"message":"Service Unavailable"}'
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
}

function upgrade(
  options: ServerOptions,
  sockets: WebSocketServer,
  wanted: readonly [request: IncomingMessage, socket: Duplex, head: Buffer],
): void {
  const [request, socket] = wanted
  socket.on('error', () => undefined)
  const url = requestUrl(request)
  const { venue, path } = venueOfPath(url.pathname)
  const runtime = options.venues.get(venue)
  const feed = runtime?.sim.feedAt(path) ?? null
  if (runtime === undefined || feed === null) {
    refuseUpgrade(socket, 404)
    return
  }
  const { counters, board } = runtime
  const address = request.socket.remoteAddress ?? ''
  counters.connectsPerIp[address] = (counters.connectsPerIp[address] ?? 0) + 1
  const refusal = board.refusal(options.clock.nowUs())
  if (refusal !== null) {
    counters.upgradesRefused += 1
    refuseUpgrade(socket, refusal)
    return
  }
  sockets.handleUpgrade(...wanted, (ws) => {
    counters.upgrades += 1
    const connection = createConnection({
      ws,
      socket,
      openedUs: options.clock.nowUs(),
      bufferedBytesMax: options.bufferedBytesMax,
      counters,
    })
    feed.accept(connection, url)
    ws.on('message', (data) => feed.receive(connection, String(data)))
    ws.on('ping', () => feed.heard?.(connection, 'ping'))
    ws.on('pong', () => feed.heard?.(connection, 'pong'))
    ws.on('close', () => feed.forget(connection))
  })
}

/** A listening port that can be shut. */
export interface ListeningServer extends AsyncDisposable {
  readonly port: number
}

/**
 * Listens on one port for the REST and the sockets of every venue, and for `/sim/…`.
 *
 * @throws AssayError `ASSAY_PORT_IN_USE` if the port is taken.
 */
export async function listen(
  options: ServerOptions,
  where: { readonly host: string; readonly port: number },
): Promise<ListeningServer> {
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: CLIENT_MESSAGE_BYTES_MAX,
  })
  const server: Server = createServer((request, response) => {
    // A client may leave in the middle of an answer; that is its business.
    response.on('error', () => undefined)
    if (request.url?.startsWith('/sim/')) void answerControl(options.control, request, response)
    else void serveRest(options, request, response)
  })
  server.on('upgrade', (...wanted) => upgrade(options, sockets, wanted))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const message = `The simulator cannot listen on ${where.host}:${where.port}.`
      const code = taken ? 'ASSAY_PORT_IN_USE' : 'ASSAY_USAGE'
      reject(new AssayError(code, message, { context: { ...where }, cause }))
    })
    server.listen(where.port, where.host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : where.port,
    async [Symbol.asyncDispose]() {
      for (const ws of sockets.clients) ws.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
