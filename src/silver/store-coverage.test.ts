import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { createRandom, type Random } from '../core/random.ts'
import { MINUTE_US } from '../market/bucket.ts'
import { openWarehouse, type TradeRow, type WriteTransaction } from '../warehouse/index.ts'
import type { Batch } from './batch.ts'
import { judgeMinutes } from './judge.ts'
import { minuteOf } from './minute-row.ts'
import {
  type InstrumentState,
  instrumentOf,
  loadState,
  type SilverState,
  type TapeState,
  tapeOf,
} from './state.ts'
import { noteWitnesses, storeCoverage } from './store-coverage.ts'

const MINUTES = 14
const IDS = 12
const folder = mkdtempSync(join(tmpdir(), 'assay-coverage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SCENARIOS = 60
const STEPS = 14

/** Tells of each minute whether every trade of it is proven held. */
function proofs(instrument: InstrumentState): boolean[] {
  const rows: Parameters<typeof judgeMinutes>[0] = new Map()
  const span = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER }
  judgeMinutes(rows, { instrument, outages: [], witnessed: new Map(), expiredBeforeUs: 0 }, span)
  return Array.from({ length: MINUTES }, (_, at) => rows.get(at * MINUTE_US)?.complete === 1)
}

function tradeRow(tape: TapeState, tradeId: number, timeUs: number): TradeRow {
  return {
    instrument_id: tape.instrument.row.instrument_id,
    tape_id: 0,
    trade_id: tradeId,
    first_id: null,
    last_id: null,
    event_time_us: timeUs,
    price: '1',
    size: '1',
    side: 0,
    trade_count: 1,
    origin: 0,
    received_time_us: 0,
    log_id: 1,
    pos: 0,
    item: 0,
  }
}

/** Does a thing or two that may change what is proven, as merging a batch would. */
async function doStep(
  at: { readonly state: SilverState; readonly tx: WriteTransaction; readonly random: Random },
  tape: TapeState,
  held: Map<number, number>,
): Promise<void> {
  const { state, tx, random } = at
  const { symbol } = tape.instrument.row
  const witnesses: Batch['witnesses'] = []
  for (let count = random.int(1, 2); count > 0; count -= 1) {
    const id = random.int(1, IDS)
    // Times follow ids loosely: some go back by minutes.
    const timeUs = Math.max(0, id + random.int(-8, 2)) * MINUTE_US + random.int(0, MINUTE_US - 1)
    const draw = random.next()
    if (draw < 0.2) witnesses.push({ venue: 'v', witness: { symbol, lastId: id, timeUs } })
    else if (draw < 0.3) tape.coverage.claimVoid(id, id + random.int(0, 2))
    else {
      if (!tape.coverage.claim(id, id, timeUs)) tape.coverage.retime(id)
      held.set(id, timeUs)
      await tx.upsert('silver_trades', [tradeRow(tape, id, timeUs)])
    }
  }
  const noted = await noteWitnesses(state, tx, { witnesses } as Partial<Batch> as Batch)
  await storeCoverage(state, tx, noted)
}

test('marks every minute whose proof a step changes, and stores the runs as they are', async () => {
  const clock = createManualClock(0)
  await using warehouse = await openWarehouse({ url: `sqlite:${folder}`, mode: 'write', clock })
  const state = await loadState(warehouse)
  let changes = 0
  await warehouse.write(async (tx) => {
    for (let seed = 1; seed <= SCENARIOS; seed += 1) {
      const random = createRandom(`coverage ${seed}`)
      const instrument = await instrumentOf(state, tx, { venue: 'v', symbol: `S${seed}` })
      const tape = tapeOf(state, instrument, 0)
      const span = { from_us: 0, to_us: MINUTES * MINUTE_US }
      const ends = { subscribed_us: null, unsubscribed_us: null }
      const scope = { instrument_id: seed, tape_id: 0, evidence: 'f', cause: 'import' as const }
      instrument.scopes.push({ ...scope, ...span, ...ends })
      const held = new Map<number, number>()
      for (let step = 0; step < STEPS; step += 1) {
        const before = proofs(instrument)
        instrument.dirtyFromUs = Number.POSITIVE_INFINITY
        instrument.dirtyToUs = Number.NEGATIVE_INFINITY
        await doStep({ state, tx, random }, tape, held)
        for (const [minute, isProven] of proofs(instrument).entries()) {
          if (isProven === before[minute]) continue
          changes += 1
          const openUs = minute * MINUTE_US
          const isMarked =
            openUs >= minuteOf(instrument.dirtyFromUs) && openUs < instrument.dirtyToUs
          expect(isMarked, `seed ${seed}, step ${step}, minute ${minute}`).toBe(true)
        }
      }
      for (const run of tape.coverage.intervals) {
        const ids = [...held.keys()].filter((id) => id >= run.firstId && id <= run.lastId)
        const timeOf = (id: number) => held.get(id) ?? Number.NaN
        expect(run.firstTimeUs, `seed ${seed}`).toBe(timeOf(Math.min(...ids)))
        expect(run.lastTimeUs, `seed ${seed}`).toBe(timeOf(Math.max(...ids)))
      }
    }
  })
  // The scenarios do prove and disprove: a test that changed nothing would say nothing.
  expect(changes).toBeGreaterThan(SCENARIOS)
  const reloaded = await loadState(warehouse)
  for (const [id, { tapes, witnesses }] of state.instruments) {
    const again = reloaded.instruments.get(id)
    const runs = again?.tapes.get(0)?.coverage.intervals ?? []
    expect(runs).toEqual(tapes.get(0)?.coverage.intervals)
    expect(again?.witnesses).toEqual(witnesses)
  }
})
