import type { Expression, ExpressionWrapper } from 'kysely'
import { expressionBuilder } from 'kysely'

/**
 * The only ways to add up, order or compare decimals in a query.
 *
 * SQLite keeps decimals as text, where `max('9.5', '10')` is 9.5. These become calls of
 * `dec_sum`, `dec_max`, `dec_min` and `dec_cmp`: functions of ours on an SQLite connection,
 * and names that the compiler of a database with native decimals turns into its own.
 */
type DecimalText = Expression<string> | Expression<string | null>
type Answer<T> = ExpressionWrapper<never, never, T>

/** Returns the exact sum over a group's rows; null over none. */
export function decSum(decimal: DecimalText): Answer<string | null> {
  return call('dec_sum', [decimal])
}

/** Returns the greatest of a group's rows by value; null over none. */
export function decMax(decimal: DecimalText): Answer<string | null> {
  return call('dec_max', [decimal])
}

/** Returns the least of a group's rows by value; null over none. */
export function decMin(decimal: DecimalText): Answer<string | null> {
  return call('dec_min', [decimal])
}

/** Returns -1, 0 or 1 as `a` is below, equal to or above `b`; null where either is. */
export function decCompare(a: DecimalText, b: DecimalText): Answer<number | null> {
  return call('dec_cmp', [a, b])
}

function call<T>(name: string, args: readonly DecimalText[]): Answer<T> {
  return expressionBuilder<never, never>().fn<T>(name, args)
}
