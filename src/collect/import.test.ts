import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { crc32, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forEachRecord, openJournal, openLogReader } from '../bronze/index.ts'
import { createManualClock } from '../core/clock.ts'
import { isAssayError } from '../core/errors.ts'
import { canonicalDecimal } from '../market/decimal.ts'
import type { EventSink, Rejection, VenueCandle } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import { decodeTape } from '../venues/tape/index.ts'
import type { ImportOptions } from './import.ts'
import { importFile } from './import.ts'
import { IMPORT_PRESETS } from './import-presets.ts'

const DATA = resolve(import.meta.dirname, '../../../shared/data')
const here = existsSync(DATA)
const TARDIS = {
  trade_id: 'id',
  time: 'timestamp:us',
  price: 'price',
  size: 'amount',
  side: 'side',
}
const KLINE = {
  open_time: 'open_time',
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
  volume: 'volume',
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-import-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Imported {
  records: RawRecord[]
  trades: { tape: string; id: number; time: number; price: string; size: string; side: number }[]
  candles: VenueCandle[]
  rejections: Rejection[]
  result: Awaited<ReturnType<typeof importFile>>
}

async function run(path: string, over: Partial<ImportOptions> = {}): Promise<Imported> {
  const dataDir = mkdtempSync(join(folder, 'data-'))
  const clock = createManualClock(1_790_000_000_000_000)
  await using journal = await openJournal({ dataDir, name: 'import', clock, commitWindowMs: 0 })
  const result = await importFile({
    path,
    venue: 'any',
    symbol: 'BTC-USD',
    kind: 'trades',
    columns: TARDIS,
    version: '1.0.0',
    journal,
    clock,
    ...over,
  })
  const records: RawRecord[] = []
  const found: Imported = { records, trades: [], candles: [], rejections: [], result }
  const decoder = new TextDecoder()
  const sink: EventSink = {
    trade: ({ tape, tradeId, eventTimeUs, bytes, side, ...at }) =>
      found.trades.push({
        tape,
        id: tradeId,
        time: eventTimeUs,
        side,
        price: canonicalDecimal(decoder.decode(bytes.subarray(at.priceStart, at.priceEnd)))!,
        size: canonicalDecimal(decoder.decode(bytes.subarray(at.sizeStart, at.sizeEnd)))!,
      }),
    candle: (candle) => found.candles.push(candle),
    witness: () => {},
    snapshot: () => {},
    listing: () => {},
    reject: (rejection) => found.rejections.push(rejection),
  }
  using reader = openLogReader({ dataDir, name: 'import' })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, (record) => {
      const bytes = Buffer.from(record.bytes.subarray(record.start, record.end))
      records.push({ ...record, bytes, start: 0, end: bytes.length })
      if (record.origin === 'import') decodeTape(record, sink)
    })
  }
  return found
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function failure(path: string, over: Partial<ImportOptions> = {}): Promise<string> {
  const error: unknown = await run(path, over).catch((caught: unknown) => caught)
  return isAssayError(error) ? `${error.code}: ${error.message}` : `not an AssayError: ${error}`
}

const HEADER = 'id,timestamp,price,amount,side'
const LINES = '1,1582329602111000,9682,0.132,buy\n2,1582329602116000,9682,0.412,sell'

test('writes blocks that hold all it takes to decode them, between start and stop', async () => {
  const text = `${HEADER}\n${LINES}`
  const path = write('tape.csv', text)
  const progress: number[] = []
  const { records, trades, result } = await run(path, {
    onProgress: (at) => progress.push(at.lines),
  })
  const sha256 = createHash('sha256').update(text).digest('hex')
  const counts = { lines: 2, blocks: 1, firstPos: 0, endPos: 3, complete: true, verified: false }
  expect(result).toEqual({ ...counts, sha256 })
  expect(progress).toEqual([2])
  expect(records[1]).toMatchObject({
    dialect: 'any/csv',
    channel: 'trades',
    symbol: 'BTC-USD',
    origin: 'import',
    frame: 0,
    request: {
      url: 'tape.csv',
      file: sha256,
      firstLine: 1,
      columns: TARDIS,
      header: HEADER.split(','),
    },
  })
  expect(Buffer.from(records[1]!.bytes).toString()).toBe(LINES)
  expect([0, 2].map((pos) => JSON.parse(Buffer.from(records[pos]!.bytes).toString()))).toEqual([
    { event: 'start', command: 'import', version: '1.0.0' },
    { event: 'stop', reason: 'end of file' },
  ])
  expect(trades.map(({ id, side }) => [id, side])).toEqual([
    [1, 0],
    [2, 1],
  ])
  const again = await run(path)
  expect(again.records[1]?.conn).not.toBe(records[1]?.conn)
  expect(again.trades).toEqual(trades)
})

