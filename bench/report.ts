import { availableParallelism, cpus, release, totalmem } from 'node:os'
import type { Spread } from './spread.ts'
import { spreadOf } from './spread.ts'

/** What programs are given: null where it was not measured. */
export interface Figures {
  rebuild_per_s: number | null
  rebuild_vs_floor: number | null
  rebuild_vs_duckdb: number | null
  decode_vs_parse: number | null
  live_p50_ms: number | null
  live_p99_ms: number | null
  rss_mb: number | null
  compression: number | null
  /** Decoder against JSON.parse, by venue. */
  decode_venues: Readonly<Record<string, number>> | null
  venues_live_p50_ms: number | null
  venues_live_p99_ms: number | null
  venues_messages_per_s: number | null
  /** Resident memory in the last quarter, as a multiple of that in the first. */
  venues_rss_flat: number | null
  books_levels_per_s: number | null
  /** Processor time of an hour of indicators of 60 instruments, all written; if quick, of 6. */
  indicators_hour_ms: number | null
  gold_minutes_per_s: number | null
  /** Candles of a day against the same by SQL. */
  gold_vs_sql: number | null
  /** Of five years of hours of one asset. */
  flow_status_ms: number | null
  /** Of one core, while nothing is due. */
  flow_rest_percent: number | null
  flow_runs_per_s: number | null
}

/** One line of the table for people. */
export interface Row {
  readonly what: string
  readonly value: string
  /** Least and greatest of the rounds; empty where there is but one. */
  readonly range: string
  readonly note: string
}

/** Returns figures of which nothing is known yet. */
export function noFigures(): Figures {
  return {
    rebuild_per_s: null,
    rebuild_vs_floor: null,
    rebuild_vs_duckdb: null,
    decode_vs_parse: null,
    live_p50_ms: null,
    live_p99_ms: null,
    rss_mb: null,
    compression: null,
    decode_venues: null,
    venues_live_p50_ms: null,
    venues_live_p99_ms: null,
    venues_messages_per_s: null,
    venues_rss_flat: null,
    books_levels_per_s: null,
    indicators_hour_ms: null,
    gold_minutes_per_s: null,
    gold_vs_sql: null,
    flow_status_ms: null,
    flow_rest_percent: null,
    flow_runs_per_s: null,
  }
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** Writes a number as people read it, with three digits that count or more. */
export function showNumber(value: number): string {
  if (Math.abs(value) >= 100) return whole.format(value)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** Makes a line of the table from the rounds of one measurement. */
export function rowOf(
  what: string,
  values: readonly number[],
  more: { readonly unit?: string; readonly note?: string } = {},
): Row {
  const { median, least, greatest } = spreadOf(values) satisfies Spread
  const range = values.length > 1 ? `${showNumber(least)}–${showNumber(greatest)}` : ''
  const value = `${showNumber(median)}${more.unit === undefined ? '' : ` ${more.unit}`}`
  return { what, value, range, note: more.note ?? '' }
}

/** Keeps four digits that count: more would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

/** Says what the figures were measured on. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const cores = availableParallelism()
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`
  const { node, sqlite, v8, zstd } = process.versions
  return [
    `${cores} × ${model}, ${memory}, ${process.platform} ${release()} ${process.arch}`,
    `Node ${node}, V8 ${v8}, SQLite ${sqlite ?? '?'}, zstd ${zstd ?? '?'}`,
  ].join('\n')
}

/** Lays rows out in columns. */
export function tableText(rows: readonly Row[]): string {
  const titles: Row = { what: 'measured', value: 'median', range: 'min–max', note: '' }
  const lines = [titles, ...rows]
  const width = (key: keyof Row) => Math.max(...lines.map((row) => row[key].length))
  const [what, value, range] = [width('what'), width('value'), width('range')]
  return lines
    .map((row) => {
      const columns = [row.what.padEnd(what), row.value.padStart(value), row.range.padEnd(range)]
      return [...columns, row.note].join('  ').trimEnd()
    })
    .join('\n')
}
