import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import type { EventSink, FrameKind } from '../../../src/market/event.ts'
import { type Decoded, decodeAll, formOf, recordOf } from '../../../src/venues/decoded.ts'
import { decoderOf } from '../../../src/venues/index.ts'
import { damage } from './damage.ts'
import { type Fixture, fixtures, venues } from './fixtures.ts'

const NOTHING = {
  trades: [],
  candles: [],
  witnesses: [],
  listings: [],
  snapshots: [],
  rejections: [],
}
const KINDS: readonly FrameKind[] = ['event', 'control', 'raw_only', 'rejected']
/** Damaged frames of each venue; a night may ask for a million. */
const FUZZED_FRAMES = Number(process.env.ASSAY_TEST_FUZZ_FRAMES ?? 50_000)
const SEED = 'venues'

function decodeFixture(fixture: Fixture, payload: string | Uint8Array = fixture.frame): Decoded {
  const { dialect, channel, symbol = null, request = null } = fixture
  const record = recordOf(payload, { dialect, channel, symbol, request })
  const before = record.bytes.slice()
  const decoded = decodeAll(decoderOf(dialect), record)
  expect(record.bytes).toEqual(before)
  return decoded
}

describe('every venue', () => {
  test.each(venues)('$id has a fixture for each dialect, and one that is refused', (venue) => {
    const own = fixtures.filter((fixture) => fixture.venue === venue)
    for (const dialect of Object.keys(venue.decoders)) {
      expect(own.map((fixture) => fixture.dialect)).toContain(dialect)
      expect(dialect.startsWith(`${venue.id}/`)).toBe(true)
      expect(decoderOf(dialect)).toBe(venue.decoders[dialect])
    }
    expect(new Set(own.map(({ golden }) => golden.kind))).toEqual(new Set(KINDS))
  })
})

describe('fixtures decode as their golden', () => {
  test.each(fixtures)('$name: $about', (fixture) => {
    expect(decodeFixture(fixture)).toEqual({ ...NOTHING, ...fixture.golden })
  })
})

describe('decoding', () => {
  test('depends on the record alone', () => {
    const once = fixtures.map((fixture) => decodeFixture(fixture))
    const again = fixtures.toReversed().map((fixture) => decodeFixture(fixture))
    expect(again.toReversed()).toEqual(once)
  })

  test('of text with line breaks says the same as of the text without', () => {
    for (const fixture of fixtures) {
      const { golden, frame } = fixture
      if (formOf(new TextEncoder().encode(frame)) !== 'json') continue
      const { rejections, ...rest } = decodeFixture(fixture, `\n${frame}\r\n`)
      const reasons = (golden.rejections ?? []).map(({ item, reason }) => ({ item, reason }))
      const { rejections: _, ...expected } = { ...NOTHING, ...golden }
      expect(rest).toEqual(expected)
      expect(rejections).toMatchObject(reasons)
    }
  })

  const fuzz = `over ${FUZZED_FRAMES} damaged frames of seed "${SEED}"`
  test.each(venues)(`of $id never throws, ${fuzz}`, { timeout: 3_600_000 }, (venue) => {
    const random = createRandom(SEED)
    const own = fixtures.filter((fixture) => fixture.venue === venue)
    for (let run = 0; run < FUZZED_FRAMES; run += 1) {
      const fixture = random.pick(own)
      const payload = damage(new TextEncoder().encode(fixture.frame), random)
      const { dialect, channel, symbol = null, request = null } = fixture
      // What is kept as JSON in the log is JSON; the decoder of another form must look itself.
      const form = formOf(payload)
      const record = recordOf(payload, { dialect, channel, symbol, request, form })
      const seen = { events: 0, rejections: 0 }
      const kind = decoderOf(dialect)(record, tally(seen, payload.length))
      // An assertion of the test library for each frame would take longer than decoding it.
      const sound =
        KINDS.includes(kind) &&
        (kind !== 'rejected' || seen.rejections > 0) &&
        (kind !== 'raw_only' || seen.events + seen.rejections === 0)
      if (!sound) expect.fail(`${kind} with ${JSON.stringify(seen)} at run ${run}`)
    }
  })

  test('never throws over noise, whatever the record claims it is', () => {
    const random = createRandom(SEED)
    for (let run = 0; run < 5000; run += 1) {
      const { dialect, channel, frame } = random.pick(fixtures)
      const payload = damage(new TextEncoder().encode(frame), random)
      const form = random.pick(['json', 'text', 'bytes'] as const)
      const record = recordOf(payload, { dialect, channel, form })
      const { kind } = decodeAll(decoderOf(dialect), record)
      if (!KINDS.includes(kind)) expect.fail(`${kind} at run ${run}`)
    }
  })
})

test('a dialect that nobody knows is refused by name', () => {
  for (const dialect of ['nowhere/ws', '', 'toString', '__proto__']) {
    const { kind, rejections } = decodeAll(decoderOf(dialect), recordOf('{}', { dialect }))
    expect(kind).toBe('rejected')
    expect(rejections).toMatchObject([{ item: 0, reason: 'unknown_dialect', offset: 0 }])
  }
})

/** Returns a sink that checks what every event must hold, and counts. */
function tally(seen: { events: number; rejections: number }, length: number): EventSink {
  const event = () => {
    seen.events += 1
  }
  return {
    trade(slot) {
      const sound =
        Number.isSafeInteger(slot.tradeId) &&
        slot.firstId <= slot.lastId &&
        slot.tradeCount >= 1 &&
        Number.isSafeInteger(slot.eventTimeUs) &&
        slot.side >= 0 &&
        slot.side <= 2 &&
        slot.symbol.length > 0 &&
        slot.priceStart <= slot.priceEnd &&
        slot.sizeStart <= slot.sizeEnd
      if (!sound) expect.fail(`unsound trade ${JSON.stringify({ ...slot, bytes: null })}`)
      event()
    },
    candle: event,
    witness: event,
    listing: event,
    snapshot: event,
    reject({ detail, offset }) {
      if (detail.length > 200 || offset < 0 || offset > length) expect.fail(`${offset} ${detail}`)
      seen.rejections += 1
    },
  }
}
