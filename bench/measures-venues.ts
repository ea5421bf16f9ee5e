import type { BooksResult, BooksTask } from './books.ts'
import type { DecodeVenueResult, DecodeVenueTask } from './decode-venue.ts'
import { jobEntry, runJob } from './job.ts'
import { type Bench, SEED } from './measures.ts'
import { rounded, rowOf, showNumber } from './report.ts'
import { ratios, spreadOf } from './spread.ts'
import { VENUES } from './venue-sample.ts'

/** Of an aggregator, whose answers are some thirty times as long, a hundredth of it. */
const FRAMES = 20_000
const ROUNDS = 9
const QUICK_FRAMES = 4000
const QUICK_ROUNDS = 3

/** Venues whose simulated books can be followed. */
const BOOK_VENUES = ['kraken', 'binance-us'] as const
const BOOK_SYMBOLS = 10
const BOOK_SECONDS = 300
const QUICK_BOOK_SECONDS = 30

/** Each venue's decoder against JSON.parse of the same frames. */
export async function measureDecodeVenues(bench: Bench): Promise<void> {
  const { options, rows, figures } = bench
  const found: Record<string, number> = {}
  for (const venue of VENUES) {
    bench.tell(`decoding and parsing frames of ${venue}, in turns`)
    const wanted = options.quick ? QUICK_FRAMES : FRAMES
    const frames = venue === 'coingecko' ? wanted / 100 : wanted
    const rounds = options.quick ? QUICK_ROUNDS : ROUNDS
    const task: DecodeVenueTask = { venue, frames, seed: SEED, rounds }
    const { mix, channels } = await runJob<DecodeVenueResult>(jobEntry('decode-venue'), task)
    const vsParse = ratios(mix.decode, mix.parse)
    found[venue] = rounded(spreadOf(vsParse).median)
    const each = `${showNumber(mix.bytes / mix.frames)} bytes a frame`
    const rate = `${showNumber(spreadOf(mix.decode).median)} frames/s`
    rows.push(rowOf(`decode / parse, ${venue}`, vsParse, { note: `${rate}, ${each}` }))
    for (const [channel, rates] of Object.entries(channels)) {
      const part = `${showNumber((100 * rates.frames) / mix.frames)} % of the frames`
      rows.push(rowOf(`  ${channel}`, ratios(rates.decode, rates.parse), { note: part }))
    }
  }
  figures.decode_venues = found
}

/** Changes of order books, from the log's bytes to the rows of their seconds. */
export async function measureBooks(bench: Bench): Promise<void> {
  const { options, rows, figures } = bench
  const all: BooksResult[] = []
  for (const venue of BOOK_VENUES) {
    bench.tell(`following books of ${venue}`)
    const seconds = options.quick ? QUICK_BOOK_SECONDS : BOOK_SECONDS
    const rounds = options.quick ? QUICK_ROUNDS : ROUNDS
    const task: BooksTask = { venue, symbols: BOOK_SYMBOLS, seconds, seed: SEED, rounds }
    const result = await runJob<BooksResult>(jobEntry('books'), task)
    all.push(result)
    const each = `${showNumber(result.levels / result.messages)} levels a message`
    rows.push(rowOf(`books of ${venue}`, result.rates, { unit: 'levels/s', note: each }))
  }
  // As many levels of one as of the other: the mean of what a level costs.
  const costs = all.map(({ rates }) => 1 / spreadOf(rates).median)
  figures.books_levels_per_s = Math.round(all.length / costs.reduce((sum, one) => sum + one, 0))
}
