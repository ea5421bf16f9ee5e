import { describe, expect, test } from 'vitest'
import { isAssayError } from '../core/errors.ts'
import { type CollectFlags, collectSettings } from './collect-flags.ts'

/** The settings that flags give, those that they do not left out. */
function settingsOf(flags: CollectFlags) {
  const given = Object.entries(collectSettings(flags)).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given)
}

function failureOf(flags: CollectFlags): string {
  try {
    collectSettings(flags)
  } catch (error) {
    if (isAssayError(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'none'
}

describe('flags that collect', () => {
  test('say nothing where they are not given', () => {
    expect(settingsOf({})).toEqual({})
  })

  test('name venues, with spaces or commas between', () => {
    const venues = ['coinbase', 'kraken']
    expect(settingsOf({ venues })).toEqual({ 'collect.venues': venues })
    expect(settingsOf({ venues: ['coinbase,kraken'] })).toEqual({ 'collect.venues': venues })
    expect(failureOf({ venues: ['coinbase', 'mtgox'] })).toMatch(
      /^ASSAY_UNKNOWN_VENUE: no venue is called mtgox; there is coinbase, binance-us, kraken,/,
    )
  })

  test('give a product to every exchange, and one with a venue before it to that alone', () => {
    expect(settingsOf({ products: ['BTC-USD,kraken:SOL-USD', 'kraken:BTC-USD'] })).toEqual({
      'venues.coinbase.products': ['BTC-USD'],
      'venues.binance-us.products': ['BTC-USD'],
      'venues.kraken.products': ['BTC-USD', 'SOL-USD'],
      'venues.ccxt.products': ['BTC-USD'],
    })
    expect(settingsOf({ products: ['kraken:BTC-USD'] })).toEqual({
      'venues.kraken.products': ['BTC-USD'],
    })
    expect(failureOf({ products: ['mtgox:BTC-USD'] })).toMatch(/^ASSAY_UNKNOWN_VENUE/)
    expect(failureOf({ products: ['coingecko:bitcoin'] })).toMatch(/^ASSAY_USAGE: .*--coins/)
  })

  test('let any exchange through that ccxt may know', () => {
    expect(settingsOf({ venues: ['kraken', 'ccxt:bitstamp'] })).toEqual({
      'collect.venues': ['kraken', 'ccxt:bitstamp'],
    })
    expect(failureOf({ venues: ['ccxt:'] })).toMatch(/^ASSAY_UNKNOWN_VENUE/)
  })

  test('take coins by name, or the first of them', () => {
    expect(settingsOf({ coins: ['top', '50'] })).toEqual({ 'venues.coingecko.coins': 'top 50' })
    expect(settingsOf({ coins: ['bitcoin', 'ethereum'] })).toEqual({
      'venues.coingecko.coins': 'bitcoin ethereum',
    })
  })

  test('point all venues at a simulator, whichever way its address is written', () => {
    const found = settingsOf({ sim: 'http://127.0.0.1:8101/' })
    expect(found).toEqual({
      'venues.coinbase.wsUrl': 'ws://127.0.0.1:8101',
      'venues.coinbase.restUrl': 'http://127.0.0.1:8101',
      'venues.binance-us.wsUrl': 'ws://127.0.0.1:8101/binance-us/stream',
      'venues.binance-us.restUrl': 'http://127.0.0.1:8101/binance-us',
      'venues.kraken.wsUrl': 'ws://127.0.0.1:8101/kraken/v2',
      'venues.kraken.restUrl': 'http://127.0.0.1:8101/kraken',
      'venues.coingecko.restUrl': 'http://127.0.0.1:8101/coingecko/api/v3',
    })
    expect(settingsOf({ sim: 'ws://127.0.0.1:8101' })).toEqual(found)
    expect(settingsOf({ sim: 'http://h:1', feed: 'advanced' })).toMatchObject({
      'venues.coinbase.feed': 'advanced',
      'venues.coinbase.wsUrl': 'ws://h:1/advanced',
    })
  })

  test('give an address to the venue named, or to the only one', () => {
    expect(settingsOf({ restUrl: ['kraken=http://h/k', 'coinbase=http://h?a=b'] })).toEqual({
      'venues.kraken.restUrl': 'http://h/k',
      'venues.coinbase.restUrl': 'http://h?a=b',
    })
    expect(settingsOf({ venues: ['kraken'], wsUrl: ['ws://h'] })).toMatchObject({
      'venues.kraken.wsUrl': 'ws://h',
    })
    expect(failureOf({ wsUrl: ['ws://h'] })).toMatch(/^ASSAY_USAGE: whose is ws:\/\/h\?/)
    expect(failureOf({ venues: ['kraken', 'coinbase'], wsUrl: ['ws://h'] })).toMatch(/^ASSAY_USAGE/)
    expect(failureOf({ restUrl: ['mtgox=http://h'] })).toMatch(/^ASSAY_UNKNOWN_VENUE/)
  })
})
