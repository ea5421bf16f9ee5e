import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { assert } from '../../core/assert.ts'
import type { Decimal, DecimalSum } from '../../market/decimal.ts'
import {
  addDecimalToSum,
  compareDecimal,
  createSum,
  decimalText,
  parseDecimal,
  sumDecimal,
} from '../../market/decimal.ts'

/**
 * Teaches a connection exact arithmetic on decimal text: `dec_sum`, `dec_max` and `dec_min`
 * over rows, and `dec_cmp(a, b)`, which is -1, 0 or 1.
 *
 * They treat null as SQL does: aggregates pass it by (and are null over nothing), and a
 * comparison with it is null. Text that is no decimal stops the query.
 */
export function registerDecimals(database: DatabaseSync): void {
  database.function('dec_cmp', { deterministic: true, directOnly: false }, (a, b) => {
    if (a === null || b === null) return null
    if (a === b) return 0
    return compareDecimal(readDecimal(a), readDecimal(b))
  })
  aggregate(database, 'dec_sum', {
    start: (): { sum: DecimalSum; any: boolean } => ({ sum: createSum(), any: false }),
    step(state, decimal) {
      addDecimalToSum(state.sum, decimal)
      state.any = true
    },
    result: ({ sum, any }) => (any ? sumDecimal(sum) : null),
  })
  for (const [name, sign] of [
    ['dec_max', 1],
    ['dec_min', -1],
  ] as const) {
    aggregate(database, name, {
      start: (): { best: Decimal | null } => ({ best: null }),
      step(state, decimal) {
        if (state.best === null || compareDecimal(decimal, state.best) === sign) {
          state.best = decimal
        }
      },
      result: ({ best }) => best,
    })
  }
}

interface DecimalAggregate<State> {
  start(): State
  step(state: State, decimal: Decimal): void
  result(state: State): Decimal | null
}

function aggregate<State>(
  database: DatabaseSync,
  name: string,
  { start, step, result }: DecimalAggregate<State>,
): void {
  // The runtime carries any value from step to step, though its types name only SQL's own.
  type Carried = () => string
  database.aggregate(name, {
    deterministic: true,
    start: start as unknown as Carried,
    step(carried, value) {
      if (value !== null) step(carried as State, readDecimal(value as SQLOutputValue))
      return carried
    },
    result(carried) {
      const decimal = result(carried as State)
      return decimal === null ? null : decimalText(decimal)
    },
  })
}

function readDecimal(value: SQLOutputValue): Decimal {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
  const decimal = typeof text === 'string' ? parseDecimal(text) : null
  assert(decimal !== null, 'a decimal column holds decimal text')
  return decimal
}
