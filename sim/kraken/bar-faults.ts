import type { SymbolFaults } from '../faults/symbol-faults.ts'

/** A bar that is told late. */
export interface LateBar {
  readonly product: string
  readonly openTimeUs: number
  readonly dueUs: number
}

/** Keeps one-minute bars back: for good, or until well after their minute. */
export interface BarFaults {
  /** Whether an update of this bar is kept back; takes a waiting fault if there is one. */
  holds(product: string, openTimeUs: number): boolean
  /** Bars whose time has come, each once. */
  due(nowUs: number): readonly LateBar[]
}

const MINUTE_US = 60_000_000
const LATE_MS_DEFAULT = 500

/**
 * Returns a keeper of bars: `kline_missing` silences the rest of a minute, so that its bar stays
 * short of trades; `kline_late` does too, and tells the whole bar `ms` after the minute's end.
 */
export function createBarFaults(faults: SymbolFaults): BarFaults {
  const held = new Map<string, number>()
  let late: LateBar[] = []
  return {
    holds(product, openTimeUs) {
      if (held.get(product) === openTimeUs) return true
      const missing = faults.take('kline_missing', product)
      const fault = missing ?? faults.take('kline_late', product)
      if (fault === null) return false
      fault.touchMinute(openTimeUs)
      held.set(product, openTimeUs)
      if (missing === null) {
        const { ms = LATE_MS_DEFAULT } = fault.record.request
        late.push({ product, openTimeUs, dueUs: openTimeUs + MINUTE_US + ms * 1000 })
      }
      return true
    },
    due(nowUs) {
      if (late.length === 0) return late
      const ready = late.filter((bar) => bar.dueUs <= nowUs)
      if (ready.length > 0) late = late.filter((bar) => bar.dueUs > nowUs)
      return ready
    },
  }
}
