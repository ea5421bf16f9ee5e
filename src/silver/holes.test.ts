import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import {
  type CoverageRow,
  type GapWorkRow,
  type MinuteRow,
  openWarehouse,
  type ScopeRow,
  type VenueCandleRow,
  type Warehouse,
  type WriteTransaction,
} from '../warehouse/index.ts'
import { listCandleGaps } from './candle-holes.ts'
import { countEdges, type Hole, type HoleQuery, listHoles } from './holes.ts'
import { emptyMinute } from './minute-row.ts'
import { candleEvidence } from './scope-evidence.ts'

const M = 60_000_000
const HASH = 'a'.repeat(64)
/** Returns a time given in minutes, as stored. */
const at = (minutes: number) => Math.round(minutes * M)

let folder = ''
let warehouse: Warehouse
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-holes-'))
  const clock = createManualClock(0)
  warehouse = await openWarehouse({ url: `sqlite:${folder}`, mode: 'write', clock })
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() =>
  warehouse.write(async (tx) => {
    for (const table of [
      'silver_coverage',
      'silver_scopes',
      'silver_witnesses',
      'silver_candles_1m',
      'silver_venue_candles',
      'ops_gap_work',
    ] as const) {
      await tx.db.deleteFrom(table).execute()
    }
    await tx.upsert('instruments', [
      {
        instrument_id: 1,
        venue: 'v',
        symbol: 's',
        listed_from_us: 0,
        delisted_us: null,
        kind: 'spot',
        base: null,
        quote: null,
        multiplier: 1,
        price_step: null,
        size_step: null,
        listing_us: 0,
      },
    ])
  }),
)

const of = { instrument_id: 1, tape_id: 0 }

function run(first_id: number, last_id: number, first: number, last: number): CoverageRow {
  return { ...of, first_id, last_id, first_time_us: at(first), last_time_us: at(last) }
}

function scope(
  cause: ScopeRow['cause'],
  from: number,
  to: number,
  evidence: string = cause,
): ScopeRow {
  const span = { from_us: at(from), to_us: at(to) }
  return { ...of, cause, evidence, ...span, subscribed_us: null, unsubscribed_us: null }
}

function work(first_id: number, last_id: number, over: Partial<GapWorkRow> = {}): GapWorkRow {
  const tried = { attempts: 2, last_attempt_us: at(9), verdict: null, evidence: '' }
  return { ...of, first_id, last_id, from_us: at(4), to_us: at(5), ...tried, ...over }
}

/** Stores what is given and lists the holes, each as the part of it that a test names. */
async function holesOf(store: (tx: WriteTransaction) => Promise<void>): Promise<Hole[]> {
  await warehouse.write(store)
  return await warehouse.read((db) => listHoles(db))
}

describe('holes by ids', () => {
  test('lie between two runs within a scope', async () => {
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(1, 4, 3.2, 4.1), run(7, 9, 5.5, 6)])
      await tx.upsert('silver_scopes', [scope('live', 3, 8)])
    })
    expect(holes).toEqual([
      {
        instrumentId: 1,
        venue: 'v',
        symbol: 's',
        cause: 'ids',
        firstId: 5,
        lastId: 6,
        fromUs: at(4.1),
        toUs: at(5.5),
        verdict: 'open',
        attempts: 0,
        lastAttemptUs: 0,
        evidence: '',
      },
    ])
  })

  test('are none between two files that do not touch, but are where they do', async () => {
    const runs = [run(5, 6, 1.5, 1.9), run(9, 9, 4.1, 4.1)]
    const apart = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', runs)
      await tx.upsert('silver_scopes', [scope('import', 1, 2, 'a'), scope('import', 4, 5, 'b')])
    })
    expect(apart).toEqual([])
    const joined = await holesOf((tx) => tx.upsert('silver_scopes', [scope('import', 2, 4, 'c')]))
    expect(joined).toMatchObject([{ cause: 'ids', firstId: 7, lastId: 8 }])
  })

  test('begin at the scope’s edge where it opened before the first trade held', async () => {
    const runs = [run(5, 6, 1.5, 1.9), run(9, 9, 4.1, 4.1)]
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', runs)
      await tx.upsert('silver_scopes', [scope('live', 4, 6)])
    })
    const edge = { cause: 'left_edge', firstId: null, lastId: 8, fromUs: at(4), toUs: at(4.1) }
    expect(holes).toMatchObject([edge])
    const imported = await holesOf(async (tx) => {
      await tx.db.deleteFrom('silver_scopes').execute()
      await tx.upsert('silver_scopes', [scope('import', 4, 6)])
    })
    expect(imported).toEqual([])
  })

  test('have no left edge before the first id of all', async () => {
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(1, 9, 4.1, 5)])
      await tx.upsert('silver_scopes', [scope('live', 4, 6)])
    })
    expect(holes).toEqual([])
  })

  test('trail the last run where a witness tells of more', async () => {
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(1, 4, 3.2, 4.1)])
      await tx.upsert('silver_scopes', [scope('live', 3, 8)])
      const witnesses = [
        { instrument_id: 1, last_id: 4, time_us: at(4.5) },
        { instrument_id: 1, last_id: 7, time_us: at(6) },
      ]
      await tx.upsert('silver_witnesses', witnesses)
    })
    expect(holes).toMatchObject([{ cause: 'witness', firstId: 5, lastId: 7, toUs: at(6) }])
  })

  test('are all up to a witness where nothing is held, while we collect ourselves', async () => {
    const witnesses = [{ instrument_id: 1, last_id: 7, time_us: at(4) }]
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_scopes', [scope('live', 3, 8)])
      await tx.upsert('silver_witnesses', witnesses)
    })
    const edge = { cause: 'left_edge', firstId: null, lastId: 7, fromUs: at(3), toUs: at(4) }
    expect(holes).toMatchObject([edge])
    const replayed = await holesOf(async (tx) => {
      await tx.db.deleteFrom('silver_scopes').execute()
      await tx.upsert('silver_scopes', [scope('live', 3, 8, HASH)])
    })
    expect(replayed).toEqual([])
  })
})

