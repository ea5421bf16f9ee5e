import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openJournal, sealLog } from '../../bronze/index.ts'
import { createManualClock } from '../../core/clock.ts'
import { createRandom, type Random } from '../../core/random.ts'
import type { NewRecord } from '../../market/record.ts'
import { openWarehouse, type Warehouse } from '../../warehouse/index.ts'
import { BookFollower } from './follow.ts'

const START_US = 1_790_000_000_000_000

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-books-'))
  folders.push(folder)
  return folder
}

function record(
  about: Pick<NewRecord, 'dialect' | 'channel' | 'symbol' | 'conn' | 'frame' | 'receivedTimeUs'>,
  payload: unknown,
): NewRecord {
  const origin = about.dialect.endsWith('/rest') ? 'rest' : 'ws'
  const request = origin === 'ws' ? null : { url: '/api/v3/depth?limit=1000', status: 200 }
  return { ...about, origin, request, payload: Buffer.from(JSON.stringify(payload)) }
}

/** Two overlapping connections of a Coinbase book, and a numbered one that breaks and is mended. */
function recording(random: Random): NewRecord[] {
  const records: NewRecord[] = []
  const at = (time: number) => START_US + time * 50_000
  for (const [conn, from] of [
    ['b', 0],
    ['a', 70],
  ] as const) {
    const about = { dialect: 'coinbase/exchange', channel: 'level2_batch', symbol: 'X-USD', conn }
    const levels = (from: number) =>
      Array.from({ length: 12 }, (_, rank) => [String(from + rank), String(random.int(1, 9))])
    const snapshot = { type: 'snapshot', product_id: 'X-USD', bids: levels(80), asks: levels(100) }
    records.push(record({ ...about, frame: 0, receivedTimeUs: at(from) }, snapshot))
    for (let frame = 1; frame < 120; frame += 1) {
      const change = ['buy', String(random.int(85, 99)), String(random.int(0, 3))]
      const update = { type: 'l2update', product_id: 'X-USD', changes: [change] }
      records.push(record({ ...about, frame, receivedTimeUs: at(from + frame) }, update))
    }
  }
  const about = { channel: 'depth@100ms', symbol: 'XUSD' }
  const numbered = { ...about, dialect: 'binance-us/stream', conn: 'n' }
  for (let frame = 0; frame < 150; frame += 1) {
    // Frame 90 is lost.
    if (frame === 90) continue
    const b = [[String(random.int(50, 60)), String(random.int(1, 9))]]
    const update = { e: 'depthUpdate', s: 'XUSD', U: frame * 2, u: frame * 2 + 1, b, a: [] }
    records.push(record({ ...numbered, frame, receivedTimeUs: at(frame) }, update))
  }
  for (const [frame, id, time] of [
    [0, 9, 12],
    [1, 200, 108],
  ] as const) {
    const rest = {
      ...about,
      dialect: 'binance-us/rest',
      conn: 'r',
      frame,
      receivedTimeUs: at(time),
    }
    records.push(record(rest, { lastUpdateId: id, bids: [['49', '1']], asks: [['61', '1']] }))
  }
  return records.toSorted((a, b) => a.receivedTimeUs - b.receivedTimeUs)
}

