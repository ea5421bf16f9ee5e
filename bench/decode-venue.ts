import { assert } from '../src/core/assert.ts'
import type { EventSink } from '../src/market/event.ts'
import type { RawRecord } from '../src/market/record.ts'
import { formOf } from '../src/venues/decoded.ts'
import { decoderOf } from '../src/venues/index.ts'
import type { Decoder } from '../src/venues/venue.ts'
import { answerJob } from './job.ts'
import type { SimFrame } from './sim-frames.ts'
import { sampleFrames, type VenueName } from './venue-sample.ts'

/** A venue whose frames are to be decoded and parsed, over and over. */
export interface DecodeVenueTask {
  readonly venue: VenueName
  readonly frames: number
  readonly seed: number
  readonly rounds: number
}

/** Frames per second of processor time of each way, one figure a round. */
export interface DecodeRates {
  readonly frames: number
  readonly bytes: number
  /** JSON.parse of payloads that are JavaScript strings already. */
  readonly parse: readonly number[]
  /** The venue's decoder over the payload's bytes; what it finds is counted, not kept. */
  readonly decode: readonly number[]
}

/** The mix as a whole, and each of its channels alone. */
export interface DecodeVenueResult {
  readonly mix: DecodeRates
  readonly channels: Readonly<Record<string, DecodeRates>>
}

interface Sample {
  readonly records: readonly RawRecord[]
  readonly texts: readonly string[]
  readonly bytes: number
}

/** Rounds more than asked for: the first ones warm the code. */
const WARM_ROUNDS = 2

/** Bytes of a round at least: a sample that is smaller is gone through more than once. */
const ROUND_BYTES = 4_000_000

function measureVenue(task: DecodeVenueTask): DecodeVenueResult {
  const frames = sampleFrames(task.venue, task.frames, task.seed)
  const byChannel = Map.groupBy(frames, ({ channel }) => channel)
  const channels: Record<string, DecodeRates> = {}
  // The mix first: the code it meets is not yet shaped by one channel alone.
  const mix = measure(sampleOf(frames), task.rounds)
  for (const [channel, members] of byChannel) {
    channels[channel] = measure(sampleOf(members), task.rounds)
  }
  return { mix, channels }
}

/** Puts all payloads into one buffer, as a block of a log has them. */
function sampleOf(frames: readonly SimFrame[]): Sample {
  const separator = Buffer.from('}\n')
  const block = Buffer.concat(frames.flatMap(({ payload }) => [payload, separator]))
  let start = 0
  const records = frames.map((frame, pos): RawRecord => {
    const { payload, ...about } = frame
    const end = start + payload.length
    const place = { bytes: block, start, end, form: formOf(payload) }
    start = end + separator.length
    return { ...about, ...place, pos, conn: 'c-bench-1', frame: pos }
  })
  const texts = frames.map(({ payload }) => payload.toString())
  return { records, texts, bytes: block.length }
}

function measure(sample: Sample, rounds: number): DecodeRates {
  const passes = Math.ceil(ROUND_BYTES / sample.bytes)
  const frames = passes * sample.records.length
  const decoder = decoderOf(sample.records[0]!.dialect)
  const rates = { parse: [] as number[], decode: [] as number[] }
  const ways = {
    parse: () => parseTexts(sample.texts),
    decode: () => decodeRecords(decoder, sample.records),
  }
  for (let round = -WARM_ROUNDS; round < rounds; round += 1) {
    for (const way of ['parse', 'decode'] as const) {
      const startUs = threadUs()
      let seen = 0
      for (let pass = 0; pass < passes; pass += 1) seen += ways[way]()
      const us = threadUs() - startUs
      assert(seen === frames, `${way} understands every frame`)
      if (round >= 0) rates[way].push((frames / us) * 1e6)
    }
  }
  return { frames: sample.records.length, bytes: sample.bytes, ...rates }
}

/** Processor time of this thread: neighbours on the machine take none of it. */
function threadUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

function parseTexts(texts: readonly string[]): number {
  let seen = 0
  for (const text of texts) {
    if (typeof JSON.parse(text) === 'object') seen += 1
  }
  return seen
}

function decodeRecords(decoder: Decoder, records: readonly RawRecord[]): number {
  let seen = 0
  for (const record of records) {
    if (decoder(record, sink) !== 'rejected') seen += 1
  }
  assert(found.rejected === 0, 'nothing the simulator says is refused')
  return seen
}

/** What was found: counted, so that no part of the work can be left out. */
const found = { facts: 0, digits: 0, rejected: 0 }

const sink: EventSink = {
  trade(slot) {
    found.facts += 1
    found.digits += slot.priceEnd - slot.priceStart + (slot.sizeEnd - slot.sizeStart)
  },
  candle(candle) {
    found.facts += 1
    found.digits += candle.close.length
  },
  witness() {
    found.facts += 1
  },
  listing() {
    found.facts += 1
  },
  snapshot(snapshot) {
    found.facts += 1
    found.digits += snapshot.price?.length ?? 0
  },
  reject() {
    found.rejected += 1
  },
}

await answerJob(measureVenue)
