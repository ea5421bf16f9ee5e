import type { FaultKind, OpenFault } from './fault.ts'

/** Kinds that lie in wait for something to happen to one product. */
export const SYMBOL_KINDS = [
  'ack_withheld',
  'reject',
  'kline_late',
  'kline_missing',
  'book_corrupt',
] as const

/** One of {@link SYMBOL_KINDS}. */
export type SymbolKind = (typeof SYMBOL_KINDS)[number]

/** Whether a kind is one of {@link SYMBOL_KINDS}. */
export function isSymbolKind(kind: FaultKind): kind is SymbolKind {
  return (SYMBOL_KINDS as readonly FaultKind[]).includes(kind)
}

/** Faults waiting for the next subscription to, candle or book of, their product. */
export interface SymbolFaults {
  add(kind: SymbolKind, product: string, fault: OpenFault): void
  /** The fault that strikes now, counted as struck; `null` where none waits. */
  take(kind: SymbolKind, product: string): OpenFault | null
}

/** Returns an empty list. */
export function createSymbolFaults(): SymbolFaults {
  const waiting = new Map<string, { left: number; readonly fault: OpenFault }[]>()
  return {
    add(kind, product, fault) {
      const key = `${kind} ${product}`
      const list = waiting.get(key) ?? []
      waiting.set(key, list)
      list.push({ left: fault.record.request.count ?? 1, fault })
    },
    take(kind, product) {
      if (waiting.size === 0) return null
      const list = waiting.get(`${kind} ${product}`)
      const next = list?.[0]
      if (list === undefined || next === undefined) return null
      next.left -= 1
      if (next.left === 0) list.shift()
      next.fault.hit()
      return next.fault
    },
  }
}
