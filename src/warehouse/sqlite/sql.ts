import type { BaseKind, SqlDialect } from '../dialect.ts'

const columnType = (kind: BaseKind) => {
  if (kind === 'real') return 'real'
  return kind === 'integer' || kind === 'flag' ? 'integer' : 'text'
}

/**
 * SQLite's SQL. Decimals are canonical text (as fast to insert as floats, and exact); tables
 * are strict, so a float where an integer belongs is refused instead of kept.
 */
export const sqliteSql: SqlDialect = {
  columnType,
  cast: (expression, kind) => `cast(${expression} as ${columnType(kind)})`,
  tableEnd: 'strict, without rowid',
  isoTime: (timeUs) =>
    `strftime('%Y-%m-%dT%H:%M:%S', ${timeUs} / 1000000, 'unixepoch')` +
    ` || printf('.%06dZ', ${timeUs} % 1000000)`,
  approximate: (decimal) => `cast(${decimal} as real)`,
  nameOf: (code, names) =>
    `case ${code} ${names.map((name, index) => `when ${index} then '${name}'`).join(' ')} end`,
}
