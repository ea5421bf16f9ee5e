import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Clock } from '../src/core/clock.ts'
import { AssayError } from '../src/core/errors.ts'
import type { ConnectionCounters } from './coinbase/connection.ts'
import { createConnection } from './coinbase/connection.ts'
import type { Feed } from './coinbase/feed.ts'
import type { RestOptions, ServedAnswer } from './coinbase/rest.ts'
import { answerRest } from './coinbase/rest.ts'
import type { ControlOptions } from './control.ts'
import { answerControl, requestUrl } from './control.ts'

/** Path of the Advanced Trade socket; every other path is the Exchange's. */
export const ADVANCED_PATH = '/advanced'

/** Counters of the HTTP side since the start. */
export interface ServerCounters extends ConnectionCounters {
  upgrades: number
  upgradesRefused: number
  restRequests: number
  restLimited: number
}

/** What the one port serves. */
export interface ServerOptions {
  readonly clock: Clock
  readonly exchange: Feed
  readonly advanced: Feed
  readonly rest: RestOptions
  readonly control: ControlOptions
  /** HTTP status to refuse upgrades with at this time, 0 to drop them, `null` to accept. */
  readonly refusal: (nowUs: number) => number | null
  readonly counters: ServerCounters
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

function serveRest(options: ServerOptions, request: IncomingMessage, response: ServerResponse) {
  const url = requestUrl(request)
  options.counters.restRequests += 1
  const answer = answerRest(options.rest, {
    path: url.pathname,
    query: url.searchParams,
    address: request.socket.remoteAddress ?? '',
    nowUs: options.clock.nowUs(),
    nowMs: options.clock.monotonicMs(),
  })
  if (answer.limited) options.counters.restLimited += 1
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
  const refusal = options.refusal(options.clock.nowUs())
  socket.on('error', () => undefined)
  if (refusal !== null) {
    options.counters.upgradesRefused += 1
    refuseUpgrade(socket, refusal)
    return
  }
  const advanced = request.url?.startsWith(ADVANCED_PATH) === true
  const feed = advanced ? options.advanced : options.exchange
  sockets.handleUpgrade(...wanted, (ws) => {
    options.counters.upgrades += 1
    const connection = createConnection({
      ws,
      socket,
      openedUs: options.clock.nowUs(),
      bufferedBytesMax: options.bufferedBytesMax,
      counters: options.counters,
    })
    feed.accept(connection)
    ws.on('message', (data) => feed.receive(connection, String(data)))
    ws.on('close', () => feed.forget(connection))
  })
}

/** A listening port that can be shut. */
export interface ListeningServer extends AsyncDisposable {
  readonly port: number
}

/**
 * Listens on one port for REST, both sockets and `/sim/…`.
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
