import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
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
      for (const channel of [...feed.channels, ...feed.globalChannels]) {
        expect(covers(channel, feed.dialect), `${channel} of ${feed.dialect}`).toBe(true)
      }
    }
    const { listing, dialect } = venue.history
    expect(covers(listing.channel, dialect)).toBe(true)
  })
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

  test.each(feeds)('$name asks for every subscription, in text frames of JSON', ({ feed }) => {
    const wanted: Subscription[] = [
      ...['AAA-USD', 'BBB-USD'].flatMap((symbol) =>
        feed.channels.map((channel) => ({ channel, symbol })),
      ),
      ...feed.globalChannels.map((channel) => ({ channel, symbol: '' })),
    ]
    for (const frames of [feed.subscribe(wanted), feed.unsubscribe(wanted)]) {
      const words = frames.map((frame) => JSON.stringify(JSON.parse(frame)))
      for (const { channel, symbol } of wanted) {
        const asked = words.some((text) => text.includes(`"${channel}"`) && text.includes(symbol))
        expect(asked, `${channel} ${symbol}`).toBe(true)
      }
      for (const frame of frames) expect(frame).not.toContain('\n')
    }
    expect(feed.subscribe([])).toEqual([])
    expect(feed.subscribe(wanted)).not.toEqual(feed.unsubscribe(wanted))
  })

  test.each(feeds)('$name reads back in an ack what it can ask for', ({ feed, venue }) => {
    const acks = fixtures.filter(
      (fixture) => fixture.venue === venue && fixture.dialect === feed.dialect,
    )
    const acked = acks.flatMap(
      ({ frame }) => feed.route(new TextEncoder().encode(frame)).acked ?? [],
    )
    expect(acked.map(({ channel }) => channel)).toContain(feed.factChannel)
    // Asked for again, what was acknowledged makes a request that names it all.
    const request = feed.subscribe(acked).join()
    for (const { channel, symbol } of acked) {
      expect(request).toContain(channel)
      expect(request).toContain(symbol)
    }
  })
})

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
