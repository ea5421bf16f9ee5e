/**
 * What kind of thing a column holds. A question mark lets it be null.
 *
 * `name` is short text that keys may use; `decimal` is (38, 18) and `notional` (50, 24); `real`
 * is a double, for analytics alone.
 */
export type ColumnKind = BaseKind | `${BaseKind}?`
/** A kind without its question mark. */
export type BaseKind = 'integer' | 'flag' | 'name' | 'text' | 'decimal' | 'notional' | 'real'

/**
 * Where databases differ in the SQL that creates tables and views. Expressions are SQL text
 * made of column names that we wrote ourselves, never of anything a person typed.
 */
export interface SqlDialect {
  /** Returns the database's type for a kind, without its nullability. */
  columnType(kind: BaseKind): string
  /** What follows `create table (…)` where the primary key is to be the row's place. */
  readonly tableEnd: string
  /** An expression as a value of a kind. */
  cast(expression: string, kind: BaseKind): string
  /** RFC 3339 text in UTC with six decimals, from epoch microseconds. */
  isoTime(timeUs: string): string
  /** A decimal as a float: for people's eyes, never for proof. */
  approximate(decimal: string): string
  /** An index into `names`, as its name. */
  nameOf(code: string, names: readonly string[]): string
}

/** Returns a kind without its question mark, and whether it had one. */
export function splitKind(kind: ColumnKind): { base: BaseKind; nullable: boolean } {
  const nullable = kind.endsWith('?')
  return { base: (nullable ? kind.slice(0, -1) : kind) as BaseKind, nullable }
}