test('unpacks gzip and zstd of many members and frames', async () => {
  const parts = [
    `${HEADER}\n`,
    '1,1582329602111000,9682,0.132,',
    `buy\n${'2,1582329602116000,1,1,sell\n'.repeat(20_000)}`,
  ]
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
  const files = [
    write('many.csv.gz', Buffer.concat(parts.map((part) => gzipSync(part)))),
    write(
      'many.csv.zst',
      Buffer.concat([skippable, ...parts.map((part) => zstdCompressSync(part))]),
    ),
  ]
  for (const path of files) expect((await run(path)).result.lines).toBe(20_001)
})

test('passes over a byte order mark, and takes names or places for want of a header', async () => {
  const bom = write('bom.csv', `\ufeff"${HEADER.replaceAll(',', '","')}"\r\n${LINES}\r\n`)
  expect((await run(bom)).trades.map(({ id }) => id)).toEqual([1, 2])
  const bare = write('bare.csv', `\ufeff${LINES}`)
  const named = await run(bare, { columnNames: HEADER.split(',') })
  expect(named.trades.map(({ id }) => id)).toEqual([1, 2])
  const places = { time: 'c1', price: 'c2', size: 'c3' }
  expect((await run(bare, { columns: places })).trades.map(({ id }) => id)).toEqual([1, 2])
  const titled = write('titled.csv', `${HEADER}\n${LINES}`)
  expect((await run(titled, { columns: places, header: true })).result.lines).toBe(2)
})

test('names what is wrong with a file or its columns', async () => {
  const good = write('good.csv', `${HEADER}\n${LINES}`)
  const columns = { ...TARDIS, size: 'qty' }
  expect(await failure(good, { columns })).toBe(
    'ASSAY_IMPORT_COLUMNS: good.csv: there is no column "qty"; the file has ' +
      'id, timestamp, price, amount, side.',
  )
  expect(await failure(write('a.jsonl', '{"id":1,"timestamp":2,"price":3}'))).toMatch(
    /ASSAY_IMPORT_COLUMNS: a.jsonl: there is no key "amount"; the first line has id, time/,
  )
  expect(await failure(good, { symbol: null })).toMatch('ASSAY_USAGE')
  expect(await failure(write('b.csv', '1,2,3'), { columnNames: ['a', 'b'] })).toMatch(
    'ASSAY_IMPORT_COLUMNS: b.csv has 3 columns, and 2 names are given.',
  )
  expect(await failure(join(folder, 'none.csv'))).toBe(
    'ASSAY_FILE_UNREADABLE: none.csv is not there.',
  )
  expect(await failure(folder)).toMatch(/ASSAY_FILE_UNREADABLE: .* is not a file/)
  expect(await failure(write('empty.csv', ''))).toMatch(
    'ASSAY_FILE_UNREADABLE: empty.csv is empty.',
  )
  expect(await failure(write('blank.csv', '\n\n'))).toMatch('blank.csv holds no line')
  expect(await failure(write('x.csv', Buffer.from(LINES, 'utf16le')))).toMatch(
    'binary data or UTF-16',
  )
  expect(await failure(write('x.zip', 'PK\u0003\u0004xx'))).toMatch('x.zip cannot be read')
  expect(await failure(write('x.bz2', 'BZh9'))).toMatch('is packed as bzip2')
  const torn = gzipSync(`${HEADER}\n${LINES}`).subarray(0, 60)
  expect(await failure(write('torn.csv.gz', torn))).toMatch(
    'ASSAY_FILE_UNREADABLE: torn.csv.gz cannot be read',
  )
  const cutZstd = zstdCompressSync(`${HEADER}\n${LINES}`).subarray(0, -5)
  expect(await failure(write('torn.zst', cutZstd))).toMatch(
    'ASSAY_FILE_UNREADABLE: torn.zst cannot be read',
  )
})

