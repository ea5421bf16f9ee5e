import { describe, expect, test } from 'vitest'
import { isAssayError } from '../core/errors.ts'
import { checkVenues } from './check-venue.ts'
import { decodeJson } from './decode-json.ts'
import { decodeAll, recordOf } from './decoded.ts'
import { defineVenue, type SomeVenue } from './define-venue.ts'
import { decoderOf, findVenue, registerVenues, venueFiles, venueIds } from './index.ts'

const decode = decodeJson((said: { products?: [] }, found) => said.products?.forEach(found.listing))

/** A venue that says as little as can be said. */
function some(id: string, more: Partial<SomeVenue> = {}): SomeVenue {
  return {
    id,
    defaultProducts: ['BTC-USD'],
    feeds: {
      ws: {
        url: 'ws://127.0.0.1:1',
        subscribe: () => [],
        route: (frame) => (frame.length === 0 ? { kind: 'data', symbol: 'A' } : JSON.parse('{')),
      },
    },
    history: {
      restUrl: 'http://127.0.0.1:1',
      listing: { channel: 'products', symbol: null, path: '/products' },
      next: () => ({ done: true }),
    },
    decoders: { [`${id}/ws`]: decode, [`${id}/rest`]: decode },
    ...more,
  }
}

/** What a venue, or what is none, is refused for. */
function fault(venue: unknown): string {
  try {
    checkVenues([venue], '/home/x/assay.config.ts')
  } catch (error) {
    if (isAssayError(error, 'ASSAY_CONFIG_INVALID')) return error.message.split(';')[0] as string
    throw error
  }
  return 'none'
}

describe('a venue of which little is said', () => {
  const venue = defineVenue(some('brief'))

  test('is a whole one', () => {
    expect(checkVenues([venue], 'assay.config.ts')).toEqual([venue])
    const { name, kind, feeds, history } = venue
    expect({ name, kind }).toEqual({ name: 'brief', kind: 'exchange' })
    expect(feeds.ws).toMatchObject({ dialect: 'brief/ws', channels: ['trades'], keepAlive: null })
    expect(history.dialect).toBe('brief/rest')
    expect(venue.spell('BTC', 'USD')).toBe('BTC-USD')
    expect(venue.classify('wss://x', 'ws').dialect).toBe('brief/ws')
    expect(venue.classify('https://x', 'rest').dialect).toBe('brief/rest')
  })

  test('keeps what is said, limits one by one', () => {
    const said = some('wordy')
    const feed = { ...said.feeds.ws!, factChannel: 'deals', limits: { pingEveryMs: null } }
    const { feeds } = defineVenue({ ...said, name: 'Wordy', feeds: { v2: feed } })
    expect(feeds.v2).toMatchObject({ dialect: 'wordy/v2', channels: ['deals'] })
    expect(feeds.v2?.limits).toMatchObject({ pingEveryMs: null, messagesPerSecond: 5 })
  })

  test('routes every frame, those too at which its own words fail', () => {
    const route = (frame: string) => venue.feeds.ws?.route(new TextEncoder().encode(frame))
    expect(route('')).toMatchObject({ kind: 'data', channel: 'trades', symbol: 'A', lastId: -1 })
    expect(route('x')).toMatchObject({ kind: 'unknown', channel: 'unknown', symbol: null })
  })

  test('reads its listing by its own decoder', () => {
    const products = [{ symbol: 'A-B', base: 'A', quote: 'B' }, { symbol: 'A C' }]
    const record = recordOf(JSON.stringify({ products }), { dialect: 'brief/rest' })
    expect(venue.listings(record)).toMatchObject([{ symbol: 'A-B', kind: 'spot', active: true }])
  })
})

describe('what is no venue is refused, with what is wrong', () => {
  const whole = defineVenue(some('mine'))
  const feed = whole.feeds.ws!
  test.each([
    ['nothing', null, 'extend.venues[0]: '],
    ['an id of other letters', { ...whole, id: 'My venue' }, '(My venue).id: should be a word'],
    ['an id with a meaning', { ...whole, id: 'ccxt' }, '(ccxt).id: is a name that means'],
    ['a key too many', { ...whole, feed }, '(mine): Unrecognized key: "feed"'],
    ['a feed without a socket', { ...whole, feeds: { ws: { ...feed, url: 'http://x' } } }, '.url'],
    ['no feed', { ...whole, feeds: {} }, '.feeds: should have a feed'],
    [
      'a feed without facts',
      { ...whole, feeds: { ws: { ...feed, channels: ['x'] } } },
      '.channels',
    ],
    ['no function', { ...whole, spell: 'BTC-USD' }, '.spell: should be a function'],
    ['an aggregator', { ...whole, kind: 'aggregator' }, ".kind: should be 'exchange'"],
    ['no decoder', { ...whole, decoders: {} }, '.feeds.ws: has no decoder for mine/ws'],
    [
      'a decoder of another',
      { ...whole, decoders: { ...whole.decoders, 'kraken/v3': decode } },
      '.decoders.kraken/v3: should be called mine/',
    ],
    [
      'a decoder of files',
      { ...whole, decoders: { ...whole.decoders, 'mine/csv': decode } },
      '.decoders.mine/csv: is the name of imported files',
    ],
  ])('%s', (_, venue, said) => {
    expect(fault(venue)).toContain('assay.config.ts: extend.venues[0]')
    expect(fault(venue)).toContain(said)
  })

  test('and what is one is not', () => expect(fault(whole)).toBe('none'))
})

describe('the registry', () => {
  test('knows what a file adds, once, however often the file comes', () => {
    const venue = defineVenue(some('added'))
    expect(findVenue('added')).toBeNull()
    const read = () => {
      const record = recordOf('[]', { dialect: 'added/ws' })
      return decodeAll(decoderOf('added/ws'), record).rejections[0]?.reason
    }
    expect(read()).toBe('unknown_dialect')
    registerVenues([venue], 'a.ts')
    registerVenues([venue], 'a.ts')
    expect(findVenue('added')).toBe(venue)
    expect(venueIds().filter((id) => id === 'added')).toEqual(['added'])
    expect(venueFiles().filter((file) => file === 'a.ts')).toEqual(['a.ts'])
    expect(read()).not.toBe('unknown_dialect')
  })

  test('refuses an id that is taken, by one of ours or by another', () => {
    const add = (id: string) => () => registerVenues([defineVenue(some(id))], 'b.ts')
    expect(add('kraken')).toThrow('b.ts: there is a venue called kraken already')
    add('taken')()
    expect(add('taken')).toThrow('there is a venue called taken already')
    expect(venueIds().filter((id) => id === 'kraken')).toEqual(['kraken'])
  })

  test('refuses a dialect that is read already', () => {
    const decoders = { 'binance/stream': decode, 'binance/ws': decode, 'binance/rest': decode }
    const taken = Object.keys(decoders).find((one) => decoderOf(one).name !== 'decodeUnknown')
    const venue = defineVenue(some('binance', { decoders }))
    expect(() => registerVenues([venue], 'b.ts')).toThrow(`${taken} is read already`)
  })
})
