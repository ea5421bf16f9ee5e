import { describe, expect, test } from 'vitest'
import type { NewRecord } from '../../src/market/record.ts'
import type { OutageRow } from '../../src/warehouse/index.ts'
import {
  judgeAtEnd,
  openRefinery,
  type Refinery,
  tempFolder,
  writeLog,
} from '../playback/support.ts'

/** 2026-01-05T10:00:00Z. */
const BEGIN_US = 1_767_607_200_000_000
const MINUTE_US = 60_000_000
const HEADER = ['open_time', 'open', 'high', 'low', 'close', 'volume']
const COLUMNS = {
  ...Object.fromEntries(HEADER.map((name) => [name, name])),
  open_time: 'open_time:us',
}

let files = 0
function imported(
  venue: string,
  symbol: string,
  of: {
    kind: 'klines' | 'csv'
    lines: string[]
    columns: Record<string, string>
    header: string[]
  },
): NewRecord {
  files += 1
  return {
    dialect: `${venue}/${of.kind}`,
    channel: of.kind === 'klines' ? 'candles_1m' : 'trades',
    symbol,
    origin: 'import',
    receivedTimeUs: BEGIN_US + 1_000 * MINUTE_US,
    conn: 'c',
    frame: files,
    request: { url: 'f', file: `f${files}`, firstLine: 1, columns: of.columns, header: of.header },
    payload: Buffer.from(of.lines.join('\n')),
  }
}

/** A file of candles, one of each minute in the stretches given, both ends included. */
function candles(venue: string, stretches: readonly [number, number][], symbol = 'BTC-USD') {
  const minutes = stretches.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at),
  )
  const lines = minutes.map((minute) => `${BEGIN_US + minute * MINUTE_US},1,1,1,1,1`)
  return imported(venue, symbol, { kind: 'klines', lines, columns: COLUMNS, header: HEADER })
}

/** A file of numbered trades, each of a minute. */
function trades(venue: string, told: readonly [id: number, minute: number][], symbol = 'BTC-USD') {
  const header = ['id', 'time', 'price', 'size']
  const columns = { trade_id: 'id', time: 'time:us', price: 'price', size: 'size' }
  const lines = told.map(([id, minute]) => `${id},${BEGIN_US + minute * MINUTE_US},1,1`)
  return imported(venue, symbol, { kind: 'csv', lines, columns, header })
}

type Told = Pick<OutageRow, 'venue'> & { readonly from: number; readonly to: number }

async function outagesOf({ warehouse }: Refinery): Promise<Told[]> {
  const rows = await warehouse.read((db) => db.selectFrom('silver_outages').selectAll().execute())
  const minute = (us: number) => (us - BEGIN_US) / MINUTE_US
  return rows.map((row) => ({ venue: row.venue, from: minute(row.from_us), to: minute(row.to_us) }))
}

/** Refines each step after the one before, and returns the outages known after each. */
async function outagesAfter(...steps: readonly (readonly NewRecord[])[]): Promise<Told[][]> {
  const dataDir = tempFolder()
  const found: Told[][] = []
  await using refinery = await openRefinery(dataDir)
  for (const step of steps) {
    await writeLog(dataDir, 'import', step)
    const proof = await refinery.settle()
    expect(await judgeAtEnd(dataDir)).toEqual(proof)
    found.push(await outagesOf(refinery))
  }
  return found
}

const whole = (venue: string, symbol?: string) => candles(venue, [[0, 200]], symbol)
const OTHERS = [whole('b'), whole('c')]
const DOWN = { venue: 'a', from: 80, to: 90 }

