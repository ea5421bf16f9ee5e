import { expect, test } from 'vitest'
import { mask } from './mask.ts'
import type { Source } from './sources.ts'
import { findings, sourcesIn } from './sources.ts'

// Columns of decimal text. As text they neither sort nor compare as numbers: '9.5' > '10'.
const COLUMN = '(?:price|size|open|high|low|close|volume|notional|taker_buy_volume|vwap)'
const NAMED = `(?:\\w+\\.)?["\`]?${COLUMN}["\`]?(?![\\w.])`

const IN_SQL = [
  new RegExp(`\\b(?:max|min|sum|avg|total)\\s*\\(\\s*(?:distinct\\s+)?${NAMED}`, 'gi'),
  new RegExp(`\\border\\s+by\\b(?:(?!\\blimit\\b)[^;)])*?(?<!\\w)${NAMED}`, 'gi'),
  new RegExp(`(?<![\\w.])${NAMED}\\s*(?:<=|>=|<>|<|>)`, 'gi'),
  new RegExp(`(?:<=|>=|<>|<|>)\\s*${NAMED}`, 'gi'),
  new RegExp(`(?<![\\w.])${NAMED}\\s+between\\b`, 'gi'),
]

const QUOTED = `['"\`](?:\\w+\\.)?${COLUMN}['"\`]`

const IN_BUILDER = [
  new RegExp(`\\.(?:orderBy|max|min|sum|avg)\\s*(?:<[^>()]*>)?\\s*\\(\\s*${QUOTED}`, 'g'),
  new RegExp(`\\.(?:where|having|on|eb)\\w*\\s*\\(\\s*${QUOTED}\\s*,\\s*['"][<>]`, 'g'),
]

const INSTEAD = 'decimal text: use dec_sum, dec_max, dec_min or dec_cmp, in src/warehouse'
const SQL = /\b(select|insert|update|delete|where|having|order by|group by|from|join)\b/i

function offences(source: Source): string[] {
  const inSql = IN_SQL.flatMap((pattern) =>
    findings(source, source.strings, pattern, INSTEAD).filter(
      (found) => SQL.test(found) || SQL.test(around(source, found)),
    ),
  )
  const inBuilder = IN_BUILDER.flatMap((pattern) => findings(source, source.text, pattern, INSTEAD))
  return [...inSql, ...inBuilder]
}

/** The strings of the ten lines around a finding: SQL is written over several. */
function around(source: Source, found: string): string {
  const line = Number(/:(\d+):/.exec(found)![1])
  return source.strings
    .split('\n')
    .slice(Math.max(0, line - 6), line + 5)
    .join('\n')
}

const sourceOf = (raw: string): Source => {
  return { path: 'x.ts', raw, lines: raw.split('\n'), isTest: false, ...mask(raw) }
}

test('decimal text is aggregated, ordered and compared by the dialect alone', () => {
  const outside = sourcesIn('src').filter(
    ({ path, isTest }) => !isTest && !path.startsWith('src/warehouse/'),
  )
  expect(outside.flatMap(offences)).toEqual([])
})

test.each([
  'sql`select max(price) from silver_trades`',
  'sql`select sum(t.size) from silver_trades t`',
  'sql`select * from candles_1m order by volume desc`',
  'sql`select * from candles_1m order by open_time_us, close desc limit 1`',
  'sql`select * from silver_trades where price > ${least}`',
  'sql`select * from silver_trades where size between 1 and 2`',
  "db.selectFrom('candles').orderBy('volume', 'desc')",
  "db.fn.max<string>('t.price')",
  "query.where('price', '>', least)",
])('the check sees %s', (raw) => {
  expect(offences(sourceOf(raw))).not.toEqual([])
})

test.each([
  'sql`select dec_max(price) from silver_trades order by event_time_us`',
  'sql`select price, size from silver_trades where trade_id > ${id} order by trade_id`',
  'sql`select min(open_time_us) from candles_1m`',
  'const top = Math.max(open, close)',
  "throw new Error('price must be > 0')",
  "query.where('price', '=', text)",
])('the check lets %s be', (raw) => {
  expect(offences(sourceOf(raw))).toEqual([])
})
