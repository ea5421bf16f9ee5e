import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import { formatTimeUs, MINUTE_US } from '../../src/market/bucket.ts'

/** A trade that this venue truly made. */
export interface MadeTrade {
  readonly trade_id: number
  readonly price: string
  readonly size: string
  readonly side: 'buy' | 'sell'
  readonly time: string
}

/** An answer over HTTP, instead of the true one. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** A venue made by hand: it says whatever a test wants said. */
export interface BadVenue extends AsyncDisposable {
  readonly wsUrl: string
  readonly restUrl: string
  readonly made: readonly MadeTrade[]
  /** Connections there ever were. */
  readonly connections: number
  /** Paths asked over HTTP, in order. */
  readonly asked: readonly string[]
  /** Answers a request in place of the truth, where it returns one. */
  answer: (path: string) => Answer | null
  /** Makes one true trade and tells of it. */
  trade(): void
  /** Makes one true trade that only REST tells of. */
  hide(): void
  /** Sends one frame to every connection, as it is. */
  say(frame: string | Buffer, how?: { readonly binary?: boolean }): void
}

/** The one product that is listed. */
export const PRODUCT = 'BTC-USD'
const MAKER = '8e9a1c0e-0000-4000-8000-000000000001'
const TAKER = '8e9a1c0e-0000-4000-8000-000000000002'
const PAGE = 100

/** Returns a match frame of the Exchange feed as its fields, to be spoilt. */
export function matchOf(trade: MadeTrade): Record<string, unknown> {
  const { trade_id, price, size, side, time } = trade
  const orders = { maker_order_id: MAKER, taker_order_id: TAKER }
  const about = { product_id: PRODUCT, sequence: trade_id * 10, time }
  return { type: 'match', trade_id, ...orders, side, size, price, ...about }
}

function listing(): string {
  const steps = { base_increment: '0.00000001', quote_increment: '0.01' }
  const names = { id: PRODUCT, base_currency: 'BTC', quote_currency: 'USD' }
  return JSON.stringify([{ ...names, ...steps, status: 'online', trading_disabled: false }])
}

function tradesPage(made: readonly MadeTrade[], query: URLSearchParams): Answer {
  const after = Number(query.get('after') ?? Number.MAX_SAFE_INTEGER)
  const rows = made.filter(({ trade_id }) => trade_id < after).slice(-PAGE)
  const body = JSON.stringify(rows.toReversed())
  if (rows.length === 0) return { body }
  const headers = { 'cb-before': `${rows.at(-1)?.trade_id}`, 'cb-after': `${rows[0]?.trade_id}` }
  return { headers, body }
}

/** Starts a venue on loopback that trades only when told to. */
export async function startBadVenue(firstId = 1000): Promise<BadVenue> {
  const made: MadeTrade[] = []
  const asked: string[] = []
  const sockets = new Set<WebSocket>()
  let connections = 0

  const http = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://venue')
    asked.push(`${url.pathname}${url.search}`)
    const truth = (): Answer => {
      if (url.pathname === '/products') return { body: listing() }
      if (url.pathname.endsWith('/trades')) return tradesPage(made, url.searchParams)
      return { status: 404, body: '{"message":"NotFound"}' }
    }
    const { status = 200, headers = {}, body } = venue.answer(url.pathname) ?? truth()
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('message', () => {
      const channels = ['matches', 'heartbeat', 'ticker'].map((name) => ({
        name,
        product_ids: [PRODUCT],
      }))
      socket.send(JSON.stringify({ type: 'subscriptions', channels }))
    })
  })
  const send = (frame: string | Buffer, binary = false) => {
    for (const socket of sockets) socket.send(frame, { binary })
  }
  const beat = setInterval(() => {
    const last_trade_id = made.at(-1)?.trade_id ?? 0
    const time = formatTimeUs(systemClock.nowUs())
    const about = { sequence: last_trade_id * 10 + 1, product_id: PRODUCT, time }
    send(JSON.stringify({ type: 'heartbeat', last_trade_id, ...about }))
  }, 500)

  function make(ageUs = 0): MadeTrade {
    const trade_id = firstId + made.length
    const price = `${64000 + (trade_id % 100)}.${10 + (trade_id % 89)}`
    const size = `0.${100 + (trade_id % 800)}`
    const side = trade_id % 3 === 0 ? 'buy' : 'sell'
    const time = formatTimeUs(systemClock.nowUs() - ageUs)
    made.push({ trade_id, price, size, side, time })
    return made.at(-1) as MadeTrade
  }

  // One trade of minutes ago proves where the first minute of whoever connects begins.
  make(3 * MINUTE_US)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  const venue: BadVenue = {
    wsUrl: `ws://127.0.0.1:${port}`,
    restUrl: `http://127.0.0.1:${port}`,
    made,
    asked,
    get connections() {
      return connections
    },
    answer: () => null,
    trade: () => send(JSON.stringify(matchOf(make()))),
    hide: () => void make(),
    say: (frame, how) => send(frame, how?.binary ?? false),
    async [Symbol.asyncDispose]() {
      clearInterval(beat)
      for (const socket of sockets) socket.terminate()
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
  return venue
}