describe('a witness of an id that never was', () => {
  const witness = (last_id: number, minutes: number) => {
    return { instrument_id: 1, last_id, time_us: at(minutes) }
  }
  const holesAfter = (...witnesses: ReturnType<typeof witness>[]) =>
    holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(1, 4, 3.2, 4.1)])
      await tx.upsert('silver_scopes', [scope('live', 3, 8)])
      await tx.db.deleteFrom('silver_witnesses').execute()
      await tx.upsert('silver_witnesses', witnesses)
    })

  test('is refuted by a later word of a lesser id, held or missing', async () => {
    expect(await holesAfter(witness(9e15, 5), witness(4, 6))).toEqual([])
    const missing = await holesAfter(witness(9e15, 5), witness(7, 6))
    expect(missing).toMatchObject([{ cause: 'witness', firstId: 5, lastId: 7 }])
    // That of an id within a run is kept as a time alone.
    expect(await holesAfter(witness(9e15, 5), witness(-1, 6))).toEqual([])
  })

  test('stands while it is the newest word, and against one that hardly came later', async () => {
    expect(await holesAfter(witness(70, 6), witness(4, 5))).toMatchObject([{ lastId: 70 }])
    expect(await holesAfter(witness(70, 6), witness(4, 6.05))).toMatchObject([{ lastId: 70 }])
  })
})

