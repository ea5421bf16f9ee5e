import type { HistoryRange, HistoryStep, PageSummary, Venue } from '../venues/venue.ts'
import type { Diary } from './diary.ts'
import type { OnTrade } from './page-summary.ts'
import type { Priority } from './rate-budget.ts'
import type { RestClient } from './rest-client.ts'

/** How far a walk through history has come. */
export interface HistoryProgress {
  readonly pages: number
  /** Trades (or candles) read, those outside the range included. */
  readonly trades: number
  readonly leastId: number
  readonly greatestId: number
  /** Epoch microseconds; 0 until a page held something. */
  readonly leastTimeUs: number
  readonly greatestTimeUs: number
}

/** How a walk ended. */
export interface HistoryOutcome extends HistoryProgress {
  /**
   * `done`: the venue's pager says there is no more; `refused`: the venue's definite answer was
   * not a page; `paused`: as many pages as were allowed; `stuck`: two pages running brought
   * nothing new, so the cursor does not advance; a look for the beginning is none of them.
   */
  readonly ended: 'done' | 'refused' | 'paused' | 'stuck'
  /** Whether the pages reached the ids at both ends of the range, where ids are known. */
  readonly covered: boolean
  /** Status of the last answer; 0 if none was needed. */
  readonly status: number
  /** Where the pages stand in the log, for a verdict's evidence. */
  readonly evidence: string
}

/** What history to walk, and why. */
export interface HistoryDrive {
  readonly range: HistoryRange
  /** @default 'trades' */
  readonly kind?: 'trades' | 'candles'
  readonly priority: Priority
  readonly signal: AbortSignal
  /** Written into the diary before the first page; absent where a live poll walks. */
  readonly reason?: {
    readonly cause: 'hole' | 'request'
    /** What exactly is wanted and for which time, where the walk looks beyond it. */
    readonly wanted?: readonly { readonly range: HistoryRange; readonly attempt: number }[]
  }
  /** Pages after which the walk pauses, looks for its beginning not counted. @default no limit */
  readonly pagesMax?: number
  readonly onTrade?: OnTrade
  readonly onPage?: (progress: HistoryProgress) => void
}

/**
 * Walks a venue's history page by page into the log, until its pager says that the range is
 * covered.
 *
 * Every page is in the log before the next is asked for, so an interrupted walk loses nothing
 * and may be walked again.
 *
 * @throws what {@link RestClient.get} throws when a page cannot be had.
 */
export async function driveHistory(
  tools: { readonly venue: Venue; readonly rest: RestClient; readonly diary: Diary },
  drive: HistoryDrive,
): Promise<HistoryOutcome> {
  const { venue, rest, diary } = tools
  const { cause, wanted = [{ range: drive.range, attempt: 1 }] } = drive.reason ?? { wanted: [] }
  for (const { range, attempt } of wanted) {
    if (cause) diary.write({ event: 'backfill', venue: venue.id, cause, ...range, attempt })
  }
  const next = (previous: { page: PageSummary; state: unknown } | null): HistoryStep =>
    drive.kind === 'candles'
      ? venue.history.nextCandles(drive.range, previous)
      : venue.history.next(drive.range, previous)
  const { priority, signal, onTrade } = drive
  let progress = NOTHING
  let page: PageSummary | null = null
  let frames: readonly [number, number] | null = null
  const flaws = new Set<string>()
  const end = (ended: HistoryOutcome['ended']): HistoryOutcome => {
    const covered = drive.kind === 'candles' || isCovered(drive.range, progress)
    if (!covered && ended === 'done') flaws.add('ends before the range does')
    const evidence = evidenceOf(rest.conn, frames, { progress, flaws })
    return { ...progress, ended, covered, status: page?.status ?? 0, evidence }
  }
  let repeats = 0
  let walked = 0
  for (let step = next(null); !step.done; ) {
    const answer = await rest.get(step.request, { priority, signal, ...(onTrade && { onTrade }) })
    const isRepeat = page !== null && bringsNothing(answer.page, page)
    // Looks are bounded by themselves, and of a quiet market all of them find the same.
    repeats = isRepeat && step.isLook !== true ? repeats + 1 : 0
    if (step.isLook !== true) walked += 1
    page = answer.page
    frames = [frames?.[0] ?? answer.record.frame, answer.record.frame]
    if (answer.refused !== null) return end('refused')
    if (answer.flaw !== null && flaws.size < FLAWS_MAX) flaws.add(answer.flaw)
    progress = extend(progress, page)
    drive.onPage?.(progress)
    if (repeats >= REPEATS_MAX) return end('stuck')
    step = next({ page, state: step.state })
    if (!step.done && walked >= (drive.pagesMax ?? Infinity)) return end('paused')
  }
  return end('done')
}

// Two cursors on either side of ids that were never used give one page: once is no proof.
const REPEATS_MAX = 2
const FLAWS_MAX = 5

const NOTHING: HistoryProgress = {
  pages: 0,
  trades: 0,
  leastId: 0,
  greatestId: 0,
  leastTimeUs: 0,
  greatestTimeUs: 0,
}

function extend(progress: HistoryProgress, page: PageSummary): HistoryProgress {
  const pages = progress.pages + 1
  if (page.count === 0) return { ...progress, pages }
  const first = progress.trades === 0
  return {
    pages,
    trades: progress.trades + page.count,
    leastId: first ? page.leastId : Math.min(progress.leastId, page.leastId),
    greatestId: Math.max(progress.greatestId, page.greatestId),
    leastTimeUs: first ? page.leastTimeUs : Math.min(progress.leastTimeUs, page.leastTimeUs),
    greatestTimeUs: Math.max(progress.greatestTimeUs, page.greatestTimeUs),
  }
}

/**
 * Whether a page holds nothing beyond the page before it. One that overlaps and goes further is
 * in order: venues that page by time do that. Empty pages are one if they were asked for alike.
 */
function bringsNothing(page: PageSummary, before: PageSummary): boolean {
  if (page.count === 0) return before.count === 0 && page.request.path === before.request.path
  return (
    before.count > 0 &&
    page.leastId >= before.leastId &&
    page.greatestId <= before.greatestId &&
    page.leastTimeUs >= before.leastTimeUs &&
    page.greatestTimeUs <= before.greatestTimeUs
  )
}

/**
 * Whether pages that came to `progress` reach the ids at both ends of a range. Ends that are
 * known by time alone say nothing: there may be no trade at just that time.
 */
function isCovered({ firstId, lastId }: HistoryRange, progress: HistoryProgress): boolean {
  if (firstId === null && lastId === null) return true
  if (progress.trades === 0) return false
  const below = firstId === null || progress.leastId <= firstId
  return below && (lastId === null || progress.greatestId >= lastId)
}

function evidenceOf(
  conn: string,
  frames: readonly [number, number] | null,
  found: { readonly progress: HistoryProgress; readonly flaws: ReadonlySet<string> },
): string {
  if (frames === null) return 'no page was asked for'
  const { progress, flaws } = found
  const ids = progress.trades === 0 ? 'no trade' : `ids ${progress.leastId}..${progress.greatestId}`
  const odd = flaws.size === 0 ? '' : ` (${[...flaws].join('; ')})`
  return `${ids} on ${progress.pages} pages, frames ${frames[0]}..${frames[1]} of ${conn}${odd}`
}
