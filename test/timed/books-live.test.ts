import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Simulator, VenueId } from '../../sim/index.ts'
import { startSimulator } from '../../sim/index.ts'
import { forEachRecord, openLogReader } from '../../src/bronze/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { AssayError } from '../../src/core/errors.ts'
import type { BookSecondRow, Warehouse } from '../../src/warehouse/index.ts'
import { openWarehouse } from '../../src/warehouse/index.ts'
import { runJson, startCli, tempFolder, waitFor } from '../integration/cli-support.ts'

const SECOND_US = 1_000_000
const PRODUCTS = {
  coinbase: ['BTC-USD', 'ETH-USD'],
  'binance-us': ['BTCUSD', 'ETHUSD'],
  kraken: ['BTC/USD', 'ETH/USD'],
} as const
const VENUES = Object.keys(PRODUCTS) as (keyof typeof PRODUCTS)[]
const BOOKS = VENUES.flatMap((venue) => PRODUCTS[venue].map((symbol) => `${venue} ${symbol}`))
const BOOK_CHANNELS = new Set(['level2_batch', 'depth@100ms', 'book'])
/** From the harm to the first second that is right again, on a machine that does much else. */
const RESYNC_MS_MAX = 10_000
/** Coinbase's has neither ids nor a checksum: it shows when prices cross what is stale. */
const FOUND_MS_MAX = 60_000
/** After a connection began or a chain broke, so long a book may be without rows. */
const BEGINNING_US = 5 * SECOND_US
const WARM_SECONDS = 6
const CALM_MS = 3000
/** After the last trade books come to rest, and what was told of them is read. */
const REST_MS = 2500

/** What a data folder holds of books. */
type Kept = Awaited<ReturnType<typeof readKept>>

async function readKept(warehouse: Warehouse) {
  return await warehouse.read(async (db) => {
    const instruments = await db
      .selectFrom('instruments')
      .select(['instrument_id', 'venue', 'symbol'])
      .execute()
    const names = new Map(
      instruments.map((row) => [row.instrument_id, `${row.venue} ${row.symbol}`] as const),
    )
    const nameOf = (row: { readonly instrument_id: number }): string =>
      names.get(row.instrument_id) ?? ''
    const rows = await db.selectFrom('silver_book_seconds').selectAll().execute()
    const breaks = await db.selectFrom('silver_book_breaks').selectAll().execute()
    const incidents = await db.selectFrom('ops_incidents').selectAll().execute()
    return {
      seconds: Map.groupBy(
        rows.toSorted((a, b) => a.second_us - b.second_us),
        nameOf,
      ),
      breaks: breaks.map((row) => ({ ...row, book: nameOf(row) })),
      incidents,
    }
  })
}

/** What flowed of each book, as the raw log has it: seconds with frames, and connections begun. */
function readFlow(data: string) {
  const seconds = new Map<string, Set<number>>()
  const begunUs = new Map<string, Map<string, number>>()
  const rest: { readonly symbol: string | null; readonly timeUs: number }[] = []
  using reader = openLogReader({ dataDir: data, name: 'collect' })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, ({ dialect, origin, channel, symbol, receivedTimeUs: timeUs, conn }) => {
      if (!BOOK_CHANNELS.has(channel)) return
      if (origin === 'rest') rest.push({ symbol, timeUs })
      if (origin !== 'ws' || symbol === null) return
      const book: string = `${dialect.split('/')[0]} ${symbol}`
      const flowed = seconds.get(book) ?? new Set<number>()
      seconds.set(book, flowed.add(timeUs - (timeUs % SECOND_US)))
      const begun = begunUs.get(book) ?? new Map<string, number>()
      begunUs.set(book, begun)
      if (!begun.has(conn)) begun.set(conn, timeUs)
    })
  }
  return { seconds, begunUs, rest }
}

/** Seconds in which a book flowed, long after it began or broke, and of which there is no row. */
function missingSeconds(book: string, kept: Kept, flow: ReturnType<typeof readFlow>) {
  const held = new Set(kept.seconds.get(book)?.map((row) => row.second_us))
  const begun = [
    ...(flow.begunUs.get(book)?.values() ?? []),
    ...kept.breaks.filter((row) => row.book === book).map(lostUs),
  ]
  return [...(flow.seconds.get(book) ?? [])].filter(
    (second) =>
      !held.has(second) &&
      !begun.some((us) => second + SECOND_US > us && second < us + BEGINNING_US),
  )
}

