import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../src/core/clock.ts'

const PAGE = 1000
const EVERY_MS = 100
/** Trades before the start, that history is asked for. */
export const BEFORE = 2000
/** One in so many is lost on the socket, until it is the last that is. */
const LOST_EVERY = 20
const LOST_MAX = 3

/** One trade of the venue, as it tells of it. */
export interface TinyTrade {
  readonly symbol: string
  readonly tradeId: number
  readonly timeUs: number
  readonly price: number
  readonly size: string
  readonly side: 'buy' | 'sell'
}

/** The venue of docs/EXTENDING.md: one product, trades with ascending ids, a socket and REST. */
export interface TinyVenue extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string
  /** Every trade there was, in order. */
  readonly trades: readonly TinyTrade[]
}

/** Starts it on a free port. It loses some trades on the socket; REST has them all. */
export async function startTinyVenue(): Promise<TinyVenue> {
  const trades: TinyTrade[] = []
  const trade = (timeUs: number) => {
    const tradeId = trades.length + 1
    const [price, size] = [50_000.25 + (tradeId % 7), `0.${1 + (tradeId % 9)}`]
    const side = tradeId % 2 === 0 ? 'buy' : 'sell'
    trades.push({ symbol: 'BTC-USD', tradeId, timeUs, price, size, side })
  }
  const startUs = systemClock.nowUs()
  for (let ago = BEFORE; ago > 0; ago -= 1) trade(startUs - ago * EVERY_MS * 1000)
  const server = createServer(({ url = '' }, answer) => {
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(answerTo(url, trades)))
  })
  const listeners = new Set<WebSocket>()
  let lost = 0
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('message', (text) => {
      const { id } = JSON.parse(String(text)) as { readonly id: number }
      socket.send(JSON.stringify({ type: 'subscribed', id }))
      listeners.add(socket)
    })
  })
  const timer = setInterval(() => {
    trade(systemClock.nowUs())
    if (listeners.size > 0 && lost < LOST_MAX && trades.length % LOST_EVERY === 0) {
      lost += 1
      return
    }
    const frame = JSON.stringify({ type: 'trade', trades: trades.slice(-1) })
    for (const socket of listeners) socket.send(frame)
  }, EVERY_MS)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    trades,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answerTo(url: string, trades: readonly TinyTrade[]): object {
  const { pathname, searchParams } = new URL(url, 'http://tiny')
  if (pathname === '/products') {
    return { products: [{ symbol: 'BTC-USD', base: 'BTC', quote: 'USD' }] }
  }
  const afterId = Number(searchParams.get('after_id') ?? 0)
  const afterUs = Number(searchParams.get('after_us') ?? 0)
  const later = trades.filter(({ tradeId, timeUs }) => tradeId > afterId && timeUs > afterUs)
  return { trades: later.slice(0, PAGE) }
}
