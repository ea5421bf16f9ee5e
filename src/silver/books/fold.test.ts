import { describe, expect, test } from 'vitest'
import { createRandom } from '../../core/random.ts'
import type { RawRecord } from '../../market/record.ts'
import { recordOf } from '../../venues/decoded.ts'
import { findVenue } from '../../venues/index.ts'
import { bookChecksum } from './checksum.ts'
import { BookFold } from './fold.ts'
import { createSide, setLevel } from './side.ts'
import { loadBooks } from './store.ts'

const START_US = 1_790_000_000_000_000
const SECOND_US = 1_000_000

type Pair = readonly [price: string, size: string]

interface At {
  readonly conn?: string
  readonly timeUs?: number
}

let pos = 0

function recordAt(dialect: string, frame: number, payload: unknown, at: At): RawRecord {
  pos += 1
  return recordOf(JSON.stringify(payload), {
    dialect,
    channel: 'book',
    frame,
    pos,
    conn: at.conn ?? 'c1',
    receivedTimeUs: at.timeUs ?? START_US + frame * 100_000,
  })
}

const coinbase = {
  snapshot: (frame: number, bids: readonly Pair[], asks: readonly Pair[], at: At = {}) =>
    recordAt('coinbase/exchange', frame, { type: 'snapshot', product_id: 'X-USD', bids, asks }, at),
  update: (frame: number, changes: readonly (readonly string[])[], at: At = {}) =>
    recordAt('coinbase/exchange', frame, { type: 'l2update', product_id: 'X-USD', changes }, at),
}

const binance = {
  snapshot: (id: number, bids: readonly Pair[], asks: readonly Pair[], at: At = {}): RawRecord => ({
    ...recordAt('binance-us/rest', id, { lastUpdateId: id, bids, asks }, { conn: 'rest', ...at }),
    origin: 'rest',
    symbol: 'XUSD',
    request: { url: '/api/v3/depth?symbol=XUSD&limit=1000', status: 200 },
  }),
  update: (frame: number, ids: readonly [number, number], b: readonly Pair[], at: At = {}) =>
    recordAt(
      'binance-us/stream',
      frame,
      {
        stream: 'xusd@depth',
        data: { e: 'depthUpdate', s: 'XUSD', U: ids[0], u: ids[1], b, a: [] },
      },
      at,
    ),
}

function take(fold: BookFold, records: readonly RawRecord[]): BookFold {
  for (const record of records) {
    const id = record.dialect.split('/', 1)[0] as string
    fold.take(record, id, findVenue(id)!.books!)
  }
  return fold
}

const foldOf = (...records: readonly RawRecord[]) => take(new BookFold(), records)

/** The last report of each second, as `second: bid/ask, updates`. */
function told(fold: BookFold): Record<number, string> {
  const rows: Record<number, string> = {}
  for (const { secondUs, summary } of fold.takeRows().seconds) {
    const second = (secondUs - START_US) / SECOND_US
    rows[second] = `${summary.bid}/${summary.ask}, ${summary.updates}`
  }
  return rows
}

const ASKS: readonly Pair[] = [['101', '1']]

