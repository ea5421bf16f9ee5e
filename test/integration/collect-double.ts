import { createTradeSlot } from '../../src/market/trade.ts'
import type { Route, Venue } from '../../src/venues/venue.ts'

const us = (text: string) => Date.parse(text) * 1000
const slot = createTradeSlot()

function route(frame: Uint8Array): Route {
  const none = { channel: 'unknown', symbol: null, lastId: -1, eventTimeUs: 0 }
  try {
    const m = JSON.parse(Buffer.from(frame).toString())
    const symbol = m.product_id ?? null
    const eventTimeUs = m.time ? us(m.time) : 0
    switch (m.type) {
      case 'match':
      case 'last_match':
        return { kind: 'data', channel: 'matches', symbol, lastId: m.trade_id ?? -1, eventTimeUs }
      case 'heartbeat':
        return {
          kind: 'heartbeat',
          channel: 'heartbeat',
          symbol,
          lastId: m.last_trade_id,
          eventTimeUs,
        }
      case 'ticker':
        return { kind: 'data', channel: 'ticker', symbol, lastId: m.trade_id, eventTimeUs }
      case 'status':
        return { kind: 'data', channel: 'status', symbol: null, lastId: -1, eventTimeUs: 0 }
      case 'error':
        return {
          ...none,
          kind: 'error',
          channel: 'error',
          message: `${m.message} ${m.reason ?? ''}`,
        }
      case 'subscriptions':
        return {
          ...none,
          kind: 'ack',
          channel: 'subscriptions',
          acked: m.channels.flatMap((c: { name: string; product_ids: string[] }) =>
            c.product_ids.length
              ? c.product_ids.map((symbol) => ({ channel: c.name, symbol }))
              : [{ channel: c.name, symbol: '' }],
          ),
        }
    }
  } catch {}
  return { kind: 'unknown', ...none }
}

const text = (type: string, subs: readonly { channel: string; symbol: string }[]) => {
  const channels = [...Map.groupBy(subs, (s) => s.channel)].map(([name, list]) => ({
    name,
    product_ids: list.map((s) => s.symbol).filter((s) => s !== ''),
  }))
  return [JSON.stringify({ type, channels })]
}

export const coinbase: Venue = {
  id: 'coinbase',
  name: 'Coinbase',
  feeds: {
    exchange: {
      dialect: 'coinbase/exchange',
      url: 'wss://nowhere.invalid',
      factChannel: 'matches',
      channels: ['matches', 'heartbeat', 'ticker'],
      globalChannels: ['status'],
      subscribe: (subs) => text('subscribe', subs),
      unsubscribe: (subs) => text('unsubscribe', subs),
      route,
      limits: {
        connectsPerSecond: 8,
        messagesPerSecond: 8,
        silenceMsMax: 5000,
        subscribeWithinMs: 5000,
        frameBytesMax: 4 * 1024 * 1024,
        heartbeatWitness: true,
      },
    },
  },
  history: {
    restUrl: 'https://nowhere.invalid',
    dialect: 'coinbase/exchange-rest',
    ratePerSecond: 10,
    burst: 15,
    headersKept: ['cb-after', 'cb-before'],
    listing: { channel: 'products', symbol: null, path: '/products' },
    next(range, previous) {
      const ask = (after: number | null) => ({
        done: false as const,
        state: after,
        request: {
          channel: 'trades',
          symbol: range.symbol,
          path: `/products/${range.symbol}/trades?limit=1000${after === null ? '' : `&after=${after}`}`,
        },
      })
      if (previous === null) return ask(range.lastId === null ? null : range.lastId + 1)
      const { page } = previous
      if (page.count === 0 || page.leastId <= (range.firstId ?? 1)) return { done: true }
      if (page.leastTimeUs < range.fromUs) return { done: true }
      return ask(page.leastId)
    },
    nextCandles(range, previous) {
      if (previous !== null) return { done: true }
      const iso = (t: number) => new Date(t / 1000).toISOString()
      return {
        done: false,
        state: null,
        request: {
          channel: 'candles',
          symbol: range.symbol,
          path: `/products/${range.symbol}/candles?granularity=60&start=${iso(range.fromUs)}&end=${iso(range.toUs)}`,
        },
      }
    },
  },
  decoders: {
    'coinbase/exchange-rest': (record, sink) => {
      const value = JSON.parse(
        Buffer.from(record.bytes.subarray(record.start, record.end)).toString(),
      )
      if (record.channel !== 'trades') return 'event'
      for (const [item, t] of value.entries()) {
        slot.item = item
        slot.tradeId = slot.firstId = slot.lastId = t.trade_id
        slot.eventTimeUs = us(t.time)
        sink.trade(slot)
      }
      return 'event'
    },
  },
  classify: () => ({ dialect: 'coinbase/exchange', channel: 'unknown' }),
  listings: (record) =>
    JSON.parse(Buffer.from(record.bytes.subarray(record.start, record.end)).toString()).map(
      (p: { id: string; base_currency: string; quote_currency: string }) => ({
        ...{ symbol: p.id, kind: 'spot', base: p.base_currency, quote: p.quote_currency },
        ...{ multiplier: 1, priceStep: null, sizeStep: null, active: true },
      }),
    ),
}
