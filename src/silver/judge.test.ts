import { describe, expect, test } from 'vitest'
import type { InstrumentRow, MinuteRow, OutageRow, ScopeRow } from '../warehouse/index.ts'
import { Coverage } from './coverage.ts'
import { judgeMinutes } from './judge.ts'
import { emptyMinute } from './minute-row.ts'
import type { InstrumentState } from './state.ts'

const M = 60_000_000
const ALL = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER }

type Run = readonly [firstId: number, lastId: number, firstTimeUs: number, lastTimeUs: number]

/** An instrument of which runs of ids are held, within scopes given in minutes. */
function instrumentOf(held: {
  readonly runs?: readonly Run[]
  readonly live?: readonly [number, number]
  readonly imported?: readonly [number, number]
  readonly witnesses?: Readonly<Record<number, number>>
}): InstrumentState {
  const scope = (cause: ScopeRow['cause'], [from, to]: readonly [number, number]): ScopeRow => ({
    instrument_id: 1,
    tape_id: 0,
    cause,
    evidence: cause,
    from_us: from * M,
    to_us: to * M,
    subscribed_us: null,
    unsubscribed_us: null,
  })
  const instrument: InstrumentState = {
    row: { instrument_id: 1, venue: 'v', symbol: 's' } as InstrumentRow,
    tapes: new Map(),
    scopes: [
      ...(held.live === undefined ? [] : [scope('live', held.live)]),
      ...(held.imported === undefined ? [] : [scope('import', held.imported)]),
    ],
    witnesses: new Map(Object.entries(held.witnesses ?? {}).map(([id, us]) => [Number(id), us])),
    hasVenueCandles: false,
    dirtyFromUs: 0,
    dirtyToUs: 0,
  }
  const intervals = (held.runs ?? []).map(([firstId, lastId, firstTimeUs, lastTimeUs]) => {
    return { firstId, lastId, firstTimeUs, lastTimeUs }
  })
  const coverage = new Coverage(intervals)
  instrument.tapes.set(0, { instrument, tapeId: 0, hash: '', coverage, rivals: [], expiredId: 0 })
  return instrument
}

function traded(minute: number, over: Partial<MinuteRow> = {}): MinuteRow {
  return { ...emptyMinute(1, minute * M), trade_count: 2, ...over }
}

/** Judges the rows given and tells each minute as `status`, with `!` where it is complete. */
function judge(
  instrument: InstrumentState,
  rows: readonly MinuteRow[] = [],
  grounds: { outages?: readonly OutageRow[]; witnessed?: ReadonlyMap<number, number> } = {},
): Record<number, string> {
  const judged = new Map(rows.map((row) => [row.open_time_us, row]))
  const { outages = [], witnessed = new Map() } = grounds
  judgeMinutes(judged, { instrument, outages, witnessed, expiredBeforeUs: 0 }, ALL)
  const told = [...judged].map(([us, row]) => [us / M, row.status + '!'.repeat(row.complete)])
  return Object.fromEntries(told)
}