describe('holes by count', () => {
  const minute = { open: '1', high: '1', low: '1', close: '1', volume: '1' }
  const counted = (open_time_us: number, trade_count: number): VenueCandleRow => {
    const sums = { notional: null, taker_buy_volume: null, trade_count, vwap: null }
    const rest = { source: 2, closed: 1, received_time_us: 0, change_seq: 1 }
    return { instrument_id: 1, open_time_us, ...minute, ...sums, ...rest }
  }
  const held = (minuteAt: number, min_id: number, max_id: number, first: number, last: number) => ({
    ...emptyMinute(1, at(minuteAt)),
    source: 'trades' as const,
    status: 'traded' as const,
    trade_count: max_id - min_id + 1,
    min_id,
    max_id,
    first_trade_us: at(first),
    last_trade_us: at(last),
  })

  test('tell the ids before a first minute, and after a last one', async () => {
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(10, 19, 3.5, 5.5)])
      await tx.upsert('silver_scopes', [scope('import', 3, 6)])
      const rows = [held(3, 10, 12, 3.5, 3.9), held(5, 17, 19, 5.1, 5.5)]
      await tx.upsert('silver_candles_1m', rows)
      await tx.upsert('silver_venue_candles', [counted(at(3), 5), counted(at(5), 4)])
    })
    expect(holes).toMatchObject([
      { cause: 'candle_count', firstId: 8, lastId: 9, fromUs: at(3), toUs: at(3.5) },
      { cause: 'candle_count', firstId: 20, lastId: 20, fromUs: at(5.5), toUs: at(6) },
    ])
  })

  test('are left to the ids where these tell of the same minute', async () => {
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(10, 12, 2.5, 3.4), run(14, 19, 3.6, 4.5)])
      await tx.upsert('silver_scopes', [scope('import', 2, 5)])
      await tx.upsert('silver_candles_1m', [held(3, 11, 15, 3.1, 3.9)])
      await tx.upsert('silver_venue_candles', [counted(at(3), 6)])
    })
    expect(holes).toMatchObject([{ cause: 'ids', firstId: 13, lastId: 13 }])
    const asked = await warehouse.read((db) => listHoles(db, { withCandles: false }))
    expect(asked.length).toBe(1)
  })

  test('are asked for as repair asks: what is open, and of the candles the newest', async () => {
    const all = await holesOf(async (tx) => {
      const runs = [run(10, 19, 3.5, 5.5), run(23, 29, 6.2, 7), run(35, 39, 7.4, 8)]
      await tx.upsert('silver_coverage', runs)
      await tx.upsert('silver_scopes', [scope('import', 1, 9)])
      await tx.upsert('silver_candles_1m', [held(3, 10, 12, 3.5, 3.9), held(5, 17, 19, 5.1, 5.5)])
      await tx.upsert('silver_venue_candles', [counted(at(3), 5), counted(at(5), 4)])
      const given = work(30, 34, { verdict: 'unrecoverable' })
      await tx.upsert('ops_gap_work', [work(12, 14), given])
    })
    const told = (holes: readonly Hole[]) =>
      holes.map(({ cause, firstId, verdict }) => `${cause} ${firstId} ${verdict}`).sort()
    const open = ['ids 20 open']
    const counts = ['candle_count 8 open']
    const settled = ['ids 12 repaired', 'ids 30 unrecoverable']
    expect(told(all)).toEqual([...counts, ...settled, ...open].sort())
    const asked = async (query: Omit<HoleQuery, 'openOnly'>) =>
      told(await warehouse.read((db) => listHoles(db, { ...query, openOnly: true })))
    expect(await asked({ withCandles: true, candlesFromUs: at(3) })).toEqual([...counts, ...open])
    expect(await asked({ withCandles: true, candlesFromUs: at(3) + 1 })).toEqual(open)
    expect(await asked({ withCandles: false, candlesFromUs: at(3) })).toEqual(open)
  })
})

describe('minutes of candles', () => {
  const minute = (n: number, over: Partial<MinuteRow> = {}): MinuteRow => {
    return { ...emptyMinute(1, at(n)), source: 'trades', ...over }
  }
  const candle = (n: number, closed = 1): VenueCandleRow => ({
    instrument_id: 1,
    open_time_us: at(n),
    ...{ open: '1', high: '1', low: '1', close: '1', volume: '1', notional: null },
    ...{ taker_buy_volume: null, trade_count: null, vwap: null },
    ...{ source: 2, closed, received_time_us: 0, change_seq: 1 },
  })
  const store = async (tx: WriteTransaction) => {
    await tx.upsert('silver_scopes', [scope('import', 1, 9, candleEvidence('f'))])
    await tx.upsert('silver_candles_1m', [
      ...[1, 2, 3, 4, 8].map((n) => minute(n)),
      minute(5, { status: 'venue_down' }),
      minute(6, { status: 'no_trades', complete: 1 }),
      minute(7, { status: 'traded', trade_count: 1, complete: 0 }),
    ])
    await tx.upsert('silver_venue_candles', [candle(1), candle(4, 0)])
  }

  test('are missing where no closed candle, no trade and no outage tells of them', async () => {
    const holes = await holesOf(store)
    expect(holes).toMatchObject([
      { cause: 'candle_minutes', firstId: null, lastId: null, fromUs: at(2), toUs: at(5) },
      { cause: 'candle_minutes', fromUs: at(8), toUs: at(9), verdict: 'open' },
    ])
    const asked = await warehouse.read((db) => listHoles(db, { withCandles: false }))
    expect(asked).toEqual([])
  })

  test('are not missed of a venue that leaves out the empty ones', async () => {
    const holes = await holesOf(async (tx) => {
      await store(tx)
      await tx.db.updateTable('instruments').set({ venue: 'coinbase' }).execute()
    })
    expect(holes).toEqual([])
  })

  test('are wanted of the venue for our own live scopes, once they have ended', async () => {
    const gapsAt = (minutes: number, over = {}) =>
      warehouse.read((db) => listCandleGaps(db, { nowUs: at(minutes), graceUs: at(0.5), ...over }))
    await warehouse.write(async (tx) => {
      await store(tx)
      await tx.db.updateTable('instruments').set({ venue: 'kraken' }).execute()
    })
    expect(await gapsAt(20)).toEqual([])
    await warehouse.write((tx) =>
      tx.upsert('silver_scopes', [scope('live', 3, 9, 'collect'), scope('live', 1, 3, HASH)]),
    )
    const gap = { venue: 'kraken', symbol: 's' }
    const last = { ...gap, fromUs: at(7), toUs: at(9) }
    expect(await gapsAt(20)).toEqual([{ ...gap, fromUs: at(3), toUs: at(5) }, last])
    expect(await gapsAt(8.4)).toEqual([{ ...gap, fromUs: at(3), toUs: at(5) }])
    expect(await gapsAt(9.5)).toContainEqual(last)
    expect(await gapsAt(20, { minutesMax: 13 })).toEqual([last])
    // Kraken's candles reach back twelve hours.
    expect(await gapsAt(727, { minutesMax: 9999 })).toEqual([last])
    expect(await gapsAt(730, { minutesMax: 9999 })).toEqual([])
  })
})

