import { MINUTE_US } from '../market/bucket.ts'
import type { OutageRow, WriteTransaction } from '../warehouse/index.ts'
import { baseOf } from './activity.ts'
import { endOfGrid } from './judge.ts'
import type { InstrumentState, SilverState, Span } from './state.ts'
import { touch } from './state.ts'

/** A silence this long is an outage, if others traded meanwhile. */
const SILENT_US_MIN = 10 * MINUTE_US
/** Minutes of a silence in which another venue must have traded, and how many venues. */
const OTHERS_MINUTES_MIN = 10
const OTHERS_MIN = 2
/** A venue is lively if it traded in so many of the minutes beside the silence. */
const LIVELY_SPAN_US = 60 * MINUTE_US
const LIVELY_MINUTES_MIN = 50

/** Whatever changes a verdict on a silence lies within this of it, or is marked by itself. */
const REACH_US = LIVELY_SPAN_US + MINUTE_US

/**
 * Finds the outages that comparing venues shows, anew wherever `spans` say something changed,
 * stores them, and marks the minutes whose status they change. Tells whether there are any.
 *
 * An outage is a silence of at least ten minutes, between two minutes in which the venue traded,
 * which it did steadily beside it, while two other venues traded the same assets; and none of
 * the venue's trade ids is missing over it, for then we were the ones who heard nothing. It is a
 * function of the final minutes, scopes and coverage, so whatever comes late may undo it.
 */
export async function deriveOutages(
  state: SilverState,
  tx: WriteTransaction,
  spans: readonly Span[],
): Promise<boolean> {
  const venues = Map.groupBy(state.instruments.values(), ({ row }) => row.venue)
  // No silence can be told from others where there are no two others.
  if (venues.size <= OTHERS_MIN || spans.length === 0) return false
  const leastUs = knownFromUs(state)
  const windows = joinSpans(
    spans.map(({ fromUs, toUs }) => ({
      fromUs: Math.max(leastUs, fromUs - REACH_US),
      toUs: toUs + REACH_US,
    })),
  )
  let isChanged = false
  for (const [venue, instruments] of venues) {
    const found = await silences({ state, tx, venues, venue, instruments }, windows)
    if (await replaceOutages(state, tx, { venue, instruments, windows, found })) isChanged = true
  }
  return isChanged
}

/** Where minutes were deleted on purpose, what was found stands: nothing can be said anew. */
function knownFromUs({ cutoffs }: SilverState): number {
  return cutoffs.candles === 0 ? Number.NEGATIVE_INFINITY : cutoffs.candles + REACH_US
}

/** What the silences of one venue are judged by. */
interface Case {
  readonly state: SilverState
  readonly tx: WriteTransaction
  readonly venues: ReadonlyMap<string, readonly InstrumentState[]>
  readonly venue: string
  readonly instruments: readonly InstrumentState[]
}

async function silences(at: Case, windows: readonly Span[]): Promise<Span[]> {
  // By their beginnings: a long one may be met in two windows.
  const found = new Map<number, Span>()
  // A silence that reaches back to where minutes were deleted is not followed further.
  const leastUs = at.state.cutoffs.candles - MINUTE_US
  for (const whole of scopesOf(at.instruments)) {
    const scope = { ...whole, fromUs: Math.max(whole.fromUs, leastUs) }
    for (const window of windows) {
      const endUs = Math.min(scope.toUs, window.toUs)
      let minute = Math.max(scope.fromUs, window.fromUs - (window.fromUs % MINUTE_US))
      while (minute < endUs) {
        if (await hasTraded(at, at.instruments, minute)) {
          minute += MINUTE_US
          continue
        }
        const silence = await silenceAt(at, scope, minute)
        const isKnown = silence.fromUs >= knownFromUs(at.state)
        if (isKnown && (await isOutage(at, scope, silence))) found.set(silence.fromUs, silence)
        minute = silence.toUs
      }
    }
  }
  return [...found.values()]
}

/** Spans some instrument of the venue is answered for, up to the minutes still running. */
function scopesOf(instruments: readonly InstrumentState[]): Span[] {
  return joinSpans(
    instruments.flatMap(({ scopes }) =>
      scopes.map((scope) => ({ fromUs: scope.from_us, toUs: endOfGrid(scope) })),
    ),
  )
}

/** Returns the spans in order, those that overlap or touch as one; empty ones left out. */
function joinSpans(spans: readonly Span[]): Span[] {
  const joined: { fromUs: number; toUs: number }[] = []
  for (const { fromUs, toUs } of [...spans].sort((a, b) => a.fromUs - b.fromUs)) {
    const last = joined.at(-1)
    if (toUs <= fromUs) continue
    if (last === undefined || last.toUs < fromUs) joined.push({ fromUs, toUs })
    else last.toUs = Math.max(last.toUs, toUs)
  }
  return joined
}

async function hasTraded(
  { state, tx }: Case,
  instruments: readonly InstrumentState[],
  minuteUs: number,
): Promise<boolean> {
  const { activity } = state
  for (const { row } of instruments) {
    const id = row.instrument_id
    if (activity.peek(id, minuteUs) === undefined) await activity.load(tx, id, minuteUs)
    if (activity.peek(id, minuteUs) === true) return true
  }
  return false
}

