import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { readSymbol } from '../../../src/market/symbol.ts'
import type { Subscription } from '../../../src/venues/venue.ts'
import { fixtures, readmeOf, venues } from './fixtures.ts'

const feeds = venues.flatMap((venue) =>
  Object.entries(venue.feeds).map(([name, feed]) => ({ venue, feed, name: `${venue.id} ${name}` })),
)

describe('the README of', () => {
  test.each(venues)('$id documents each channel and dialect in its coverage table', (venue) => {
    const rows = readmeOf(venue)
      .split('\n')
      .filter((line) => line.startsWith('|'))
    const covers = (channel: string, dialect: string) =>
      rows.some((row) => row.includes(`\`${channel}\``) && row.includes(`\`${dialect}\``))
    for (const feed of Object.values(venue.feeds)) {
      const books = feed.bookChannel === null ? [] : [feed.bookChannel]
      for (const channel of [...feed.channels, ...feed.globalChannels, ...books]) {
        expect(covers(channel, feed.dialect), `${channel} of ${feed.dialect}`).toBe(true)
      }
    }
    const { listing, dialect } = venue.history
    expect(covers(listing.channel, dialect)).toBe(true)
  })
})

test.each(venues)('$id trades over a feed, or is an aggregator that tells snapshots', (venue) => {
  const isExchange = venue.kind === 'exchange'
  expect(Object.keys(venue.feeds).length > 0).toBe(isExchange)
  expect(venue.snapshots === null).toBe(isExchange)
})

test.each(venues)('$id spells symbols apart that its fixtures could bear', ({ spell }) => {
  const pairs = ['BTC', 'ETH', 'REKT', '1INCH'].flatMap((base) =>
    ['USD', 'USDT', 'USDC'].map((quote) => [base, quote] as const),
  )
  const symbols = pairs.map(([base, quote]) => spell(base, quote))
  const encoder = new TextEncoder()
  for (const symbol of symbols) {
    const bytes = encoder.encode(symbol)
    expect(readSymbol(bytes, 0, bytes.length)).toBe(symbol)
  }
  expect(pairs.map(([base, quote]) => spell(base, quote))).toEqual(symbols)
})