describe('verdicts', () => {
  const holed = async (tx: WriteTransaction) => {
    await tx.upsert('silver_coverage', [run(1, 4, 3.2, 4.1), run(7, 9, 5.5, 6)])
    await tx.upsert('silver_scopes', [scope('live', 3, 8)])
  }

  test('stay open while tried, and become unrecoverable when given up', async () => {
    const tried = await holesOf(async (tx) => {
      await holed(tx)
      await tx.upsert('ops_gap_work', [work(5, 6)])
    })
    expect(tried).toMatchObject([{ verdict: 'open', attempts: 2, lastAttemptUs: at(9) }])
    const given = await holesOf((tx) =>
      tx.upsert('ops_gap_work', [work(5, 6, { verdict: 'unrecoverable', evidence: 'e' })]),
    )
    expect(given).toMatchObject([{ firstId: 5, verdict: 'unrecoverable', evidence: 'e' }])
  })

  test('hold for what is left of a hole that was healed in part', async () => {
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(1, 4, 3.2, 4.1), run(6, 9, 4.8, 6)])
      await tx.upsert('silver_scopes', [scope('live', 3, 8)])
      await tx.upsert('ops_gap_work', [work(5, 6)])
    })
    expect(holes).toMatchObject([{ firstId: 5, lastId: 5, verdict: 'open', attempts: 2 }])
  })

  test.each([
    [null, 'repaired'],
    ['unrecoverable', 'repaired'],
    ['never_existed', 'never_existed'],
  ] as const)('of ids held by now, given up as %s, say %s', async (verdict, told) => {
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(1, 9, 3.2, 6)])
      await tx.upsert('silver_scopes', [scope('live', 3, 8)])
      await tx.upsert('ops_gap_work', [work(5, 6, { verdict })])
    })
    expect(holes).toMatchObject([{ firstId: 5, lastId: 6, cause: 'ids', verdict: told }])
  })

  test('of a left edge, say repaired once trades reach back to it', async () => {
    const edge = { from_us: at(3), to_us: at(4) }
    const holes = await holesOf(async (tx) => {
      await tx.upsert('silver_coverage', [run(3, 9, 2.9, 6)])
      await tx.upsert('silver_scopes', [scope('live', 3, 8)])
      await tx.upsert('ops_gap_work', [work(-1, 6, edge)])
    })
    expect(holes).toMatchObject([{ cause: 'left_edge', firstId: null, verdict: 'repaired' }])
  })
})

test('edges of an import are its unproven first and last minutes', async () => {
  const rows = (complete: readonly number[]) =>
    complete.map((flag, index) => ({ ...emptyMinute(1, at(3 + index)), complete: flag }))
  const edges = async (complete: readonly number[]) => {
    await warehouse.write(async (tx) => {
      await tx.upsert('silver_scopes', [scope('import', 3, 3 + complete.length, 'file')])
      await tx.upsert('silver_candles_1m', rows(complete))
    })
    return await warehouse.read((db) => countEdges(db, 'file'))
  }
  expect(await edges([0, 1, 0])).toBe(2)
  expect(await edges([1, 0, 0])).toBe(1)
  expect(await edges([0])).toBe(2)
  expect(await edges([1])).toBe(0)
})