describe('an outage by silence', () => {
  test('takes ten minutes, and not nine', async () => {
    const [ten] = await outagesAfter([
      candles('a', [
        [0, 79],
        [90, 200],
      ]),
      ...OTHERS,
    ])
    expect(ten).toEqual([DOWN])
    const [nine] = await outagesAfter([
      candles('a', [
        [0, 79],
        [89, 200],
      ]),
      ...OTHERS,
    ])
    expect(nine).toEqual([])
  })

  test('takes two other venues that trade the same asset', async () => {
    const silent = candles('a', [
      [0, 79],
      [90, 200],
    ])
    const [one, another, two] = await outagesAfter(
      [silent, whole('b')],
      [whole('c', 'ETH-USD')],
      [whole('c', 'BTC-EUR')],
    )
    expect([one, another]).toEqual([[], []])
    expect(two).toEqual([DOWN])
  })

  test('is none where the others were as quiet', async () => {
    const quiet = candles('c', [
      [0, 79],
      [85, 200],
    ])
    const [found] = await outagesAfter([
      candles('a', [
        [0, 79],
        [90, 200],
      ]),
      whole('b'),
      quiet,
    ])
    expect(found).toEqual([])
  })

  test('takes a venue that traded steadily before, or after where we began with it', async () => {
    const slow: [number, number][] = Array.from({ length: 40 }, (_, at) => [at * 2, at * 2])
    const seldom = candles('a', [...slow, [90, 200]])
    expect(await outagesAfter([seldom, ...OTHERS])).toEqual([[]])
    const begun = candles('a', [
      [0, 0],
      [12, 200],
    ])
    expect(await outagesAfter([begun, ...OTHERS])).toEqual([[{ venue: 'a', from: 1, to: 12 }]])
  })

  test('is none while it lasts, for our part may be what is silent', async () => {
    const ended = candles('a', [[0, 79]])
    const going = trades('a', [[1, 150]], 'ETH-USD')
    const [before] = await outagesAfter([ended, ...OTHERS])
    expect(before).toEqual([])
    const [, after] = await outagesAfter([ended, ...OTHERS], [going])
    expect(after).toEqual([])
  })

  test('is taken back by late trades, and by ids that turn out to be missing', async () => {
    const silent = candles('a', [
      [0, 79],
      [90, 200],
    ])
    const [found, late] = await outagesAfter([silent, ...OTHERS], [trades('a', [[7, 84]])])
    expect(found).toEqual([DOWN])
    expect(late).toEqual([])
    const numbered = (from: number) =>
      trades('a', [
        [from, 79],
        [from + 1, 79],
      ])
    const [known, contiguous, holed] = await outagesAfter(
      [silent, ...OTHERS, numbered(10)],
      [trades('a', [[12, 90]])],
      [numbered(90)],
    )
    expect([known, contiguous]).toEqual([[DOWN], [DOWN]])
    // Ids 13 to 89 belong between the minutes 90 and 79: times that go back lose nothing.
    expect(holed).toEqual([DOWN])
    const [, missing, healed] = await outagesAfter(
      [silent, ...OTHERS, numbered(10)],
      [trades('a', [[13, 140]])],
      [trades('a', [[12, 139]])],
    )
    expect(missing).toEqual([])
    expect(healed).toEqual([DOWN])
  })

  test('types the minutes of every product of the venue, and of no other', async () => {
    const dataDir = tempFolder()
    await using refinery = await openRefinery(dataDir)
    const both = ['BTC-USD', 'ETH-USD'].map((symbol) =>
      candles(
        'a',
        [
          [0, 79],
          [90, 200],
        ],
        symbol,
      ),
    )
    await writeLog(dataDir, 'import', [...both, ...OTHERS])
    await refinery.settle()
    const rows = await refinery.warehouse.read((db) =>
      db
        .selectFrom('silver_candles_1m as c')
        .innerJoin('instruments as i', 'i.instrument_id', 'c.instrument_id')
        .select(({ fn }) => ['i.venue', 'i.symbol', fn.countAll<number>().as('minutes')])
        .where('c.status', '=', 'venue_down')
        .groupBy(['i.venue', 'i.symbol'])
        .execute(),
    )
    expect(rows).toEqual([
      { venue: 'a', symbol: 'BTC-USD', minutes: 10 },
      { venue: 'a', symbol: 'ETH-USD', minutes: 10 },
    ])
  })
})