/** From when a book that broke was not told of: one that stays crossed breaks after a second. */
function lostUs({ cause, time_us }: Kept['breaks'][number]): number {
  return cause === 'crossed' ? time_us - 2 * SECOND_US : time_us
}

function isCrossed({ bid, ask }: BookSecondRow): boolean {
  return bid === null || ask === null || Number(bid) >= Number(ask)
}

/** Waits until a book has a second that lies wholly after `fromUs`. */
async function untilSecondAfter(warehouse: Warehouse, book: string, fromUs: number) {
  await waitFor(
    async () => ((await readKept(warehouse)).seconds.get(book)?.at(-1)?.second_us ?? 0) > fromUs,
    { what: `${book} to be whole again`, ms: RESYNC_MS_MAX },
  )
}

async function untilReconnected(sim: Simulator, venue: VenueId): Promise<number> {
  const before = sim.stats.venues[venue]?.upgrades ?? 0
  const isBack = () => (sim.stats.venues[venue]?.upgrades ?? 0) > before
  await waitFor(isBack, { what: `${venue} to be connected anew`, ms: 20_000 })
  return systemClock.nowUs()
}

/** Spoils what is told of a book, and waits until that was found and the book is whole again. */
async function spoil(
  sim: Simulator,
  warehouse: Warehouse,
  at: { readonly venue: VenueId; readonly symbol: string; readonly count: number },
): Promise<void> {
  const { venue, symbol: product, count } = at
  const book = `${venue} ${product}`
  const { time_us: fromUs } = sim.inject({ kind: 'book_corrupt', venue, product, count })
  let foundUs = 0
  await waitFor(
    async () => {
      const { breaks } = await readKept(warehouse)
      foundUs = breaks.find((row) => row.book === book)?.time_us ?? 0
      return foundUs > 0
    },
    { what: `the break of ${book} to be found`, ms: FOUND_MS_MAX },
  )
  // What has neither ids nor a checksum shows only in time.
  if (venue !== 'coinbase') expect(foundUs - fromUs).toBeLessThan(2 * SECOND_US)
  await untilSecondAfter(warehouse, book, foundUs)
  await waitFor(
    async () => {
      const { incidents } = await readKept(warehouse)
      return incidents.some((one) => one.cause === 'book_broken' && isOver(one, at))
    },
    { what: `the incident of ${book} to be over`, ms: RESYNC_MS_MAX },
  )
}

function isOver(
  { venue, symbol, to_us }: Kept['incidents'][number],
  of: { readonly venue: string; readonly symbol: string },
): boolean {
  return venue === of.venue && symbol === of.symbol && to_us !== null
}

/** Does each harm in turn and waits until the books of its venue are whole again. */
async function harm(sim: Simulator, warehouse: Warehouse): Promise<void> {
  await spoil(sim, warehouse, { venue: 'kraken', symbol: 'BTC/USD', count: 1 })
  await spoil(sim, warehouse, { venue: 'binance-us', symbol: 'ETHUSD', count: 1 })
  await spoil(sim, warehouse, { venue: 'coinbase', symbol: 'BTC-USD', count: 40 })

  sim.inject({ kind: 'disconnect', venue: 'binance-us' })
  const backUs = await untilReconnected(sim, 'binance-us')
  for (const symbol of PRODUCTS['binance-us']) {
    await untilSecondAfter(warehouse, `binance-us ${symbol}`, backUs)
  }

  sim.inject({ kind: 'stall', venue: 'coinbase', seconds: 15 })
  const heardUs = await untilReconnected(sim, 'coinbase')
  for (const symbol of PRODUCTS.coinbase) {
    await untilSecondAfter(warehouse, `coinbase ${symbol}`, heardUs)
  }
}

