import { assert } from '../src/core/assert.ts'
import type { RawRecord } from '../src/market/record.ts'
import { BookFold } from '../src/silver/books/fold.ts'
import type { BookSource } from '../src/venues/book-source.ts'
import { formOf } from '../src/venues/decoded.ts'
import { findVenue } from '../src/venues/index.ts'
import { answerJob } from './job.ts'
import { createSimTape } from './sim-frames.ts'

/** Books of one venue to be folded, over and over. */
export interface BooksTask {
  readonly venue: 'binance-us' | 'kraken'
  readonly symbols: number
  /** Seconds of the venue's books. */
  readonly seconds: number
  readonly seed: number
  readonly rounds: number
}

/** How it went. */
export interface BooksResult {
  readonly messages: number
  readonly levels: number
  /** Levels a second of processor time, one figure a round. */
  readonly rates: readonly number[]
}

const WARM_ROUNDS = 2
const PACE = { tradesPerSecond: 100, historyMinutes: 1 }

function measureBooks(task: BooksTask): BooksResult {
  const source = findVenue(task.venue)?.books ?? null
  assert(source !== null, 'the venue has books')
  const records = takeRecords(task, source)
  const levels = countLevels(records, source)
  const rates: number[] = []
  for (let round = -WARM_ROUNDS; round < task.rounds; round += 1) {
    const { user, system } = process.threadCpuUsage()
    const fold = new BookFold()
    for (const record of records) fold.take(record, task.venue, source)
    const { seconds, breaks } = fold.takeRows()
    const now = process.threadCpuUsage()
    assert(breaks.length === 0 && fold.broken().length === 0, 'every book is whole')
    assert(seconds.length > task.symbols * (task.seconds - 2), 'every second has its row')
    if (round >= 0) rates.push((levels / (now.user + now.system - user - system)) * 1e6)
  }
  return { messages: records.length, levels, rates }
}

/** Listens to the venue's books: snapshots first, those over REST once updates flow. */
function takeRecords(task: BooksTask, source: BookSource): RawRecord[] {
  const { venue, seed } = task
  const records: RawRecord[] = []
  const tape = createSimTape({ venue, seed, ...PACE }, ({ payload, ...about }) => {
    if (!source.channels.includes(about.channel)) return
    const frame = records.length
    const place = { bytes: payload, start: 0, end: payload.length, form: formOf(payload) }
    const conn = about.origin === 'ws' ? 'c-bench-1' : 'c-bench-2'
    records.push({ ...about, ...place, pos: frame, conn, frame })
  })
  const symbols = tape.symbols.slice(0, task.symbols)
  const [feed] = Object.values(findVenue(venue)?.feeds ?? {})
  const channel = feed?.bookChannel ?? ''
  tape.subscribe(symbols.map((symbol) => ({ channel, symbol })))
  tape.step()
  for (const symbol of symbols) {
    const request = source.snapshot(symbol)
    if (request !== null) tape.ask(request)
  }
  for (let quarter = 1; quarter < task.seconds * 4; quarter += 1) tape.step()
  return records
}

function countLevels(records: readonly RawRecord[], source: BookSource): number {
  let levels = 0
  const sink = {
    begin() {},
    level() {
      levels += 1
    },
    end() {},
  }
  for (const record of records) source.decode(record, sink)
  return levels
}

await answerJob(measureBooks)
