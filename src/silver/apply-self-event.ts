import { MINUTE_US } from '../market/bucket.ts'
import type { SelfEvent } from '../market/self-record.ts'
import {
  findIncident,
  type GapWorkRow,
  type IncidentRow,
  type OutageRow,
  type ScopeRow,
  type WriteTransaction,
} from '../warehouse/index.ts'
import { minuteOf } from './minute-row.ts'
import type { InstrumentState, SilverState } from './state.ts'
import { instrumentOf, tapeOf, touch } from './state.ts'

/** Where a diary entry stood. */
export interface EntryContext {
  readonly state: SilverState
  readonly tx: WriteTransaction
  /** What names the live scope: the log, or the capture that was replayed. */
  readonly evidence: string
  readonly timeUs: number
}

/** Draws from one diary entry what silver keeps of it: scopes, outages, work on holes. */
export async function applySelfEvent(event: SelfEvent, context: EntryContext): Promise<void> {
  switch (event.event) {
    case 'subscribe':
    case 'unsubscribe':
      if (event.fact) await applySubscription(event, context)
      return
    case 'connect':
      if (event.failures > 0 && event.blame === 'venue' && event.downSinceUs !== null) {
        await storeOutage(context, {
          venue: event.venue,
          from_us: event.downSinceUs,
          to_us: context.timeUs,
          ground: 'refused',
        })
      }
      return
    case 'backfill':
      await applyBackfill(event, context)
      return
    case 'give_up':
      await applyVerdict(event, context)
      return
    case 'incident':
      await applyIncident(event, context)
      return
    default:
      // The rest only move log time on.
      return
  }
}

type Subscription = Extract<SelfEvent, { event: 'subscribe' | 'unsubscribe' }>

async function applySubscription(event: Subscription, context: EntryContext): Promise<void> {
  const { state, tx, evidence, timeUs } = context
  for (const symbol of event.symbols) {
    const instrument = await instrumentOf(state, tx, { venue: event.venue, symbol })
    let scope = instrument.scopes.find((one) => one.cause === 'live' && one.evidence === evidence)
    if (scope === undefined) {
      scope = newScope(instrument, { cause: 'live', evidence, fromUs: minuteOf(timeUs) })
      scope.to_us = scope.from_us
      instrument.scopes.push(scope)
    }
    if (minuteOf(timeUs) < scope.from_us) {
      touch(instrument, minuteOf(timeUs), scope.from_us + MINUTE_US)
      scope.from_us = minuteOf(timeUs)
    }
    if (event.event === 'subscribe') {
      scope.subscribed_us = Math.max(scope.subscribed_us ?? 0, timeUs)
    } else {
      scope.unsubscribed_us = Math.max(scope.unsubscribed_us ?? 0, timeUs)
    }
    // Stored even if its end stays where it is: whether it still runs is known by these times.
    await tx.upsert('silver_scopes', [scope])
  }
}

function newScope(
  instrument: InstrumentState,
  span: { cause: ScopeRow['cause']; evidence: string; fromUs: number },
): ScopeRow {
  return {
    instrument_id: instrument.row.instrument_id,
    tape_id: 0,
    cause: span.cause,
    evidence: span.evidence,
    from_us: span.fromUs,
    to_us: span.fromUs,
    subscribed_us: null,
    unsubscribed_us: null,
  }
}

/**
 * Carries the live scopes of a log to the end of its newest minute, or to where they were
 * unsubscribed, and stores those that moved.
 */
export async function advanceScopes(
  state: SilverState,
  tx: WriteTransaction,
  at: { readonly log: string; readonly evidences: ReadonlySet<string>; readonly timeUs: number },
): Promise<void> {
  const moved: ScopeRow[] = []
  for (const instrument of state.instruments.values()) {
    for (const scope of instrument.scopes) {
      if (scope.cause !== 'live') continue
      if (scope.evidence !== at.log && !at.evidences.has(scope.evidence)) continue
      const ended = (scope.unsubscribed_us ?? 0) > (scope.subscribed_us ?? 0)
      // A capture that broke off before its end vouches for no more than its beginning.
      const running = scope.evidence === at.log ? at.timeUs : (scope.subscribed_us ?? 0)
      const until = ended ? (scope.unsubscribed_us as number) : running
      const toUs = minuteOf(until) + MINUTE_US
      if (toUs === scope.to_us) continue
      const [least, most] = toUs > scope.to_us ? [scope.to_us, toUs] : [toUs, scope.to_us]
      touch(instrument, least - MINUTE_US, most)
      scope.to_us = toUs
      moved.push(scope)
    }
  }
  await tx.upsert('silver_scopes', moved)
}

/** Widens, or opens, the scope that a file or a request gives an instrument. */
export async function widenScope(
  instrument: InstrumentState,
  tx: WriteTransaction,
  span: {
    readonly cause: 'import' | 'backfill'
    readonly evidence: string
    readonly tapeId: number
    readonly fromUs: number
    readonly toUs: number
  },
): Promise<void> {
  const { cause, evidence } = span
  let scope = instrument.scopes.find(
    (one) => one.cause === cause && one.evidence === evidence && one.tape_id === span.tapeId,
  )
  if (scope === undefined) {
    scope = { ...newScope(instrument, { cause, evidence, fromUs: span.fromUs }) }
    scope.tape_id = span.tapeId
    scope.to_us = span.toUs
    instrument.scopes.push(scope)
    touch(instrument, span.fromUs, span.toUs)
  } else if (scope.from_us <= span.fromUs && scope.to_us >= span.toUs) {
    return
  }
  // Only minutes that come into the scope are judged anew: a long file widens it many times.
  if (span.fromUs < scope.from_us) touch(instrument, span.fromUs, scope.from_us)
  if (span.toUs > scope.to_us) touch(instrument, scope.to_us, span.toUs)
  scope.from_us = Math.min(scope.from_us, span.fromUs)
  scope.to_us = Math.max(scope.to_us, span.toUs)
  await tx.upsert('silver_scopes', [scope])
}

