import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openJournal } from '../../src/bronze/index.ts'
import { replayCapture } from '../../src/collect/replay.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import type { RawRecord } from '../../src/market/record.ts'
import type { BookChain } from '../../src/silver/books/chain.ts'
import { BookFold, type BookGroup } from '../../src/silver/books/fold.ts'
import { BookFollower } from '../../src/silver/books/follow.ts'
import { binanceUs } from '../../src/venues/binance-us/index.ts'
import type { BookSource } from '../../src/venues/book-source.ts'
import { coinbase } from '../../src/venues/coinbase/index.ts'
import { recordOf } from '../../src/venues/decoded.ts'
import { kraken } from '../../src/venues/kraken/index.ts'
import type { Venue } from '../../src/venues/venue.ts'
import { proveWarehouse } from '../../src/warehouse/index.ts'
import { hasRecording, playCapture, readRecording } from './capture.ts'
import { DATA } from './folders.ts'
import { copyLogs, disturb, openRefinery, START_US, tempFolder } from './support.ts'

const COINBASE = 'wire/coinbase_exchange_ws_20210417.jsonl.gz'
const KRAKEN_V1 = 'wire/kraken_v1_ws_20210417.jsonl.gz'
const MINA = 'wire/kraken_v2_book_MINAGBP_d25_20260816.ndjson'
const ALGO = 'wire/kraken_v2_book_ALGOUSD_20241003.jsonl'
const BINANCE = [
  ['wire/binanceus_ws_20210405.jsonl.gz', { snapshots: 10, updates: 3196, whole: 3185 }],
  ['wire/binanceus_ws_20210417.jsonl.gz', { snapshots: 10, updates: 807, whole: 797 }],
  ['wire/binance_ws_20210405.jsonl.gz', { snapshots: 10, updates: 4709, whole: 4642 }],
  ['wire/binance_ws_20210417.jsonl.gz', { snapshots: 10, updates: 614, whole: 590 }],
  ['wire/binance_ws_20210814.jsonl.gz', { snapshots: 4, updates: 546, whole: 528 }],
] as const

/** Counts what a source reads in a record, by its kind. */
function messagesIn(record: RawRecord, source: BookSource): { snapshot: number; update: number } {
  const counts = { snapshot: 0, update: 0 }
  const isRead = source.decode(record, {
    begin: ({ kind }) => {
      counts[kind] += 1
    },
    level: () => {},
    end: () => {},
  })
  expect(isRead).toBe(true)
  return counts
}

interface Played {
  readonly fold: BookFold
  readonly snapshots: number
  readonly updates: number
  /** Updates after which their book was whole. */
  readonly whole: number
}

/** Folds the records that carry books; `watch` sees each chain after each of its messages. */
function fold(
  records: readonly RawRecord[],
  venue: Venue,
  watch: (chain: BookChain, group: BookGroup, record: RawRecord) => void = () => {},
): Played {
  const source = venue.books as BookSource
  const books = new BookFold()
  let [snapshots, updates, whole] = [0, 0, 0]
  for (const record of records) {
    const { snapshot, update } = messagesIn(record, source)
    snapshots += snapshot
    updates += update
    books.take(record, venue.id, source)
    for (const group of books.groups.values()) {
      const chain = group.chains.at(-1)
      if (chain?.frame !== record.frame) continue
      whole += chain.status === 'whole' ? update : 0
      watch(chain, group, record)
    }
  }
  return { fold: books, snapshots, updates, whole }
}

const isBook = ({ bytes, start, end }: RawRecord, pattern: RegExp) =>
  pattern.test(Buffer.from(bytes.subarray(start, Math.min(end, start + 400))).toString('latin1'))

const best = (chain: BookChain) => ({
  bid: chain.bids.keys.at(-1) ?? 0,
  ask: -(chain.asks.keys.at(-1) ?? Number.NEGATIVE_INFINITY),
})

function expectUncrossed(chain: BookChain): void {
  if (chain.status !== 'whole') return
  const { bid, ask } = best(chain)
  expect(bid).toBeLessThan(ask)
}

describe.each([
  [MINA, 1, 29],
  [ALGO, 1, 1],
])('Kraken, version 2: %s', (name, snapshots, updates) => {
  test.skipIf(!hasRecording(name))('has every checksum right', () => {
    const records = readRecording(name)
      .split('\n')
      .map((line) => /"frame": (\{.*\})\}$/.exec(line)?.[1] ?? line)
      .filter((line) => line.startsWith('{"channel":"book"'))
      .map((text, frame) =>
        recordOf(text, { dialect: 'kraken/v2', channel: 'book', frame, pos: frame }),
      )
    const played = fold(records, kraken, expectUncrossed)
    expect(played).toMatchObject({ snapshots, updates, whole: updates })
    expect(played.fold.takeRows().breaks).toEqual([])
  })
})