describe('judging minutes', () => {
  test('gives each ended minute of a live scope a row, and leaves the running one alone', () => {
    expect(judge(instrumentOf({ live: [3, 6] }))).toEqual({ 3: 'unknown', 4: 'unknown' })
    expect(judge(instrumentOf({ imported: [3, 5] }))).toEqual({ 3: 'unknown', 4: 'unknown' })
  })

  test('proves by one unbroken run that reaches over a whole minute', () => {
    const runs: Run[] = [[5, 9, 3.5 * M, 6.5 * M]]
    const rows = [3, 4, 6].map((minute) => traded(minute))
    const judged = judge(instrumentOf({ runs, live: [3, 8] }), rows)
    // The minutes of its first and last trades may hold others beyond them.
    expect(judged).toEqual({ 3: 'traded', 4: 'traded!', 5: 'no_trades!', 6: 'traded' })
  })

  test('proves nothing across a space between two runs', () => {
    const runs: Run[] = [
      [5, 6, 3.5 * M, 4.5 * M],
      [8, 9, 5.5 * M, 6.5 * M],
    ]
    const judged = judge(instrumentOf({ runs, live: [3, 8] }), [traded(4)])
    expect(judged).toMatchObject({ 4: 'traded', 5: 'unknown', 6: 'unknown' })
  })

  test('carries the proof on to a witness of the run’s last id, and of no other', () => {
    const runs: Run[] = [[5, 9, 3.5 * M, 4.5 * M]]
    const at = (id: number) => instrumentOf({ runs, live: [4, 8], witnesses: { [id]: 6 * M } })
    expect(judge(at(9))).toEqual({ 4: 'no_trades!', 5: 'no_trades!', 6: 'unknown' })
    expect(judge(at(8))).toEqual({ 4: 'unknown', 5: 'unknown', 6: 'unknown' })
    expect(judge(at(10))).toEqual({ 4: 'unknown', 5: 'unknown', 6: 'unknown' })
  })

  test('knows that nothing was traded before the first id of all', () => {
    const runs: Run[] = [[1, 9, 5.5 * M, 6.5 * M]]
    const judged = judge(instrumentOf({ runs, live: [3, 7] }), [traded(5)])
    expect(judged).toEqual({ 3: 'no_trades!', 4: 'no_trades!', 5: 'traded!' })
  })

  test('is not misled by a run of nothing but ids that never existed', () => {
    for (const [firstId, lastId] of [
      [1, 3],
      [4, 4],
    ] as const) {
      const runs: Run[] = [
        [firstId, lastId, Number.NaN, Number.NaN],
        [6, 9, 3.5 * M, 6.5 * M],
      ]
      const judged = judge(instrumentOf({ runs, live: [3, 7] }))
      expect(judged).toEqual({ 3: 'unknown', 4: 'no_trades!', 5: 'no_trades!' })
    }
  })

  test('takes the venue’s count as proof, of no trade too', () => {
    const witnessed = new Map([
      [3 * M, 2],
      [4 * M, 3],
      [5 * M, 0],
    ])
    const instrument = instrumentOf({ imported: [3, 6] })
    const judged = judge(instrument, [traded(3), traded(4)], { witnessed })
    expect(judged).toEqual({ 3: 'traded!', 4: 'traded', 5: 'no_trades!' })
  })

  test('never calls a minute of a file without ids complete', () => {
    const runs: Run[] = [[5, 9, 3.5 * M, 6.5 * M]]
    const witnessed = new Map([[4 * M, 2]])
    const rows = [traded(4, { tape_id: 1, other_count: 2 })]
    const instrument = instrumentOf({ runs, live: [4, 6] })
    expect(judge(instrument, rows, { witnessed })).toEqual({ 4: 'traded' })
  })

  test('says venue_down only of whole minutes without trades inside an outage', () => {
    const outages = [
      { venue: 'v', from_us: 3.5 * M, to_us: 6 * M, ground: 'refused' as const },
      { venue: 'other', from_us: 0, to_us: 99 * M, ground: 'refused' as const },
    ]
    const judged = judge(instrumentOf({ live: [3, 8] }), [traded(5)], { outages })
    const quiet = { 3: 'unknown', 4: 'venue_down', 6: 'unknown' }
    expect(judged).toEqual({ ...quiet, 5: 'traded' })
  })

  test('says repaired of live minutes only, where a standing trade is not from the socket', () => {
    const rows = (other_count: number) => new Map([[4 * M, traded(4, { other_count })]])
    const repaired = (
      held: Parameters<typeof instrumentOf>[0],
      minutes: Map<number, MinuteRow>,
    ) => {
      judgeMinutes(
        minutes,
        { instrument: instrumentOf(held), outages: [], witnessed: new Map(), expiredBeforeUs: 0 },
        ALL,
      )
      return minutes.get(4 * M)?.repaired
    }
    expect(repaired({ live: [4, 6] }, rows(1))).toBe(1)
    expect(repaired({ live: [4, 6] }, rows(0))).toBe(0)
    expect(repaired({ imported: [4, 6] }, rows(1))).toBe(0)
  })

  test('keeps traded minutes of no scope unshown, and no row at all for quiet ones', () => {
    const rows = new Map([traded(4), emptyMinute(1, 9 * M)].map((row) => [row.open_time_us, row]))
    const instrument = instrumentOf({})
    judgeMinutes(rows, { instrument, outages: [], witnessed: new Map(), expiredBeforeUs: 0 }, ALL)
    expect([...rows.keys()]).toEqual([4 * M])
    expect(rows.get(4 * M)).toMatchObject({ source: 'unscoped', status: 'traded' })
  })

  test('leaves minutes outside the asked span as they are', () => {
    const rows = new Map([[2 * M, traded(2)]])
    const instrument = instrumentOf({ live: [1, 9] })
    const span = { fromUs: 3 * M + 1, toUs: 5 * M }
    judgeMinutes(rows, { instrument, outages: [], witnessed: new Map(), expiredBeforeUs: 0 }, span)
    expect([...rows.keys()].map((us) => us / M)).toEqual([2, 3, 4])
    expect(rows.get(2 * M)?.source).toBe('unscoped')
  })
})