describe('the feed', () => {
  test.each(feeds)('$name is complete', ({ venue, feed }) => {
    expect(Object.keys(venue.decoders)).toContain(feed.dialect)
    expect(feed.channels).toContain(feed.factChannel)
    expect(feed.url).toMatch(/^wss:\/\//)
    expect(feed.limits.silenceMsMax).toBeGreaterThan(0)
    expect(Object.isFrozen(feed) && Object.isFrozen(venue)).toBe(true)
    expect(venue.classify(feed.url, 'ws').dialect).toBe(feed.dialect)
  })

  test.each(feeds)('$name keeps a silent connection from looking alive', ({ feed }) => {
    const { silenceMsMax, pingEveryMs, messagesPerSecond, lifeMsMax } = feed.limits
    expect(messagesPerSecond).toBeGreaterThan(0)
    // Two pings must have gone unanswered before a connection is called dead.
    if (pingEveryMs !== null) expect(silenceMsMax).toBeGreaterThan(2 * pingEveryMs)
    if (lifeMsMax !== null) expect(lifeMsMax).toBeGreaterThan(60_000)
    if (feed.keepAlive === null) return
    expect(feed.keepAlive.everyMs).toBeGreaterThan(0)
    expect(feed.keepAlive.text).not.toContain('\n')
    expect(() => JSON.parse(feed.keepAlive?.text ?? '')).not.toThrow()
  })

  test.each(feeds)('$name asks for every subscription, in small frames of JSON', (each) => {
    const { feed } = each
    const wanted = wish(each, 40)
    for (const asks of [feed.subscribe(wanted, 17), feed.unsubscribe(wanted, 17)]) {
      expect(asks.map(({ id }) => id)).toEqual(asks.map((_, at) => 17 + at))
      expect(sorted(asks.flatMap(({ subscriptions }) => subscriptions))).toEqual(sorted(wanted))
      for (const { text, subscriptions } of asks) {
        expect(text).not.toContain('\n')
        expect(text.length).toBeLessThan(16_384)
        const words = JSON.stringify(JSON.parse(text)).toLowerCase()
        for (const { channel, symbol } of subscriptions) {
          expect(words).toContain(wordOf(channel))
          expect(words).toContain(symbol.toLowerCase())
        }
      }
    }
    expect(feed.subscribe([], 1)).toEqual([])
    expect(feed.unsubscribe([], 1)).toEqual([])
    expect(feed.subscribe(wanted, 1)).not.toEqual(feed.unsubscribe(wanted, 1))
  })

  test.each(feeds)('$name reads back in an ack what it can ask for', ({ feed, venue }) => {
    const acks = fixtures
      .filter((fixture) => fixture.venue === venue && fixture.dialect === feed.dialect)
      .map(({ frame }) => feed.route(new TextEncoder().encode(frame)))
      .filter(({ kind }) => kind === 'ack')
      .map(({ ack }) => ack)
    expect(acks.length).toBeGreaterThan(0)
    const acked: Subscription[] = []
    for (const ack of acks) {
      if (ack?.kind === 'request') expect(ack.id).toBeGreaterThanOrEqual(0)
      else if (ack?.kind !== 'removed') acked.push(...(ack?.subscriptions ?? []))
    }
    // An ack that names nothing but its request is told by the id it was asked under.
    if (acks.every((ack) => ack?.kind === 'request')) return
    expect(acked.map(({ channel }) => channel)).toContain(feed.factChannel)
    // Asked for again, what was acknowledged makes a request that names it all.
    const request = feed
      .subscribe(acked, 1)
      .map(({ text }) => text)
      .join()
    for (const { channel, symbol } of acked) {
      expect(request).toContain(wordOf(channel))
      expect(request).toContain(symbol)
    }
  })

  test.each(feeds)('$name tells a complaint in words', ({ feed, venue }) => {
    const complaints = fixtures
      .filter((fixture) => fixture.venue === venue && fixture.dialect === feed.dialect)
      .map(({ frame }) => feed.route(new TextEncoder().encode(frame)))
      .filter(({ kind }) => kind === 'error')
    expect(complaints.length).toBeGreaterThan(0)
    for (const { message = '' } of complaints) expect(message).toMatch(/^.{1,200}$/)
  })
})

/** Every subscription a collector may want of so many symbols, books among them. */
function wish({ venue, feed }: (typeof feeds)[number], count: number): Subscription[] {
  const channels = [...feed.channels, ...(feed.bookChannel === null ? [] : [feed.bookChannel])]
  const symbols = Array.from({ length: count }, (_, at) => venue.spell(`A${at}A`, 'USD'))
  return [
    ...symbols.flatMap((symbol) => channels.map((channel) => ({ channel, symbol }))),
    ...feed.globalChannels.map((channel) => ({ channel, symbol: '' })),
  ]
}

function sorted(subscriptions: readonly Subscription[]): string[] {
  return subscriptions.map(({ channel, symbol }) => `${channel} ${symbol}`).toSorted()
}

/** What of a channel's name a request is sure to hold: `ohlc-1` may be asked for as `ohlc`. */
function wordOf(channel: string): string {
  return channel.toLowerCase().split('-')[0] as string
}

describe('frames are routed as their fixture says', () => {
  const routed = fixtures.filter(({ route }) => route !== undefined)
  test.each(routed)('$name', ({ venue, dialect, frame, route }) => {
    const feed = Object.values(venue.feeds).find((each) => each.dialect === dialect)
    expect(feed?.route(new TextEncoder().encode(frame))).toEqual(route)
  })
})

test('routing never throws, whatever comes', () => {
  const random = createRandom('route')
  for (let run = 0; run < 20_000; run += 1) {
    const { frame } = random.pick(fixtures)
    const bytes = new TextEncoder().encode(frame).slice(0, random.int(0, frame.length))
    for (let i = random.int(0, 3); i > 0 && bytes.length > 0; i -= 1) {
      bytes[random.int(0, bytes.length - 1)] = random.int(0, 255)
    }
    for (const { feed } of feeds) {
      const { lastId, eventTimeUs } = feed.route(bytes)
      if (!Number.isSafeInteger(lastId) || lastId < -1) expect.fail(`last id ${lastId}`)
      if (!Number.isSafeInteger(eventTimeUs) || eventTimeUs < 0) expect.fail(`time ${eventTimeUs}`)
    }
  }
})