describe.skipIf(!hasRecording(KRAKEN_V1))(
  'Kraken, version 1, ten books of a thousand levels',
  () => {
    const records = playCapture(KRAKEN_V1, kraken)
      .map(({ record }, pos) => ({ ...record, pos }))
      .filter((record) => isBook(record, /^\[\d+,\{"(?:as|bs|a|b)"/) && record.origin === 'ws')
      .filter(
        ({ bytes, start, end }) =>
          Buffer.from(bytes.subarray(end - 60, end)).includes('"book-1000"') && end > start,
      )

    test('has 4,269 of 4,269 checksums right', () => {
      const played = fold(records, kraken, expectUncrossed)
      expect(played).toMatchObject({ snapshots: 10, updates: 4269, whole: 4269 })
      expect(played.fold.takeRows().breaks).toEqual([])
    })
  },
)

describe.each(BINANCE)('%s', (name, counts) => {
  test.skipIf(!hasRecording(name))('joins snapshots in its midst, and no chain breaks', () => {
    const records = playCapture(name, binanceUs)
      .map(({ record }, pos) => ({ ...record, pos }))
      .filter((record) => isBook(record, /"depthUpdate"|^\{"lastUpdateId"/))
    const played = fold(records, binanceUs, expectUncrossed)
    expect(played).toMatchObject(counts)
    const rows = played.fold.takeRows()
    expect(rows.breaks).toEqual([])
    const chains = [...played.fold.groups.values()].flatMap((group) => group.chains)
    expect(chains.map(({ status }) => status)).toEqual(chains.map(() => 'whole'))
    expect(chains).toHaveLength(counts.snapshots)
    // Whichever way they are read: all snapshots first, or last, the same rows come out.
    const ofRest = records.filter(({ origin }) => origin === 'rest')
    const ofSocket = records.filter(({ origin }) => origin === 'ws')
    for (const order of [
      [...ofRest, ...ofSocket],
      [...ofSocket, ...ofRest],
    ]) {
      const again = fold(order, binanceUs).fold.takeRows()
      expect(finalOf(again.seconds)).toEqual(finalOf(rows.seconds))
    }
  })
})

/** The fullest report of each second. */
function finalOf(seconds: BookFold['seconds']): object {
  const final = new Map<string, (typeof seconds)[number]>()
  for (const found of seconds) final.set(`${found.symbol} ${found.secondUs}`, found)
  return Object.fromEntries([...final].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

describe.skipIf(!hasRecording(COINBASE))('Coinbase, ten books of 31 seconds', () => {
  const records = playCapture(COINBASE, coinbase).map(({ record }, pos) => ({ ...record, pos }))

  test('folds 10 snapshots and 9,719 updates without a break', () => {
    const books = records.filter((record) => isBook(record, /^\{"type":"(?:snapshot|l2update)"/))
    const played = fold(books, coinbase)
    expect(played).toMatchObject({ snapshots: 10, updates: 9719, whole: 9719 })
    expect(played.fold.takeRows().breaks).toEqual([])
  })

  test('agrees with the tickers on the best bid and ask', () => {
    const source = coinbase.books as BookSource
    const books = new BookFold()
    let [seen, agreed] = [0, 0]
    for (const record of records.filter(({ origin }) => origin === 'ws')) {
      const text = Buffer.from(record.bytes.subarray(record.start, record.end)).toString()
      const frame = JSON.parse(text) as Record<string, string>
      if (frame.type === 'snapshot' || frame.type === 'l2update')
        books.take(record, 'coinbase', source)
      const chain = books.groups.get(`coinbase\n${frame.product_id}`)?.chains.at(-1)
      if (frame.type !== 'ticker' || chain === undefined) continue
      const { bid, ask } = best(chain)
      seen += 1
      agreed += Number(bid === Number(frame.best_bid) && ask === Number(frame.best_ask))
    }
    // Tickers come at once and books every 50 ms: seven came before the change they tell of.
    expect([seen, agreed]).toEqual([107, 100])
  })
})

/** Refines a data folder and follows its books; returns the proof of their tables. */
async function proveBooks(dataDir: string) {
  const clock = createManualClock(START_US)
  await using refinery = await openRefinery(dataDir)
  await refinery.refine()
  await using follower = new BookFollower({ warehouse: refinery.warehouse, dataDir, clock })
  await follower.follow()
  const { tables } = await proveWarehouse(refinery.warehouse)
  return { seconds: tables.silver_book_seconds, breaks: tables.silver_book_breaks }
}

describe.each([
  [COINBASE, coinbase, 280],
  [BINANCE[1][0], binanceUs, 213],
] as const)('%s, replayed into a log', (name, venue, rows) => {
  test.skipIf(!hasRecording(name))('gives the same books whatever order it is in', async () => {
    const dataDir = tempFolder()
    const clock = createManualClock(START_US)
    await using journal = await openJournal({ dataDir, name: 'replay', clock, commitWindowMs: 0 })
    await replayCapture({ path: join(DATA, name), venue, journal, clock, version: '0.0.0' })
    const proof = await proveBooks(dataDir)
    expect(proof).toMatchObject({ seconds: { rows }, breaks: { rows: 0 } })
    const disturbed = await copyLogs(dataDir, (records) => disturb(records, createRandom(8)))
    expect(await proveBooks(disturbed)).toEqual(proof)
  })
})
