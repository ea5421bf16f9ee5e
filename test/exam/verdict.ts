import type { ExamFindings } from './exam.ts'

/** The figures of an examination, as `--json` prints them. */
export type Figures = Readonly<Record<string, number | boolean | string | null>> & {
  readonly passed: boolean
}

/** Returns the least value that `part` of the ascending values do not exceed; `null` of none. */
function quantile(ascending: readonly number[], part: number): number | null {
  return ascending[Math.max(0, Math.ceil(part * ascending.length) - 1)] ?? null
}

const percent = (part: number, whole: number) => (whole === 0 ? 100 : (100 * part) / whole)
const rounded = (value: number | null, places = 0) =>
  value === null ? null : Number(value.toFixed(places))

const REPAIRED_PCT_MIN = 99
const STALL_MS_MAX = 6000

/** One demand of the issue: what it is, what it came to, and whether that will do. */
export interface Demand {
  readonly name: string
  readonly found: string
  readonly isMet: boolean
}

/** Returns every demand and how it was met. */
export function demandsOf(findings: ExamFindings): readonly Demand[] {
  const { trades, candles, stalls, restarts, snapshots, sitting, requests } = findings
  const p99 = quantile(stalls.noticedMs, 0.99)
  const none = (name: string, count: number) => ({ name, found: `${count}`, isMet: count === 0 })
  const all = (name: string, part: number, whole: number) => ({
    name,
    found: `${part} of ${whole}`,
    isMet: part === whole,
  })
  const demands: Demand[] = [
    { name: 'the run ended well', found: `status ${sitting.status}`, isMet: sitting.status === 0 },
    {
      name: 'healed in time',
      found: `${sitting.healSeconds.toFixed(1)} s`,
      isMet: sitting.isHealed,
    },
    none('trades lost silently', trades.lostSilently),
    none('trades held more than once', trades.duplicated),
    none('trades held otherwise than made', trades.different),
    none('trades held and never made', trades.invented),
    none('holes left open that REST can reach', findings.openReachable),
    all('trades told to no socket that were found', trades.detected, trades.undelivered),
    all('holes that were found', trades.holesDetected, trades.holes),
    all('skipped ids that are listed', trades.skippedListed, trades.skipped),
    {
      name: `repaired of what REST has, at least ${REPAIRED_PCT_MIN} %`,
      found: `${trades.repaired} of ${trades.reachable}`,
      isMet: percent(trades.repaired, trades.reachable) >= REPAIRED_PCT_MIN,
    },
    none('stalls that were not noticed', stalls.unnoticed),
    {
      name: `stalls noticed, p99 within ${STALL_MS_MAX} ms`,
      found: p99 === null ? 'none was measured' : `${p99.toFixed(0)} ms`,
      isMet: p99 !== null && p99 <= STALL_MS_MAX,
    },
    none('requests sent during a ban', requests.whileBanned),
    none('messages beyond a limit', requests.messagesOverLimit),
    none('quiet products driven anew without a ground', restarts.falseQuiet),
    all(
      'complete candles equal to the truth',
      candles.equal,
      candles.complete - candles.beyondEvidence,
    ),
    none('minutes with trades and without a row', candles.absent),
    all('snapshots of coins held', snapshots.equal, snapshots.told),
    none('snapshots nobody told', snapshots.held - snapshots.equal),
    { name: 'the raw log verifies', found: `${findings.logOk}`, isMet: findings.logOk },
  ]
  if (findings.rebuildEqual === null) return demands
  const isMet = findings.rebuildEqual
  return [...demands, { name: 'a rebuild proves the same', found: `${isMet}`, isMet }]
}

/** Returns the figures, in one line's worth. */
export function figuresOf(findings: ExamFindings): Figures {
  const { trades, candles, stalls, restarts, snapshots, sitting, requests, options } = findings
  return {
    seed: options.seed,
    quick: options.isQuick,
    minutes: rounded(findings.seconds / 60, 1),
    trades: trades.made,
    faults: findings.faults,
    lost_silently: trades.lostSilently,
    duplicated: trades.duplicated,
    different: trades.different,
    invented: trades.invented,
    listed_as_lost: trades.listed,
    listed_as_never: trades.hiddenAsNever,
    out_of_scope: trades.outOfScope,
    undelivered: trades.undelivered,
    holes: trades.holes,
    detected_pct: rounded(percent(trades.detected, trades.undelivered), 3),
    repaired_pct: rounded(percent(trades.repaired, trades.reachable), 3),
    open_holes: findings.openReachable,
    stalls: stalls.noticedMs.length,
    stall_p50_ms: rounded(quantile(stalls.noticedMs, 0.5)),
    stall_p99_ms: rounded(quantile(stalls.noticedMs, 0.99)),
    requests: requests.total,
    requests_while_banned: requests.whileBanned,
    requests_limited: requests.limited,
    messages_over_limit: requests.messagesOverLimit,
    restarts: restarts.total,
    false_restarts: restarts.falseQuiet,
    false_restarts_busy: restarts.falseBusy,
    candles: candles.complete,
    candles_equal: candles.equal,
    candles_beyond_evidence: candles.beyondEvidence,
    candles_incomplete: candles.incomplete,
    candles_unexplained: candles.unexplained,
    snapshots: snapshots.held,
    snapshots_equal: snapshots.equal,
    polls: snapshots.polls,
    reconnects: findings.connects,
    heal_seconds: rounded(sitting.healSeconds, 1),
    stop_ms: rounded(sitting.stopMs),
    rss_mib_early: rounded(findings.memory.early),
    rss_mib_late: rounded(findings.memory.late),
    rss_mib_peak: rounded(findings.memory.peak),
    log_ok: findings.logOk,
    rebuild_equal: findings.rebuildEqual,
    passed: demandsOf(findings).every(({ isMet }) => isMet),
  }
}
