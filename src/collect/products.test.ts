import { describe, expect, test } from 'vitest'
import type { Listing } from '../market/instrument.ts'
import type { Venue } from '../venues/venue.ts'
import { selectProducts, spellProducts, unknownNotices } from './products.ts'

const listing = (symbol: string, base: string, quote: string, more = {}): Listing => ({
  ...{ symbol, kind: 'spot', base, quote, multiplier: 1, priceStep: null, sizeStep: null },
  ...{ active: true, ...more },
})

const BINANCE = [
  listing('BTCUSD', 'BTC', 'USD'),
  listing('BTCUSDT', 'BTC', 'USDT'),
  listing('PUMPUSDT', 'PUMP', 'USDT'),
  listing('WIFUSDC', 'WIF', 'USDC'),
  listing('1000REKTUSDT', 'REKT', 'USDT', { multiplier: 1000 }),
  listing('KSMUSD', 'KSM', 'USD', { active: false }),
  listing('KSMUSDT', 'KSM', 'USDT'),
  listing('APEUSD', 'APE', 'USD', { active: false }),
]

const select = (...products: string[]) => {
  const { known, unknown } = selectProducts(products, BINANCE)
  return { symbols: known.map((one) => one.listing.symbol), known, unknown }
}

describe('a product', () => {
  test('is the listing of its base and quote, or the venue’s own symbol, in either case', () => {
    expect(select('BTC-USD', 'btc/usdt', 'pumpusdt', 'BTCUSD').symbols).toEqual([
      'BTCUSD',
      'BTCUSDT',
      'PUMPUSDT',
    ])
  })

  test('quoted in USD falls back to USDT and then USDC, says so, and is never two', () => {
    const { symbols, known } = select('PUMP-USD', 'WIF-USD', 'REKT-USD', 'BTC-USD')
    expect(symbols).toEqual(['PUMPUSDT', 'WIFUSDC', '1000REKTUSDT', 'BTCUSD'])
    expect(known[0]!.notice).toContain('PUMPUSDT, quoted in USDT, stands for it')
    expect(known[2]!.listing.multiplier).toBe(1000)
    expect(known[3]!.notice).toBeNull()
  })

  test('quoted in another asset falls back to nothing', () => {
    expect(select('PUMP-EUR').unknown).toMatchObject([{ product: 'PUMP-EUR', ambiguous: false }])
  })

  test('that cannot be traded gives way to one that can, else stands for itself', () => {
    const { symbols, known } = select('KSM-USD', 'APE-USD')
    expect(symbols).toEqual(['KSMUSDT', 'APEUSD'])
    expect(known[1]!.notice).toContain('cannot be traded now')
  })

  test('that may be several is none, and they are named', () => {
    const twins = [listing('X1', 'X', 'USD'), listing('X2', 'X', 'USD')]
    const selected = selectProducts(['X-USD'], twins)
    expect(selected.unknown).toEqual([{ product: 'X-USD', near: ['X1', 'X2'], ambiguous: true }])
    const [notice] = unknownNotices(selected, { name: 'Test' } as Venue)
    expect(notice).toContain('may be any of X1, X2 at Test')
    // A plain unit goes before a multiplied one, spot before what expires.
    const plain = [listing('1000X', 'X', 'USD', { multiplier: 1000 }), twins[0]!]
    const future = listing('X-1227', 'X', 'USD', { kind: 'future' })
    expect(selectProducts(['X-USD'], [...plain, future]).known[0]!.listing.symbol).toBe('X1')
  })

  test('is spelled by the venue’s rule where there is no listing', () => {
    const venue = { spell: (base: string, quote: string) => base + quote } as Venue
    expect(spellProducts(['btc-usd', 'ETHUSD', 'BTC/USD'], venue)).toEqual(['BTCUSD', 'ETHUSD'])
  })
})
