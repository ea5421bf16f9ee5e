import type { CollectorStatus, CollectorSummary } from '../collect/collector-status.ts'
import type { Context } from './context.ts'
import { showCount, showDurationMs } from './format.ts'
import { printFacts, printJson } from './output.ts'
import type { PipelineSummary } from './pipeline.ts'
import type { RefineThread } from './refine-thread.ts'
import { createStatusLine } from './status-line.ts'

/** What a running pipeline tells of itself, in one line. */
export interface LiveLine {
  show(status: CollectorStatus, refine: RefineThread | null): void
  end(): void
}

/** Returns the live line of `run`, `collect` and `demo`, on standard error. */
export function liveLine(context: Pick<Context, 'clock'>): LiveLine {
  const line = createStatusLine({ clock: context.clock })
  let isToldOffline = false
  return {
    show(status, refine) {
      const { feed } = status
      if (!isToldOffline && feed !== null && feed.connects === 0 && feed.failures > 0) {
        isToldOffline = true
        line.say(offlineText(feed.url, feed.lastFailure))
      }
      line.show(() => liveText(status, refine))
    },
    end: () => line.end(),
  }
}

function offlineText(url: string, why: string | null): string {
  return [
    `Cannot connect to ${url}: ${why ?? 'no answer'}.`,
    'It is tried again and again, and nothing is made up meanwhile; Ctrl-C ends it.',
    'Without a network, `npm run demo` shows the whole pipeline against a simulated exchange.',
  ].join('\n')
}

function liveText(status: CollectorStatus, refine: RefineThread | null): string {
  const { feed, backfill, lagUs } = status
  const parts = [
    `${status.venue} ${stateOf(status)}`,
    `${showCount(status.framesPerSecond)} frames/s`,
    `${showCount(status.records)} records kept`,
  ]
  if (refine !== null) parts.push(`${showCount(refine.accepted)} trades`)
  if (lagUs !== null) parts.push(`lag ${showDurationMs(Math.max(0, lagUs / 1000))}`)
  if (backfill !== null) {
    parts.push(`${backfill.open ?? '?'} holes open, ${showCount(backfill.found)} trades refilled`)
  }
  if (feed !== null && feed.connects > 1) parts.push(`${feed.connects} connections`)
  return parts.join('  ')
}

function stateOf({ feed }: CollectorStatus): string {
  if (feed === null) return 'polling'
  const flowing = feed.subscriptions.filter((one) => one.fact && one.state === 'flowing').length
  const wanted = feed.subscriptions.filter((one) => one.fact).length
  return `${feed.state}, ${flowing} of ${wanted} flowing`
}

/** Prints what collecting alone came to. */
export function printCollected(context: Context, summary: CollectorSummary): void {
  const { seconds, records, frames, connects, durablePos } = summary
  if (context.json) {
    printJson({ seconds, records, frames, connects, durable_pos: durablePos })
    return
  }
  printFacts([
    ['collected for', showDurationMs(seconds * 1000)],
    ['records kept', `${showCount(records)}, all on disk, below position ${showCount(durablePos)}`],
    ['frames', showCount(frames)],
    ['connections', showCount(connects)],
  ])
}

/** Prints what a run came to: what was saved, and what is left to do. */
export function printSummary(context: Context, summary: PipelineSummary): void {
  const { collected, refined } = summary
  if (context.json) {
    const { seconds, records, frames, connects } = collected
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
      refilled: collected.found,
      given_up: collected.gaveUp,
    })
    return
  }
  const { seconds, records, found, gaveUp } = collected
  printFacts([
    ['ran for', showDurationMs(seconds * 1000)],
    ['raw records', `${showCount(records)} kept, all on disk`],
    [
      'trades',
      `${showCount(refined.accepted)} stored, ${showCount(refined.duplicates)} duplicates`,
    ],
    ['refilled', `${showCount(found)} missing trades came from REST, ${gaveUp} holes given up`],
    [
      'set aside',
      `${showCount(refined.rejected)} rejected, ${showCount(refined.conflicts)} conflicts`,
    ],
  ])
}
