import { assert } from '../core/assert.ts'
import { INTERVALS, MINUTE_US } from '../market/bucket.ts'
import { compareDecimalText } from '../market/decimal-text.ts'
import { currencyOf } from '../market/quote.ts'
import type { TopMoverRow } from '../warehouse/index.ts'
import { byText, type NamedInstrument, namedInstruments } from './instruments.ts'
import { coinStandings, type Standing, tradingStanding } from './mover-standings.ts'
import { instrumentsWith, MINUTES } from './ranges.ts'
import { changePctText } from './ratios.ts'
import type { GoldOptions, GoldOutcome, GoldRun, GoldSpan } from './run.ts'
import { replaceRows } from './store.ts'
import { Version } from './version.ts'

const DAY_US = INTERVALS['1d']

/** Places on a board. */
const TOP = 10

/** Instruments whose minutes are read in one transaction: some ten milliseconds. */
const INSTRUMENTS_PER_READ = 2

/** What boards are asked for. */
export interface TopMoversOptions extends GoldOptions {
  /**
   * Places on each board.
   *
   * @default 10
   */
  readonly top?: number
}

/** An instrument with its prices, now and a day before. */
interface Candidate extends Omit<TopMoverRow, 'at_us' | 'board' | 'rank' | 'change_seq'> {
  readonly instrument: NamedInstrument
}

/**
 * Makes the boards of every venue at the end of a span: who gained and lost the most in the 24
 * hours before, and what was traded the most. What is quoted in different currencies is on boards
 * of their own; USDT and USDC count as USD.
 *
 * A function of minutes and snapshots before that time, and of nothing else. Instruments without
 * a price in those hours, or in the 24 before them, are on no board; nor are those whose price
 * before was zero. Who gained stands among gainers only, who lost among losers only. Of `only`,
 * the venue counts: a board of some symbols would be none.
 */
export async function foldTopMovers(
  run: GoldRun,
  { toUs: atUs }: GoldSpan,
  options: TopMoversOptions = {},
): Promise<GoldOutcome> {
  assert(atUs % MINUTE_US === 0, 'boards are of whole minutes')
  const venue = options.only?.venue
  const instruments = await run.read((db) =>
    namedInstruments(db, 'all', venue === undefined ? {} : { only: { venue } }),
  )
  const candidates = await findCandidates(run, instruments, atUs)
  const byCurrency = Map.groupBy(candidates, (one) => `${one.venue} ${one.currency}`)
  const boards = [...byCurrency.keys()]
    .sort(byText)
    .flatMap((name) => boardsOf(byCurrency.get(name) ?? [], options.top ?? TOP))
  const version = new Version()
  await run.write(async (tx) => {
    let query = tx.db.selectFrom('gold_top_movers').selectAll().where('at_us', '=', atUs)
    if (venue !== undefined) query = query.where('venue', '=', venue)
    const stored = await query.execute()
    const wanted = boards.map(({ instrument: _, ...row }) => {
      return { at_us: atUs, ...row, change_seq: tx.changeSeq }
    })
    const keyOf = (row: TopMoverRow) => `${row.venue} ${row.currency} ${row.board} ${row.rank}`
    await replaceRows(tx, { table: 'gold_top_movers', stored, wanted, keyOf })
  })
  for (const row of boards) version.add(lineOf(atUs, row))
  const byVenue = Map.groupBy(candidates, (one) => one.venue)
  for (const [name, some] of byVenue) options.onItem?.(name, some.length)
  return version.outcome()
}

async function findCandidates(
  run: GoldRun,
  instruments: readonly NamedInstrument[],
  atUs: number,
): Promise<Candidate[]> {
  const day = { fromUs: atUs - DAY_US, toUs: atUs }
  const traded = new Set(await run.read((db) => instrumentsWith(db, MINUTES, day)))
  const markets = instruments.filter(({ id, kind }) => kind !== 'coin' && traded.has(id))
  const found: Candidate[] = []
  const offer = (
    instrument: NamedInstrument,
    { quote, ...standing }: Standing & Pick<NamedInstrument, 'quote'>,
  ) => {
    const change = changePctText(standing.price_before, standing.price)
    if (change === null) return
    const { id, venue } = instrument
    const about = { instrument, venue, instrument_id: id, currency: currencyOf(quote) }
    found.push({ ...about, ...standing, change_pct: change })
  }
  for (let at = 0; at < markets.length; at += INSTRUMENTS_PER_READ) {
    run.signal?.throwIfAborted()
    await run.read(async (db) => {
      for (const instrument of markets.slice(at, at + INSTRUMENTS_PER_READ)) {
        const standing = await tradingStanding(db, instrument.id, atUs)
        if (standing !== null) offer(instrument, { ...standing, quote: instrument.quote })
      }
    })
  }
  const coins = await run.read((db) => coinStandings(db, atUs))
  for (const instrument of instruments) {
    const standing = coins.get(instrument.id)
    if (standing !== undefined) offer(instrument, standing)
  }
  return found
}

type Place = Candidate & Pick<TopMoverRow, 'board' | 'rank'>

function boardsOf(candidates: readonly Candidate[], top: number): Place[] {
  const change = (sign: 1 | -1) => (a: Candidate, b: Candidate) =>
    compareDecimalText(b.change_pct, a.change_pct) * sign
  const notional = (a: Candidate, b: Candidate) =>
    compareDecimalText(b.notional ?? '0', a.notional ?? '0')
  const sides = (sign: 1 | -1) =>
    candidates.filter((one) => compareDecimalText(one.change_pct, '0') === sign)
  const boards = [
    { board: 'gainers', from: sides(1), order: change(1) },
    { board: 'losers', from: sides(-1), order: change(-1) },
    { board: 'traded', from: candidates.filter((one) => one.notional !== null), order: notional },
  ] as const
  return boards.flatMap(({ board, from, order }) =>
    from
      .toSorted((a, b) => order(a, b) || byText(a.instrument.symbol, b.instrument.symbol))
      .slice(0, top)
      .map((one, at) => ({ ...one, board, rank: at + 1 })),
  )
}

function lineOf(atUs: number, { instrument, ...row }: Place): (string | number | null)[] {
  return [
    ...[instrument.name, atUs, row.currency, row.board, row.rank, row.price, row.price_before],
    ...[row.change_pct, row.notional, row.complete],
  ]
}
