import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import type { BookSink } from '../../../src/market/book.ts'
import { formOf, recordOf } from '../../../src/venues/decoded.ts'
import { damage } from './damage.ts'
import { fixtures, venues } from './fixtures.ts'

const FUZZED_FRAMES = 20_000
const encoder = new TextEncoder()

const keepers = venues.flatMap(({ id, books, history, classify, feeds, spell }) =>
  books === null ? [] : [{ id, books, history, classify, feeds, spell }],
)

describe.skipIf(keepers.length === 0)('the books of', () => {
  test.each(keepers)('$id are on channels that are subscribed or asked for', (venue) => {
    const { books, history, classify, feeds, spell } = venue
    expect(books.depth).toBeGreaterThan(0)
    const subscribed = Object.values(feeds).flatMap((feed) => feed.bookChannel ?? [])
    expect(subscribed.length).toBeGreaterThan(0)
    for (const channel of subscribed) expect(books.channels).toContain(channel)
    const request = books.snapshot(spell('BTC', 'USD'))
    if (request === null) return
    expect(books.channels).toContain(request.channel)
    // The same answer may come out of a recording, which its address alone describes.
    const recorded = classify(history.restUrl + request.path, 'rest')
    expect(recorded.dialect).toBe(history.dialect)
    expect(books.channels).toContain(recorded.channel)
  })

  test.each(keepers)('$id are read without throwing, in messages that are whole', (venue) => {
    const random = createRandom('books')
    const own = fixtures.filter((fixture) => fixture.venue.id === venue.id)
    for (let run = 0; run < FUZZED_FRAMES; run += 1) {
      const { dialect, channel, symbol = null, request = null, frame } = random.pick(own)
      const whole = encoder.encode(frame)
      const payload = random.next() < 0.2 ? whole : damage(whole, random)
      const form = formOf(payload)
      const origin = dialect === venue.history.dialect ? 'rest' : 'ws'
      const record = recordOf(payload, { dialect, channel, symbol, request, form, origin })
      const state = { open: false, wrong: '' }
      const read = venue.books.decode(record, createJudge(state, record.bytes.length))
      // What turns out to be unreadable half-way is left unended, for its reader to drop.
      if (state.wrong !== '' || (read && state.open))
        expect.fail(`${state.wrong} at run ${run}: ${frame}`)
    }
  })
})

/** Returns a sink that notes the first thing that does not hold of what it is told. */
function createJudge(state: { open: boolean; wrong: string }, length: number): BookSink {
  const hold = (sound: boolean, what: string) => {
    if (!sound && state.wrong === '') state.wrong = what
  }
  return {
    begin({ symbol, firstId, lastId }) {
      hold(!state.open, 'a message within a message')
      hold(symbol.length > 0, 'a book without a symbol')
      hold(firstId === null || lastId === null || firstId <= lastId, 'ids that cross')
      state.open = true
    },
    level({ priceStart, priceEnd, sizeStart, sizeEnd, bytes }) {
      hold(state.open, 'a level outside of a message')
      hold(0 <= priceStart && priceStart <= priceEnd, 'a price that ends before it begins')
      hold(0 <= sizeStart && sizeStart <= sizeEnd, 'a size that ends before it begins')
      hold(Math.max(priceEnd, sizeEnd) <= Math.max(length, bytes.length), 'a level out of bounds')
    },
    end() {
      hold(state.open, 'an end without a beginning')
      state.open = false
    },
  }
}
