/** Our own mistake: an invariant did not hold. The process stops, restarts and replays the log. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

/**
 * Stops with an {@link AssertionFailure} unless `condition` is truthy.
 *
 * For what only a mistake in this code can break. Bad input from a venue is a value, and a
 * failing disk or network is an `AssayError`; neither belongs here. `why` states what should
 * have been true.
 */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new AssertionFailure(why)
}