describe('a book that tells every change', () => {
  test('has a row for each second with updates, as the last of them left it', () => {
    const fold = foldOf(
      coinbase.snapshot(0, [['99', '1']], ASKS),
      coinbase.update(1, [['buy', '100', '2']]),
      coinbase.update(25, [['buy', '100', '0.00']]),
      coinbase.update(26, [
        ['buy', '99.5', '3'],
        ['sell', '100.5', '1'],
      ]),
    )
    expect(told(fold)).toEqual({ 0: '100/101, 2', 2: '99.5/100.5, 2' })
  })

  test('breaks once where updates begin without a snapshot, and is whole after one', () => {
    const fold = foldOf(
      coinbase.update(3, [['buy', '100', '2']]),
      coinbase.update(4, [['buy', '100', '2']]),
    )
    expect(fold.breaks.map(({ row }) => row)).toEqual([
      expect.objectContaining({ conn: 'c1', frame: 3, cause: 'no_snapshot' }),
    ])
    expect(fold.broken()).toEqual([{ venue: 'coinbase', symbol: 'X-USD', conn: 'c1', frame: 4 }])
    take(fold, [coinbase.snapshot(5, [['99', '1']], ASKS)])
    expect(fold.broken()).toEqual([])
    expect(told(fold)).toEqual({ 0: '99/101, 1' })
  })

  test('breaks where a record cannot be read, and tells the second as it was before', () => {
    const fold = foldOf(
      coinbase.snapshot(0, [['99', '1']], ASKS),
      coinbase.update(1, [
        ['buy', '100', '1'],
        ['buy', 'cheap', '1'],
      ]),
      coinbase.update(2, [['buy', '98', '1']]),
    )
    expect(fold.breaks).toMatchObject([{ row: { frame: 1, cause: 'unreadable' } }])
    expect(told(fold)).toEqual({ 0: '99/101, 1' })
  })

  test('is not counted while bid and ask have met, and breaks where that lasts', () => {
    const lost = coinbase.update(1, [['buy', '102', '1']])
    const found = coinbase.update(2, [['sell', '101', '0']])
    const begin = coinbase.snapshot(0, [['99', '1']], [...ASKS, ['103', '1']])
    const mended = foldOf(begin, lost, found)
    expect([mended.breaks, told(mended)]).toEqual([[], { 0: '102/103, 2' }])
    const fold = foldOf(begin, lost, coinbase.update(10, [['buy', '98', '1']]))
    expect(fold.broken()).toEqual([])
    take(fold, [coinbase.update(11, [['buy', '98', '2']])])
    expect(fold.breaks).toMatchObject([{ row: { frame: 11, cause: 'crossed' } }])
    expect(told(fold)).toEqual({ 0: '99/101, 1' })
  })

  test('breaks where part of the log is lost, since it cannot tell of what', () => {
    const fold = foldOf(coinbase.snapshot(0, [['99', '1']], ASKS))
    fold.loseRecords()
    expect(fold.breaks).toMatchObject([{ row: { frame: 0, cause: 'unreadable' } }])
  })

  test('follows two connections at once, each by itself, and passes duplicates by', () => {
    const update = coinbase.update(2, [['buy', '100', '2']], { conn: 'b' })
    const fold = foldOf(
      coinbase.snapshot(0, [['99', '1']], ASKS, { conn: 'a' }),
      coinbase.snapshot(1, [['98', '1']], ASKS, { conn: 'b' }),
      update,
      { ...update, pos: update.pos + 1000 },
      coinbase.update(1, [['buy', '98.5', '2']], { conn: 'a' }),
    )
    const bests = fold.takeRows().seconds.map(({ summary }) => [summary.bid, summary.updates])
    expect(bests).toEqual([
      ['100', 2],
      ['99', 2],
    ])
    expect(fold.isDisordered).toBe(false)
  })

  test('says so where a frame comes after one that followed it', () => {
    const fold = foldOf(
      coinbase.snapshot(5, [['99', '1']], ASKS),
      coinbase.update(4, [['buy', '100', '2']]),
    )
    expect(fold.isDisordered).toBe(true)
  })
})

describe('a numbered book', () => {
  const updates = [
    binance.update(0, [10, 11], [['100', '1']]),
    binance.update(1, [12, 12], [['101', '2']]),
    binance.update(12, [13, 15], [['100', '0']]),
  ]
  const snapshot = binance.snapshot(11, [['99', '1']], [['105', '1']])
  const expected = { 0: '101/105, 1', 1: '101/105, 1' }

  test('joins a snapshot by its id, in whatever order the two are read', () => {
    for (let at = 0; at <= updates.length; at += 1) {
      const order = [...updates.slice(0, at), snapshot, ...updates.slice(at)]
      expect(told(foldOf(...order)), `snapshot at ${at}`).toEqual(expected)
    }
  })

  test('takes a first update that begins below the end of the snapshot', () => {
    const fold = foldOf(snapshot, binance.update(0, [9, 13], [['100', '1']]))
    expect(told(fold)).toEqual({ 0: '100/105, 1' })
  })

  test('breaks where an update does not follow the last, until a snapshot reaches it', () => {
    const fold = foldOf(
      snapshot,
      ...updates,
      binance.update(20, [17, 17], [['102', '1']]),
      binance.update(21, [18, 18], [['103', '1']]),
    )
    expect(fold.breaks).toMatchObject([{ row: { frame: 20, cause: 'sequence' } }])
    expect(fold.broken()).toMatchObject([{ conn: 'c1', frame: 21 }])
    take(fold, [binance.snapshot(17, [['98', '1']], [['105', '1']])])
    expect(fold.broken()).toEqual([])
    expect(told(fold)).toEqual({ ...expected, 2: '103/105, 1' })
  })

  test('breaks where the snapshot that was asked for ends before the updates begin', () => {
    const late = { timeUs: START_US + SECOND_US }
    const fold = foldOf(updates[0]!, binance.snapshot(8, [['99', '1']], ASKS, late))
    expect(fold.breaks).toMatchObject([{ row: { frame: 0, cause: 'no_snapshot' } }])
  })

  test('waits without a word for its first snapshot, but not for ever', () => {
    const fold = foldOf(...updates)
    expect([fold.breaks, fold.broken()]).toEqual([[], []])
    take(fold, [binance.update(150, [16, 16], [])])
    expect(fold.broken()).toMatchObject([{ conn: 'c1', frame: 150 }])
  })

  test('breaks where fewer levels are left than are summed up, and more are not known', () => {
    const bids = Array.from({ length: 1000 }, (_, at): Pair => [String(2000 - at), '1'])
    const gone = bids.slice(0, 991).map(([price]): Pair => [price, '0'])
    const fold = foldOf(
      binance.snapshot(1, bids, [['3000', '1']]),
      // Below the worst level told nothing is held, whatever comes of it.
      binance.update(0, [2, 2], [['1000', '5']]),
      binance.update(1, [3, 3], gone.slice(0, 990)),
    )
    expect(fold.breaks).toEqual([])
    take(fold, [binance.update(2, [4, 4], gone.slice(990))])
    expect(fold.breaks).toMatchObject([{ row: { frame: 2, cause: 'no_snapshot' } }])
  })
})