test('books of three venues are kept second by second, and mended where they break', async () => {
  using folder = tempFolder()
  await using sim = await startSimulator({
    venues: VENUES,
    products: PRODUCTS,
    tradesPerSecond: 40,
    historyMinutes: 2,
  })
  const run = ['run', '--sim', sim.restUrl, '--venues', ...VENUES]
  const words = ['--products', 'BTC-USD', 'ETH-USD', '--books', '--data', folder.path, '--json']
  await using running = startCli(...run, ...words)
  await waitFor(() => sim.stats.connections === VENUES.length, { what: 'connections', ms: 30_000 })
  await waitFor(() => hasSeconds(folder.path), { what: 'seconds of books', ms: 30_000 })
  await using warehouse = await openReader(folder.path)
  await harm(sim, warehouse)
  await systemClock.sleep(CALM_MS)
  sim.setTrading(false)
  await systemClock.sleep(REST_MS)
  const truth = BOOKS.map((book) => [book, topOf(sim, book)])
  running.child.kill('SIGINT')
  const ended = await running.ended
  expect(ended.status, ended.stderr).toBe(0)

  const kept = await readKept(warehouse)
  const flow = readFlow(folder.path)
  expect([...flow.seconds.keys()].toSorted()).toEqual(BOOKS.toSorted())
  expect([...kept.seconds.values()].flat().filter(isCrossed)).toEqual([])
  expect(BOOKS.map((book) => [book, missingSeconds(book, kept, flow)])).toEqual(
    BOOKS.map((book) => [book, []]),
  )
  expect(BOOKS.map((book) => [book, pick(kept.seconds.get(book)!.at(-1)!)])).toEqual(truth)

  expect(kept.breaks.map(({ book, cause }) => `${book} ${cause}`).toSorted()).toEqual([
    'binance-us ETHUSD sequence',
    'coinbase BTC-USD crossed',
    'kraken BTC/USD checksum',
  ])
  const broken = kept.incidents.filter(({ cause }) => cause === 'book_broken')
  expect(broken.map((one) => `${one.venue} ${one.channel} ${one.symbol}`).toSorted()).toEqual([
    'binance-us depth@100ms ETHUSD',
    'coinbase level2_batch BTC-USD',
    'kraken book BTC/USD',
  ])
  for (const { from_us, to_us } of broken) {
    expect(to_us! - from_us).toBeLessThan(RESYNC_MS_MAX * 1000)
  }
  // One subscription driven anew, and nothing else: Kraken was never connected again.
  expect(sim.stats.venues.kraken?.upgrades).toBe(1)
  expect(snapshotsOf(folder.path, 'BTC/USD')).toBe(2)
  expect(snapshotsOf(folder.path, 'ETH/USD')).toBe(1)
  expect(snapshotsOf(folder.path, 'BTC-USD')).toBe(3)
  expect(snapshotsOf(folder.path, 'ETH-USD')).toBe(2)
  // There one snapshot over REST for each connection, and one for the break.
  const asked = (symbol: string) => flow.rest.filter((one) => one.symbol === symbol).length
  expect([asked('BTCUSD'), asked('ETHUSD')]).toEqual([2, 3])
  const again = await runJson('rebuild', '--check', '--data', folder.path, '--json')
  expect(again).toMatchObject({ equal: true })
})

const openReader = (data: string) =>
  openWarehouse({ url: `sqlite:${join(data, 'warehouse')}`, mode: 'read', clock: systemClock })

async function hasSeconds(data: string): Promise<boolean> {
  try {
    await using warehouse = await openReader(data)
    const { seconds } = await readKept(warehouse)
    return BOOKS.every((book) => (seconds.get(book)?.length ?? 0) >= WARM_SECONDS)
  } catch (error) {
    if (!(error instanceof AssayError)) throw error
    // It is not there yet.
    return false
  }
}

function topOf(sim: Simulator, book: string) {
  const [venue = '', symbol = ''] = book.split(' ')
  return sim.bookTop(venue as VenueId, symbol)
}

const pick = ({ bid, bid_size, ask, ask_size }: BookSecondRow) => ({ bid, bid_size, ask, ask_size })

/** Counts the snapshots of a book that came over a socket: one for each subscription. */
function snapshotsOf(data: string, symbol: string): number {
  let count = 0
  using reader = openLogReader({ dataDir: data, name: 'collect' })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, ({ origin, channel, symbol: of, bytes, start, end }) => {
      if (origin !== 'ws' || !BOOK_CHANNELS.has(channel) || of !== symbol) return
      const text = Buffer.from(bytes.subarray(start, end)).toString('latin1')
      if (text.includes('"type":"snapshot"')) count += 1
    })
  }
  return count
}
