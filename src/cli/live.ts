import type { CollectorStatus } from '../collect/collector-status.ts'
import type { CollectedStatus, CollectedSummary } from './collectors.ts'
import type { Context } from './context.ts'
import { showCount, showDurationMs, showSome } from './format.ts'
import { printFacts, printJson } from './output.ts'
import type { PipelineSummary } from './pipeline.ts'
import type { RefineThread } from './refine-thread.ts'
import { createStatusLine } from './status-line.ts'

/** What a running pipeline tells of itself, in one line. */
export interface LiveLine {
  show(status: CollectedStatus, refine: RefineThread | null): void
  end(): void
}

/** Returns the live line of `run`, `collect` and `demo`, on standard error. */
export function liveLine(context: Pick<Context, 'clock'>): LiveLine {
  const line = createStatusLine({ clock: context.clock })
  const toldOffline = new Set<string>()
  return {
    show(status, refine) {
      for (const { venue, feed } of status.exchanges) {
        if (toldOffline.has(venue) || feed === null) continue
        if (feed.connects > 0 || feed.failures === 0) continue
        toldOffline.add(venue)
        line.say(offlineText(feed.url, feed.lastFailure))
        if (toldOffline.size === 1) line.say(OFFLINE_HINT)
      }
      line.show(() => liveText(status, refine))
    },
    end: () => line.end(),
  }
}

function offlineText(url: string, why: string | null): string {
  return `Cannot connect to ${url}: ${why ?? 'no answer'}.`
}

const OFFLINE_HINT = [
  'It is tried again and again, and nothing is made up meanwhile; Ctrl-C ends it.',
  'Without a network, `npm run demo` shows the whole pipeline against simulated venues.',
].join('\n')

function liveText(status: CollectedStatus, refine: RefineThread | null): string {
  const { exchanges, snapshots, records } = status
  const sum = (value: (one: CollectorStatus) => number) =>
    exchanges.reduce((total, one) => total + value(one), 0)
  const parts = exchanges.map((one) => `${one.venue} ${stateOf(one)}`)
  for (const { venue, polls, failure } of snapshots) {
    parts.push(`${venue} ${failure === null ? `${showCount(polls)} polls` : 'failing'}`)
  }
  for (const { venue, trades, incidents } of status.foreign) {
    const trouble = incidents.length === 0 ? '' : `, ${showSome(incidents.length, 'incident')}`
    parts.push(`${venue} ${showCount(trades)} trades${trouble}`)
  }
  parts.push(`${showCount(sum((one) => one.framesPerSecond))} frames/s`)
  parts.push(`${showCount(records)} records kept`)
  if (refine !== null) parts.push(`${showCount(refine.accepted)} trades`)
  const lags = exchanges.map(({ lagUs }) => lagUs).filter((lag) => lag !== null)
  if (lags.length > 0) parts.push(`lag ${showDurationMs(Math.max(0, ...lags) / 1000)}`)
  const repairing = exchanges.filter((one) => one.backfill !== null)
  if (repairing.length > 0) {
    const known = repairing.every((one) => one.backfill?.open !== null)
    const open = known ? showCount(sum((one) => one.backfill?.open ?? 0)) : '?'
    parts.push(
      `${open} holes open, ${showCount(sum((one) => one.backfill?.found ?? 0))} trades refilled`,
    )
  }
  return parts.join('  ')
}

function stateOf({ feed, incidents }: CollectorStatus): string {
  if (feed === null) return 'polling'
  const facts = feed.subscriptions.filter((one) => one.fact)
  const flowing = facts.filter((one) => one.state === 'flowing').length
  const state = feed.state === 'open' ? '' : `${feed.state}, `
  const trouble = incidents.length === 0 ? '' : `, ${showSome(incidents.length, 'incident')}`
  return `${state}${flowing}/${facts.length} flowing${trouble}`
}

/** Prints what collecting alone came to. */
export function printCollected(context: Context, summary: CollectedSummary): void {
  const { seconds, records, frames, connects, durablePos, snapshots } = summary
  if (context.json) {
    printJson({ seconds, records, frames, connects, snapshots, durable_pos: durablePos })
    return
  }
  printFacts([
    ['collected for', showDurationMs(seconds * 1000)],
    ['records kept', `${showCount(records)}, all on disk, below position ${showCount(durablePos)}`],
    ['frames', showCount(frames)],
    ['connections', showCount(connects)],
    ['snapshots', showCount(snapshots)],
  ])
}

/** Prints what a run came to: what was saved, and what is left to do. */
export function printSummary(context: Context, summary: PipelineSummary): void {
  const { collected, refined } = summary
  if (context.json) {
    const { seconds, records, frames, connects, snapshots } = collected
    const { accepted: trades, duplicates, rejected, conflicts, late } = refined
    printJson({
      seconds,
      records,
      frames,
      connects,
      trades,
      duplicates,
      rejected,
      conflicts,
      late,
      snapshots,
      refilled: collected.found,
      given_up: collected.gaveUp,
      venues: Object.fromEntries(
        Object.entries(collected.venues).map(([venue, { frames, connects, found, gaveUp }]) => [
          venue,
          { frames, connects, refilled: found, given_up: gaveUp },
        ]),
      ),
    })
    return
  }
  const { seconds, records, found, gaveUp, snapshots } = collected
  printFacts([
    ['ran for', showDurationMs(seconds * 1000)],
    ['raw records', `${showCount(records)} kept, all on disk`],
    [
      'trades',
      `${showCount(refined.accepted)} stored, ${showCount(refined.duplicates)} duplicates`,
    ],
    ['snapshots', showCount(snapshots)],
    ['refilled', `${showCount(found)} missing trades came from REST, ${gaveUp} holes given up`],
    [
      'set aside',
      `${showCount(refined.rejected)} rejected, ${showCount(refined.conflicts)} conflicts`,
    ],
  ])
}
