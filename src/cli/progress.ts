import { showBytes, showCount, showDurationMs } from './format.ts'
import { createStatusLine, type StatusLineOptions } from './status-line.ts'

/** How progress is shown. */
export interface ProgressOptions extends StatusLineOptions {
  /** What goes on: `rebuilding`. */
  readonly label: string
  /** How much there is in all, if known. */
  readonly total?: number
  /** What is counted, in the plural; `bytes` are shown as sizes. */
  readonly unit: string
}

/** Long work that tells how far it is, on standard error. */
export interface Progress {
  /** Tells how much is done by now; `extra` is added to the line. */
  update(done: number, extra?: string): void
  /** Tells how much there is in all, once that is known. */
  expect(total: number): void
  /** Ends it with a line that stays: how much, how long, how fast, and the summary. */
  done(summary?: string): void
}

const BAR_WIDTH = 20
// Weight of the newest stretch in the rate that is shown.
const RATE_WEIGHT = 0.3

/**
 * Returns progress with rate and time left: on a terminal one line with a bar, rewritten at
 * most ten times a second; elsewhere a plain line every few seconds.
 */
export function createProgress(options: ProgressOptions): Progress {
  const { label, unit, clock, stream = process.stderr } = options
  const isTty = options.isTty ?? stream.isTTY === true
  const line = createStatusLine({ ...options, stream, isTty })
  const amount = (value: number) => (unit === 'bytes' ? showBytes(value) : showCount(value))
  const counted = (value: number) =>
    unit === 'bytes' ? showBytes(value) : `${amount(value)} ${unit}`
  const startMs = clock.monotonicMs()
  let total = options.total
  let done = 0
  let drawn = { ms: startMs, done: 0 }
  let rate = 0
  const measure = () => {
    const nowMs = clock.monotonicMs()
    const stretchMs = nowMs - drawn.ms
    if (stretchMs <= 0) return
    const fresh = ((done - drawn.done) / stretchMs) * 1000
    rate = drawn.done === 0 ? fresh : rate + (fresh - rate) * RATE_WEIGHT
    drawn = { ms: nowMs, done }
  }
  const text = (extra: string | undefined) => {
    measure()
    const parts = [`${amount(rate)}/s`]
    if (total === undefined || total <= 0) parts.unshift(counted(done))
    else {
      const share = Math.min(1, done / total)
      const bar = isTty ? `${barOf(share)} ` : ''
      parts.unshift(`${bar}${Math.floor(share * 100)} %`, `${amount(done)} of ${counted(total)}`)
      if (rate > 0 && share < 1)
        parts.push(`${showDurationMs(((total - done) / rate) * 1000)} left`)
    }
    if (extra !== undefined) parts.push(extra)
    return `${label}: ${parts.join(', ')}`
  }
  return {
    update(value, extra) {
      done = value
      line.show(() => text(extra))
    },
    expect(value) {
      total = value
    },
    done(summary) {
      const tookMs = clock.monotonicMs() - startMs
      const speed = tookMs > 0 ? ` (${amount((done / tookMs) * 1000)}/s)` : ''
      const rest = summary === undefined ? '' : `: ${summary}`
      line.end(`${label}: ${counted(done)} in ${showDurationMs(tookMs)}${speed}${rest}`)
    },
  }
}

function barOf(share: number): string {
  const full = Math.round(share * BAR_WIDTH)
  return `[${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}]`
}