function shuffled(records: readonly NewRecord[], random: Random): NewRecord[] {
  const twice = [...records, ...records.filter(() => random.next() < 0.1)]
  return twice
    .map((one) => ({ one, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one)
}

async function write(dataDir: string, records: readonly NewRecord[]): Promise<void> {
  const clock = createManualClock(START_US)
  await using journal = await openJournal({ dataDir, name: 'live', clock, commitWindowMs: 0 })
  for (const one of records) journal.append(one)
  await journal.flush()
}

/** Opens a warehouse whose refiner has begun the log. */
async function openTables(dataDir: string): Promise<Warehouse> {
  const clock = createManualClock(START_US)
  const url = `sqlite:${join(dataDir, 'warehouse')}`
  const warehouse = await openWarehouse({ url, mode: 'write', clock })
  await warehouse.write((tx) =>
    tx.upsert('ops_logs', [{ log_id: 1, name: 'live', time_us: START_US }]),
  )
  return warehouse
}

/** Follows a log that is written by steps, begun anew after each; returns the facts. */
async function follow(
  steps: readonly (readonly NewRecord[])[],
  before: (dataDir: string) => Promise<void> = async () => {},
) {
  const dataDir = tempFolder()
  const clock = createManualClock(START_US)
  await using warehouse = await openTables(dataDir)
  for (const records of steps) {
    await write(dataDir, records)
    await before(dataDir)
    await using follower = new BookFollower({ warehouse, dataDir, clock })
    await follower.follow()
  }
  return await warehouse.read(async (db) => {
    const seconds = await db
      .selectFrom('silver_book_seconds as s')
      .innerJoin('instruments as i', 'i.instrument_id', 's.instrument_id')
      .select(['i.symbol', 's.second_us', 's.bid', 's.bid_size', 's.bid_depth', 's.updates'])
      .orderBy('i.symbol')
      .orderBy('s.second_us')
      .execute()
    const breaks = await db
      .selectFrom('silver_book_breaks')
      .select(['conn', 'frame', 'cause', 'time_us', 'detail'])
      .execute()
    return { seconds, breaks }
  })
}

describe('the follower of books', () => {
  test('makes the same rows of any permutation of the records, and of any twice', async () => {
    for (let seed = 0; seed < 3; seed += 1) {
      const random = createRandom(seed)
      const records = recording(random)
      const facts = await follow([records])
      expect(facts.seconds.length).toBeGreaterThan(15)
      expect(facts.breaks).toMatchObject([{ conn: 'n', frame: 91, cause: 'sequence' }])
      expect(await follow([shuffled(records, random)]), `seed ${seed}`).toEqual(facts)
      const [ofRest, ofSocket] = [
        records.filter(({ origin }) => origin === 'rest'),
        records.filter(({ origin }) => origin === 'ws'),
      ]
      expect(await follow([[...ofRest, ...ofSocket]]), `seed ${seed}, rest first`).toEqual(facts)
      expect(await follow([[...ofSocket, ...ofRest]]), `seed ${seed}, rest last`).toEqual(facts)
      const half = records.length >> 1
      const parts = [records.slice(0, half), shuffled(records.slice(half), random)]
      expect(await follow(parts), `seed ${seed}, second half`).toEqual(facts)
    }
  })

  test('goes on exactly where it stopped, wherever that was', async () => {
    const random = createRandom(11)
    const records = recording(random)
    const facts = await follow([records])
    const steps: NewRecord[][] = []
    for (let from = 0; from < records.length; ) {
      const to = from + random.int(1, 60)
      steps.push(records.slice(from, to))
      from = to
    }
    expect(await follow(steps)).toEqual(facts)
  })

  test('makes the same rows of an hour that was sealed, file by file', async () => {
    const records = recording(createRandom(3))
    const facts = await follow([records])
    const seal = async (dataDir: string) => {
      const clock = createManualClock(START_US + 7_200_000_000)
      const { records } = await sealLog({ dataDir, name: 'live', belowPos: 1e6, clock })
      expect(records).toBeGreaterThan(0)
    }
    expect(await follow([records], seal)).toEqual(facts)
    const half = records.length >> 1
    expect(await follow([records.slice(0, half), records.slice(half)], seal)).toEqual(facts)
  })

  test('stores the books every half minute at most, and makes anew what came after', async () => {
    const dataDir = tempFolder()
    const clock = createManualClock(START_US)
    const records = recording(createRandom(5))
    await using warehouse = await openTables(dataDir)
    const checkpoint = () =>
      warehouse.read((db) =>
        db.selectFrom('ops_checkpoints').select('pos').where('reader', '=', 'books').execute(),
      )
    await using follower = new BookFollower({ warehouse, dataDir, clock })
    await write(dataDir, records.slice(0, 100))
    await follower.follow()
    expect(await checkpoint()).toEqual([])
    clock.advance(30_000)
    await write(dataDir, records.slice(100, 200))
    await follower.follow()
    expect(await checkpoint()).toEqual([{ pos: 200 }])
    await write(dataDir, records.slice(200))
    await follower.follow()
    expect(await checkpoint()).toEqual([{ pos: 200 }])
    await follower.save()
    expect(await checkpoint()).toEqual([{ pos: records.length }])
  })

  test('tells which books are broken until they are mended', async () => {
    const dataDir = tempFolder()
    const clock = createManualClock(START_US)
    const records = recording(createRandom(5))
    const mended = records.findIndex(({ conn, frame }) => conn === 'r' && frame === 1)
    await using warehouse = await openTables(dataDir)
    await using follower = new BookFollower({ warehouse, dataDir, clock })
    await write(dataDir, records.slice(0, mended))
    await follower.follow()
    const broken = { venue: 'binance-us', symbol: 'XUSD', conn: 'n' }
    expect(follower.broken()).toMatchObject([broken])
    await write(dataDir, records.slice(mended))
    await follower.follow()
    expect(follower.broken()).toEqual([])
  })
})