/** Outages that begin at one time are one, as long as the longest word of it. */
async function storeOutage(context: EntryContext, outage: OutageRow): Promise<void> {
  const { state, tx } = context
  const known = state.outages.find(
    ({ venue, from_us, ground }) =>
      venue === outage.venue && from_us === outage.from_us && ground === outage.ground,
  )
  if (known === undefined) state.outages.push(outage)
  else known.to_us = Math.max(known.to_us, outage.to_us)
  await tx.upsert('silver_outages', [known ?? outage])
  for (const instrument of state.instruments.values()) {
    if (instrument.row.venue === outage.venue) touch(instrument, outage.from_us, outage.to_us)
  }
}

type Backfill = Extract<SelfEvent, { event: 'backfill' }>

async function applyBackfill(event: Backfill, context: EntryContext): Promise<void> {
  const { state, tx, timeUs } = context
  const instrument = await instrumentOf(state, tx, event)
  if (event.cause === 'request') {
    // A minute is answered for only where the whole of it was asked for.
    const fromUs = minuteOf(event.fromUs + MINUTE_US - 1)
    const toUs = minuteOf(event.toUs)
    if (toUs <= fromUs) return
    const evidence = `${fromUs}-${toUs}`
    await widenScope(instrument, tx, { cause: 'backfill', evidence, tapeId: 0, fromUs, toUs })
    return
  }
  const key = gapKey(instrument, event.firstId, event.lastId)
  const known = await tx.findGapWork(key)
  const isNewest = known === undefined || event.attempt >= known.attempts
  await tx.upsert('ops_gap_work', [
    {
      ...key,
      from_us: isNewest ? event.fromUs : known.from_us,
      to_us: isNewest ? event.toUs : known.to_us,
      attempts: Math.max(known?.attempts ?? 0, event.attempt),
      last_attempt_us: Math.max(known?.last_attempt_us ?? 0, timeUs),
      verdict: known?.verdict ?? null,
      evidence: known?.evidence ?? '',
    },
  ])
}

type GiveUp = Extract<SelfEvent, { event: 'give_up' }>

async function applyVerdict(event: GiveUp, context: EntryContext): Promise<void> {
  const { state, tx, timeUs } = context
  const instrument = await instrumentOf(state, tx, event)
  const key = gapKey(instrument, event.firstId, event.lastId)
  const known = await tx.findGapWork(key)
  await tx.upsert('ops_gap_work', [
    {
      ...key,
      from_us: known?.from_us ?? timeUs,
      to_us: known?.to_us ?? timeUs,
      attempts: known?.attempts ?? 0,
      last_attempt_us: Math.max(known?.last_attempt_us ?? 0, timeUs),
      ...sterner(known, event),
    },
  ])
  // Ids that the venue never gave out are as good as held: nothing can be missing there.
  if (event.verdict === 'never_existed' && event.firstId !== null) {
    tapeOf(state, instrument, 0).coverage.claimVoid(event.firstId, event.lastId)
  }
}

type Incident = Extract<SelfEvent, { event: 'incident' }>

/**
 * Of two entries on one incident the one with the later end stands, and one that tells of an end
 * over one that does not; of equals the greater text, so that their order is no matter.
 */
async function applyIncident(event: Incident, { tx }: EntryContext): Promise<void> {
  const key = {
    venue: event.venue,
    from_us: event.fromUs,
    cause: event.cause,
    channel: event.channel ?? '',
    symbol: event.symbol ?? '',
  }
  const row = { ...key, to_us: event.toUs, detail: event.detail }
  const known = await findIncident(tx.db, key)
  const endOf = (one: IncidentRow) => one.to_us ?? Number.NEGATIVE_INFINITY
  const stands =
    known === undefined ||
    endOf(row) > endOf(known) ||
    (row.to_us === known.to_us && row.detail > known.detail)
  if (stands) await tx.upsert('ops_incidents', [row])
}

/** Of two verdicts on one hole that it never existed stands, whichever was given first. */
function sterner(
  known: GapWorkRow | undefined,
  event: GiveUp,
): Pick<GapWorkRow, 'verdict' | 'evidence'> {
  const told = { verdict: event.verdict, evidence: event.evidence }
  if (known === undefined || known.verdict === null) return told
  const rank = (one: typeof told) => `${one.verdict}\n${one.evidence}`
  const held = { verdict: known.verdict, evidence: known.evidence }
  return rank(held) <= rank(told) ? held : told
}

function gapKey(
  instrument: InstrumentState,
  firstId: number | null,
  lastId: number | null,
): Pick<GapWorkRow, 'instrument_id' | 'tape_id' | 'first_id' | 'last_id'> {
  return {
    instrument_id: instrument.row.instrument_id,
    tape_id: 0,
    first_id: firstId ?? -1,
    last_id: lastId ?? -1,
  }
}