test('reads a file out of a zip archive, the same tape as the file by itself', async () => {
  const text = `${HEADER}\n${LINES}`
  const alone = await run(write('alone.csv', text))
  const zipped = await run(write('one.zip', zipOf({ 'dir/alone.csv': text })))
  expect(zipped.trades).toEqual(alone.trades)
  expect(zipped.result.sha256).toBe(alone.result.sha256)
  expect(zipped.records[1]?.request?.url).toBe('one.zip!dir/alone.csv')
  const two = write('two.zip', zipOf({ 'a.csv': text, 'b.csv': `${HEADER}\n` }))
  expect((await run(two, { entry: 'a.csv' })).trades).toEqual(alone.trades)
  expect(await failure(two)).toBe(
    'ASSAY_USAGE: the archive holds several files; say which with --entry: a.csv, b.csv',
  )
  expect(await failure(two, { entry: 'c.csv' })).toMatch('the archive has no c.csv: a.csv, b.csv')
  const rotten = zipOf({ 'a.csv': text })
  rotten[60] = (rotten[60] as number) ^ 1
  expect(await failure(write('rotten.zip', rotten))).toMatch('ASSAY_FILE_UNREADABLE')
})

test('holds a file to the checksum published for it, before anything is read in', async () => {
  const path = write('sum.csv', `${HEADER}\n${LINES}`)
  expect((await run(path)).result.verified).toBe(false)
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
  expect((await run(path, { checksum: hash })).result.verified).toBe(true)
  write('sum.csv.CHECKSUM', `${hash}  sum.csv\n`)
  expect((await run(path)).result.verified).toBe(true)
  const wrong = '0'.repeat(64)
  expect(await failure(path, { checksum: wrong })).toMatch('ASSAY_CHECKSUM_MISMATCH: sum.csv')
  const list = write('all.txt', `${wrong}  other.csv\n${hash} *sum.csv\n`)
  expect((await run(path, { checksum: list })).result.verified).toBe(true)
  expect(await failure(path, { checksum: join(folder, 'none.txt') })).toMatch('cannot be read')
  expect(await failure(path, { checksum: write('empty.txt', 'x') })).toMatch('holds no SHA-256')
})

test('stops between blocks when told to, and says so', async () => {
  const stop = new AbortController()
  const path = write('long.csv', `${HEADER}\n${'2,1582329602116000,1,1,sell\n'.repeat(5000)}`)
  const { result, records } = await run(path, {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  })
  expect(result).toMatchObject({ lines: 1000, blocks: 1, complete: false })
  expect(Buffer.from(records.at(-1)!.bytes).toString()).toMatch('interrupted')
})