/** Returns the whole silence within a scope that a silent minute is part of. */
async function silenceAt(at: Case, scope: Span, minuteUs: number): Promise<Span> {
  let toUs = minuteUs + MINUTE_US
  while (toUs < scope.toUs && !(await hasTraded(at, at.instruments, toUs))) toUs += MINUTE_US
  // Whether a silence that goes on is the venue's will be known by its next trade's id.
  if (toUs === scope.toUs && !(await hasTraded(at, at.instruments, toUs))) {
    return { fromUs: minuteUs, toUs: Number.POSITIVE_INFINITY }
  }
  let fromUs = minuteUs
  while (fromUs > scope.fromUs && !(await hasTraded(at, at.instruments, fromUs - MINUTE_US))) {
    fromUs -= MINUTE_US
  }
  return { fromUs, toUs }
}

async function isOutage(at: Case, scope: Span, silence: Span): Promise<boolean> {
  const { fromUs, toUs } = silence
  if (toUs === Number.POSITIVE_INFINITY || toUs - fromUs < SILENT_US_MIN) return false
  if (isHoled(at.instruments, silence)) return false
  return (await isLively(at, scope, silence)) && (await othersTraded(at, silence))
}

/** Whether trades of some instrument are missing over a silence: then we lost them. */
function isHoled(instruments: readonly InstrumentState[], silence: Span): boolean {
  return instruments.some((instrument) => {
    const { scopes, tapes, witnesses } = instrument
    const runs = (tapes.get(0)?.coverage.intervals ?? []).filter(
      ({ firstTimeUs }) => !Number.isNaN(firstTimeUs),
    )
    return runs.some((run, place) => {
      if (run.firstTimeUs <= silence.fromUs) return false
      const before = runs[place - 1]
      if (before !== undefined) {
        const heardUs = witnesses.get(before.lastId) ?? 0
        return Math.max(before.lastTimeUs, heardUs) < silence.toUs
      }
      // What came before the first trade held is not known, where we listened for it ourselves.
      const listened = scopes.some(
        (one) =>
          one.cause !== 'import' &&
          one.from_us < Math.min(silence.toUs, run.firstTimeUs) &&
          one.to_us > silence.fromUs,
      )
      return run.firstId > 1 && listened
    })
  })
}

/** Whether the venue traded steadily before a silence or, where we began with it, after. */
async function isLively(at: Case, scope: Span, { fromUs, toUs }: Span): Promise<boolean> {
  const before = { fromUs: Math.max(scope.fromUs, fromUs - LIVELY_SPAN_US), toUs: fromUs }
  const enough = LIVELY_MINUTES_MIN
  if ((await countTraded(at, at.instruments, { ...before, enough })) >= enough) return true
  if (fromUs - scope.fromUs >= LIVELY_SPAN_US) return false
  const after = { fromUs: toUs, toUs: Math.min(scope.toUs, toUs + LIVELY_SPAN_US) }
  return (await countTraded(at, at.instruments, { ...after, enough })) >= enough
}

async function othersTraded(at: Case, silence: Span): Promise<boolean> {
  const bases = new Set<string | null>()
  for (const { row, scopes } of at.instruments) {
    const isMeant = scopes.some(
      (one) => one.from_us < silence.toUs && endOfGrid(one) > silence.fromUs,
    )
    if (isMeant) bases.add(baseOf(row))
  }
  bases.delete(null)
  let others = 0
  for (const [venue, instruments] of at.venues) {
    if (venue === at.venue) continue
    const same = instruments.filter(({ row }) => bases.has(baseOf(row)))
    const wanted = { ...silence, enough: OTHERS_MINUTES_MIN }
    if ((await countTraded(at, same, wanted)) < OTHERS_MINUTES_MIN) continue
    others += 1
    if (others === OTHERS_MIN) return true
  }
  return false
}

/** Counts the minutes in which any of the instruments traded, until there are enough. */
async function countTraded(
  at: Case,
  instruments: readonly InstrumentState[],
  { fromUs, toUs, enough }: Span & { readonly enough: number },
): Promise<number> {
  let count = 0
  for (let minute = fromUs; minute < toUs && count < enough; minute += MINUTE_US) {
    if (await hasTraded(at, instruments, minute)) count += 1
  }
  return count
}

/** Stores the outages found in place of those known there before; tells whether any differ. */
async function replaceOutages(
  state: SilverState,
  tx: WriteTransaction,
  of: {
    readonly venue: string
    readonly instruments: readonly InstrumentState[]
    readonly windows: readonly Span[]
    readonly found: readonly Span[]
  },
): Promise<boolean> {
  const { venue, instruments, windows } = of
  const found = of.found.map(
    ({ fromUs, toUs }): OutageRow => ({ venue, from_us: fromUs, to_us: toUs, ground: 'silence' }),
  )
  const isSame = (a: OutageRow, b: OutageRow) => a.from_us === b.from_us && a.to_us === b.to_us
  const gone = state.outages.filter(
    (one) =>
      one.ground === 'silence' &&
      one.venue === venue &&
      one.from_us >= knownFromUs(state) &&
      windows.some(({ fromUs, toUs }) => one.from_us < toUs && one.to_us > fromUs) &&
      !found.some((other) => isSame(one, other)),
  )
  const fresh = found.filter(
    (one) =>
      !state.outages.some(
        (held) => held.ground === 'silence' && held.venue === venue && isSame(held, one),
      ),
  )
  for (const one of gone) state.outages.splice(state.outages.indexOf(one), 1)
  state.outages.push(...fresh)
  await tx.remove('silver_outages', gone)
  await tx.upsert('silver_outages', fresh)
  for (const { from_us, to_us } of [...gone, ...fresh]) {
    for (const instrument of instruments) touch(instrument, from_us, to_us)
  }
  return gone.length + fresh.length > 0
}