describe('a book of a window with checksums', () => {
  function krakenBook(depth: number) {
    const [bids, asks] = [new Map<number, number>(), new Map<number, number>()]
    return { depth, bids, asks }
  }

  /** Cuts to the window and returns the frame of the changes with its checksum. */
  function frameOf(
    frame: number,
    type: 'snapshot' | 'update',
    book: ReturnType<typeof krakenBook>,
    changes: readonly (readonly ['bid' | 'ask', number, number])[],
  ): RawRecord {
    for (const [side, price, size] of changes) {
      const levels = side === 'bid' ? book.bids : book.asks
      if (size === 0) levels.delete(price)
      else levels.set(price, size)
    }
    for (const [levels, sign] of [[book.bids, -1] as const, [book.asks, 1] as const]) {
      const order = [...levels.keys()].toSorted((a, b) => (a - b) * sign)
      for (const price of order.slice(book.depth)) levels.delete(price)
    }
    const [bids, asks] = [createSide(), createSide()]
    for (const [price, size] of book.bids) setLevel(bids, price, size)
    for (const [price, size] of book.asks) setLevel(asks, -price, size)
    const checksum = bookChecksum(bids, asks, { price: 2, size: 3 })
    const told = (wanted: string) =>
      changes.filter(([side]) => side === wanted).map(([, price, qty]) => ({ price, qty }))
    const data = [{ symbol: 'X/USD', bids: told('bid'), asks: told('ask'), checksum }]
    return recordAt('kraken/v2', frame, { channel: 'book', type, data }, {})
  }

  test('follows any changes as a sorted map does, stored and gone on from at any point', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const random = createRandom(seed)
      const book = krakenBook(10)
      const change = () => {
        const side = random.next() < 0.5 ? ('bid' as const) : ('ask' as const)
        const price = (side === 'bid' ? random.int(900, 999) : random.int(1000, 1099)) / 100
        return [side, price, random.next() < 0.3 ? 0 : random.int(1, 9999) / 1000] as const
      }
      const records = Array.from({ length: 120 }, (_, frame) => {
        const count = random.int(1, frame === 0 ? 30 : 4)
        const changes = Array.from({ length: count }, change)
        // A snapshot tells the window as it is, once each.
        if (frame > 0) return frameOf(frame, 'update', book, changes)
        const first = changes.filter(([, , size]) => size > 0).slice(0, 10)
        const once = [...new Map(first.map((one) => [one[1], one])).values()]
        return frameOf(frame, 'snapshot', book, once)
      })
      const straight = foldOf(...records)
      expect(straight.breaks, `seed ${seed}`).toEqual([])
      const rows = told(straight)
      const cut = random.int(1, records.length - 1)
      const before = foldOf(...records.slice(0, cut))
      const rowsBefore = told(before)
      const after = new BookFold()
      loadBooks(after, statesOf(before))
      expect({ ...rowsBefore, ...told(take(after, records.slice(cut))) }).toEqual(rows)
    }
  })

  test('breaks at a wrong checksum and is silent until the next snapshot', () => {
    const book = krakenBook(10)
    const first = frameOf(0, 'snapshot', book, [
      ['bid', 9.99, 1.5],
      ['ask', 10.01, 2],
    ])
    frameOf(1, 'update', book, [['bid', 9.98, 1]])
    const next = frameOf(2, 'update', book, [['bid', 9.97, 1]])
    const fold = foldOf(first, next, frameOf(3, 'update', book, [['bid', 9.96, 1]]))
    expect(fold.breaks).toMatchObject([{ row: { frame: 2, cause: 'checksum' } }])
    expect(told(fold)).toEqual({ 0: '9.99/10.01, 1' })
    const anew = krakenBook(10)
    take(fold, [frameOf(14, 'snapshot', anew, [['bid', 9.5, 1]])])
    expect(told(fold)).toEqual({ 1: '9.5/null, 1' })
  })
})

/** The states that a fold would be stored as. */
function statesOf(fold: BookFold): Parameters<typeof loadBooks>[1] {
  return [...fold.groups.values()].flatMap(({ venue, symbol, chains }) =>
    chains.map((chain) => ({
      log_id: 1,
      conn: chain.conn,
      venue,
      symbol,
      pos: chain.pos,
      state: JSON.stringify(chain),
    })),
  )
}
