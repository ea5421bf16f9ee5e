import type { FaultKind, FaultRecord, Simulator } from '../../sim/index.ts'
import type { Evidence } from './evidence.ts'
import { isQuiet, productsOf, TRADING_VENUES, type TradingVenue } from './markets.ts'

/** How soon the run noticed that a whole connection had fallen silent. */
export interface StallFindings {
  /** From the fault to the entry in the diary, milliseconds, ascending. */
  readonly noticedMs: readonly number[]
  /** Ended by something else before the silence could be noticed; not measured. */
  readonly overtaken: number
  /** Neither: the run sat through the silence. */
  readonly unnoticed: number
}

/** Venues that send heartbeats or answer pings, so that silence is a proof. */
const WITH_HEARTBEATS: readonly string[] = ['coinbase', 'kraken']

/**
 * Measures each stall that struck a connection, from the fault to the diary's incident of the
 * cause `silent`. A stall lasts at least nine seconds, so each one must be noticed, unless the
 * connection ended for another reason first.
 */
export function judgeStalls(
  sim: Pick<Simulator, 'faults'>,
  evidence: Pick<Evidence, 'incidents' | 'closes'>,
): StallFindings {
  const noticedMs: number[] = []
  let overtaken = 0
  let unnoticed = 0
  for (const fault of sim.faults) {
    if (fault.kind !== 'stall' || fault.hits === 0) continue
    if (!WITH_HEARTBEATS.includes(fault.venue)) continue
    const isDuring = ({ atUs, venue }: { readonly atUs: number; readonly venue: string }) =>
      venue === fault.venue && atUs >= fault.time_us && atUs <= fault.until_us!
    const silent = evidence.incidents.find(
      (entry) => entry.cause === 'silent' && entry.toUs === null && isDuring(entry),
    )
    const close = evidence.closes.find(isDuring)
    if (silent !== undefined) noticedMs.push((silent.atUs - fault.time_us) / 1000)
    else if (close !== undefined) overtaken += 1
    else unnoticed += 1
  }
  return { noticedMs: noticedMs.toSorted((a, b) => a - b), overtaken, unnoticed }
}

/** How often a subscription was driven anew, and how often without a ground. */
export interface RestartFindings {
  readonly total: number
  /** Of quiet products, and of the others, without a ground: nothing was kept from us. */
  readonly falseQuiet: number
  readonly falseBusy: number
}

/** A silence is told in whole milliseconds, and starts with a frame that took its way. */
const MARGIN_US = 3_000_000
/** A reordered trade is held back so long at most. */
const HELD_US = 5_000_000
/** A ticker or candle lacks what a fault took until the product trades again and a while more. */
const REACH_US = 60_000_000
const LATE_KINDS: ReadonlySet<FaultKind> = new Set<FaultKind>(['delay', 'reorder'])
const FACT_CHANNELS: readonly string[] = ['matches', 'aggTrade', 'trade']

/** As much of a simulator as restarts are held against. */
type Played = Pick<Simulator, 'faults' | 'truth' | 'undelivered' | 'startUs'>

/**
 * Judges each entry `stale` of the diary by the truth: it had a ground where, during the silence
 * it tells of, the product traded and no socket was told, or told late, or where a fault kept back
 * what else there is of it: an ack, a candle, a ticker.
 */
export function judgeRestarts(
  sim: Played,
  evidence: Pick<Evidence, 'stales'>,
  note: (what: string) => void,
): RestartFindings {
  const found = { total: evidence.stales.length, falseQuiet: 0, falseBusy: 0 }
  for (const venue of TRADING_VENUES) {
    const quiet = new Set(
      productsOf(venue)
        .filter(isQuiet)
        .map(({ id }) => id),
    )
    const undelivered = sim.undelivered(venue)
    const timesOf = new Map<string, readonly number[]>()
    for (const stale of evidence.stales) {
      if (stale.venue !== venue) continue
      const { symbol, atUs, silentMs, channel } = stale
      const isFact = FACT_CHANNELS.includes(channel)
      const fromUs = atUs - silentMs * 1000 - MARGIN_US
      const missed = timesOf.get(symbol) ?? withheldTimes(sim, { venue, symbol, undelivered })
      timesOf.set(symbol, missed)
      const isWithin = (timeUs: number) => timeUs >= fromUs - HELD_US && timeUs <= atUs
      if (missed.some(isWithin)) continue
      if (sim.faults.some((fault) => isGround(fault, { venue, symbol, isFact, fromUs, atUs })))
        continue
      if (quiet.has(symbol)) found.falseQuiet += 1
      else found.falseBusy += 1
      const when = new Date(atUs / 1000).toISOString()
      note(`${venue} ${symbol} ${channel} was driven anew at ${when} after ${silentMs} ms: why?`)
    }
  }
  return found
}

/** Times of the trades of a product that no socket was told, or was told late. */
function withheldTimes(
  sim: Played,
  at: {
    readonly venue: TradingVenue
    readonly symbol: string
    readonly undelivered: ReturnType<Simulator['undelivered']>
  },
): readonly number[] {
  const { venue, symbol } = at
  const late = sim.faults.filter(
    (fault) => fault.venue === venue && fault.product === symbol && LATE_KINDS.has(fault.kind),
  )
  const ranges = [...(at.undelivered[symbol] ?? []), ...late.flatMap(({ ids }) => ids)]
  const times: number[] = []
  for (const trade of sim.truth({ venue, product: symbol, fromUs: sim.startUs })) {
    const id = trade.trade_id
    if (ranges.some(([first, last]) => first <= id && id <= last)) times.push(trade.time_us)
  }
  return times
}

/** What a restart is held against. */
interface Restart {
  readonly venue: string
  readonly symbol: string
  /** Whether it is the trades' subscription, not a ticker's or a candle's. */
  readonly isFact: boolean
  readonly fromUs: number
  readonly atUs: number
}

/** Whether a fault held something of this product back within reach of a restart. */
function isGround(fault: FaultRecord, at: Restart): boolean {
  const { kind, venue, product, time_us: startUs, until_us: untilUs, hits } = fault
  if (venue !== at.venue || hits === 0 || startUs > at.atUs) return false
  const isOurs = product === at.symbol
  const reachedUs = (untilUs ?? startUs) + REACH_US
  switch (kind) {
    case 'ack_withheld':
    case 'reject':
      // When it strikes is not on record, only that it did.
      return isOurs
    case 'kline_late':
    case 'kline_missing':
      return isOurs && !at.isFact
    case 'mute':
      return isOurs && !at.isFact && reachedUs >= at.fromUs
    case 'stall':
    case 'disconnect':
    case 'refuse':
    case 'planned_cut':
      return !at.isFact && reachedUs >= at.fromUs
    default:
      return false
  }
}