describe.skipIf(!here)('real files (skipped where ../shared/data is absent)', () => {
  test('reads the gold tape whole, with its own contiguous ids', async () => {
    const path = join(DATA, 'gold/binancefut_trades_BTCUSDT_20200222_0000-0124.csv.gz')
    const { trades, rejections, result } = await run(path)
    expect(result.sha256.slice(0, 16)).toBe('d2f0709b5da516d9')
    expect([result.lines, trades.length, rejections.length]).toEqual([6844, 6844, 0])
    expect(trades.every(({ id, tape }, index) => id === 42_377_944 + index && tape === '')).toBe(
      true,
    )
    expect(trades[0]).toMatchObject({ time: 1_582_329_602_111_000, price: '9682', size: '0.132' })
  })

  test('reads the gold klines as closed candles', async () => {
    const path = join(DATA, 'gold/binancefut_klines1m_BTCUSDT_20200222_0000-0124.csv')
    const more = { close_time: 'close_time', notional: 'quote_volume', trade_count: 'count' }
    const columns = { ...KLINE, ...more, taker_buy_volume: 'taker_buy_volume' }
    const { candles, rejections } = await run(path, { kind: 'klines', columns })
    expect([candles.length, rejections.length]).toEqual([84, 0])
    expect(candles[0]).toMatchObject({
      openTimeUs: 1_582_329_600_000_000,
      open: '9681.39',
      volume: '35.785',
      notional: '346505.2251',
      tradeCount: 91,
      takerBuyVolume: '23.889',
      closed: true,
    })
  })

  test('reads the Coinbase hour, exponents and all, numbered by its lines', async () => {
    const path = join(DATA, 'trades/coinbase_BTC-USD_20230905_1600-1700.csv')
    const columns = { time: 'timestamp', price: 'price', size: 'amount', side: 'side' }
    const { trades, rejections, result } = await run(path, { columns })
    expect([trades.length, rejections.length]).toEqual([5882, 0])
    expect(trades[2]).toEqual({
      tape: result.sha256,
      id: 3,
      time: 1_693_929_602_722_748,
      price: '25741.03',
      size: '0.00003844',
      side: 0,
    })
    expect(trades.at(-1)?.id).toBe(5882)
    expect(trades.every(({ side, size }) => side < 2 && size !== null)).toBe(true)
  })

  test('keeps every line of a Kraken tape without header, equal ones too', async () => {
    const columns = { time: 'c0', price: 'c1', size: 'c2' }
    const path = join(DATA, 'trades/kraken_BCHEUR_timeandsales_2023q2_incremental.csv')
    const { trades, rejections } = await run(path, { columns })
    expect([trades.length, rejections.length]).toEqual([486, 0])
    const distinct = new Set(trades.map(({ time, price, size }) => `${time} ${price} ${size}`))
    expect(distinct.size).toBe(438)
    expect(trades[0]).toMatchObject({ id: 1, time: 1_672_620_536_000_000, price: '90.07', side: 2 })
  })

  test('reads bars whose times count from a day given beside them', async () => {
    const columns = {
      open_time: 'c0:ms',
      open: 'c1',
      high: 'c2',
      low: 'c3',
      close: 'c4',
      volume: 'c5',
    }
    const seconds = await run(join(DATA, 'candles/lean_coinbase_second_BTCUSD_20161007.csv.gz'), {
      kind: 'klines',
      columns,
      date: '2016-10-07',
      interval: '1s',
    })
    expect([seconds.candles.length, seconds.rejections.length]).toEqual([4063, 0])
    expect(seconds.candles[0]).toMatchObject({
      openTimeUs: 1_475_798_404_000_000,
      intervalUs: 1_000_000,
      open: '611.78',
    })
    const minutes = await run(join(DATA, 'candles/lean_coinbase_minute_BTCUSD_20161007.csv.gz'), {
      kind: 'klines',
      columns,
      date: '2016-10-07',
    })
    expect(minutes.candles.length).toBe(1419)
    const opened = new Set(
      seconds.candles.map(({ openTimeUs }) => openTimeUs - (openTimeUs % 60_000_000)),
    )
    expect(minutes.candles.filter(({ openTimeUs }) => !opened.has(openTimeUs))).toEqual([])
  })

  test('reads Binance candle files by their preset, with and without a line of names', async () => {
    const preset = IMPORT_PRESETS['binance-klines']!
    const bare = await run(join(DATA, 'candles/binance_klines1m_ADABTC_20211127.csv.gz'), preset)
    expect([bare.candles.length, bare.rejections.length]).toEqual([1440, 0])
    const path = join(DATA, 'gold/binancefut_klines1m_BTCUSDT_20200222_0000-0124.csv')
    const titled = await run(path, preset)
    expect([titled.candles.length, titled.rejections.length]).toEqual([84, 0])
  })

  test('reads raw aggregate trades, with the trades they stand for', async () => {
    const path = join(DATA, 'trades/binance_aggtrades_XRPETH_20191011-13_raw.jsonl.gz')
    const ids = { trade_id: 'a', first_id: 'f', last_id: 'l' }
    const columns = { ...ids, time: 'T', price: 'p', size: 'q', side: 'm:maker' }
    const { trades, rejections } = await run(path, { columns })
    expect([trades.length, rejections.length]).toEqual([12_477, 0])
    const first = JSON.parse(gunzipSync(readFileSync(path)).toString().split('\n')[0]!)
    expect(trades[0]).toMatchObject({ id: first.f, time: first.T * 1000, side: first.m ? 1 : 0 })
  })
})

/** Writes a zip archive of files that are stored as they are. */
function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(content.length, 14)
    fields.writeUInt32LE(content.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    directory.push(
      Buffer.from('PK\u0001\u0002\u0014\0', 'latin1'),
      fields,
      place,
      Buffer.from(name),
    )
    const body = [Buffer.from('PK\u0003\u0004', 'latin1'), fields, Buffer.from(name), content]
    bodies.push(...body)
    offset += body.reduce((sum, part) => sum + part.length, 0)
  }
  const count = Object.keys(files).length
  const index = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 'latin1')
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(index.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...bodies, index, end])
}
