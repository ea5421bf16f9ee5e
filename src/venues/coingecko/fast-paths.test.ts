import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalDecimal } from '../../market/decimal.ts'
import { parseTimeUs } from '../../market/time.ts'
import { type Decoded, decodeAll, recordOf } from '../decoded.ts'
import { decoderOf } from '../index.ts'
import { REST_DIALECT } from './endpoint.ts'

const BASE = 'https://api.coingecko.com/api/v3'

function decode(text: string, channel: string, path: string): Decoded {
  const request = { url: BASE + path, status: 200 }
  const about = { channel, origin: 'rest', request, receivedTimeUs: 1_890_689_560_000_000 } as const
  return decodeAll(decoderOf(REST_DIALECT), recordOf(text, { dialect: REST_DIALECT, ...about }))
}

const markets = (text: string) => decode(text, 'markets', '/coins/markets?vs_currency=usd')

/** Rows as they come, each its names and the source of its values. */
type Members = readonly (readonly [name: string, source: string])[]

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`))
const whole = fc.oneof(
  fc.constant('0'),
  fc.tuple(fc.integer({ min: 1, max: 9 }), digits(16)).map(([first, rest]) => `${first}${rest}`),
)
const exponent = fc
  .tuple(fc.constantFrom('e-', 'e-0', 'E-', 'e', 'e+', 'E+0'), fc.integer({ min: 0, max: 30 }))
  .map(([letter, value]) => `${letter}${value}`)
/** Any number as JSON has it, often with zeros at its end. */
const numbers = fc
  .tuple(
    fc.constantFrom('', '', '', '-'),
    whole,
    fc.oneof(
      fc.constant(''),
      fc.constantFrom('.0', '.50', '.000'),
      digits(45).map((d) => `.${d}`),
    ),
    fc.oneof(fc.constant(''), fc.constant(''), exponent),
  )
  .map((parts) => parts.join(''))
const plain = fc.tuple(whole, digits(12)).map(([before, after]) => `${before}.${after}`)
const texts = fc.constantFrom(
  '""',
  '"btc"',
  '"a\\"b"',
  '"\\u0041"',
  '"back\\\\"',
  '"ペペ"',
  '"1"',
  '"https://a.b/c.png?1"',
)
const odd = fc.oneof(numbers, texts, fc.constantFrom('null', 'true', '{}', '[1,"]"]', '{"a":"}"}'))

const NAMES: readonly (readonly [name: string, values: fc.Arbitrary<string>])[] = [
  ['id', fc.constantFrom('"bitcoin"', '"pepe"', '"solana"')],
  ['symbol', fc.constantFrom('"btc"', '"pepe"', '"ペ"', 'null')],
  ['name', fc.constantFrom('"Bitcoin"', '"Pepe the \\"frog\\""', '"ペペ"', 'null')],
  ['image', texts],
  ['current_price', fc.oneof(plain, numbers, fc.constant('null'))],
  ['market_cap_rank', fc.constantFrom('1', '250', 'null', '17.0', '1e2', '123456789')],
  ['low_24h', fc.oneof(plain, fc.constant('null'))],
  ['ath', numbers],
  ['roi', fc.constantFrom('null', '{"times":1.5,"currency":"b}tc"}')],
  ['price_change_24h', fc.oneof(plain, numbers)],
  ['last_updated', fc.constantFrom('"2024-01-14T19:50:46.756Z"', 'null')],
]
const alike: fc.Arbitrary<Members> = fc
  .tuple(...NAMES.map(([, values]) => values))
  .map((values) => values.map((value, i) => [NAMES[i]?.[0] as string, value]))

/** What may become of a row on its way. */
const change = fc.record({
  what: fc.constantFrom('none', 'none', 'drop', 'twice', 'extra', 'swap', 'value', 'name', 'space'),
  at: fc.nat(30),
  to: fc.nat(30),
  value: odd,
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function changed(row: Members, { what, at, to, value }: Change): Members {
  const i = at % row.length
  const k = to % row.length
  const own = row[i] as Members[number]
  const put = (...members: Members) => row.toSpliced(i, 1, ...members)
  if (what === 'drop') return put()
  if (what === 'twice') return row.toSpliced(k, 0, [own[0], value])
  if (what === 'extra') return put(own, ['brand_new', value])
  if (what === 'swap') return row.with(i, row[k] as Members[number]).with(k, own)
  if (what === 'value') return put([own[0], value])
  if (what === 'name')
    return put([`\\u00${own[0].charCodeAt(0).toString(16)}${own[0].slice(1)}`, own[1]])
  return row
}

const write = (row: Members, space: string) =>
  `{${space}${row.map(([name, value]) => `"${name}":${space}${value}`).join(`,${space}`)}${space}}`

const pages = fc
  .tuple(
    fc.array(fc.tuple(alike, change), { minLength: 1, maxLength: 6 }),
    fc.constantFrom('', '', '\n '),
  )
  .map(([rows, space]) =>
    rows.map(([row, one]) => write(changed(row, one), one.what === 'space' ? ' ' : space)),
  )

/** Sources of the numbers of a value that `JSON.parse` reads; text and the like as it is. */
function parsed(text: string): Record<string, unknown> {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => Record<string, unknown>
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' ? { source: source as string } : value,
  )
}

function figureOf(value: unknown): string | null | undefined {
  if (value === null || value === undefined) return null
  const source = (value as { source?: unknown }).source
  return typeof source === 'string' ? (canonicalDecimal(source) ?? undefined) : undefined
}

describe('rows of a page that are written alike', () => {
  test('say what they would say alone, whatever differs between them', () => {
    fc.assert(
      fc.property(pages, (rows) => {
        const together = markets(`[${rows.join()}]`)
        // A row that names nothing else is learned, so that the next one is read without help.
        const alone = rows.map((row) => markets(`[{"id":"first"},${row}]`))
        const bare = (decoded: Decoded) => ({
          snapshots: decoded.snapshots.map((one) => ({ ...one, item: 0 })),
          listings: decoded.listings,
          faults: decoded.rejections.map(({ reason, detail }) => ({ reason, detail })),
        })
        const found = bare(together)
        const wanted = alone.map(bare)
        expect(found.snapshots).toEqual(wanted.flatMap(({ snapshots }) => snapshots.slice(1)))
        expect(found.listings).toEqual(wanted.flatMap(({ listings }) => listings))
        expect(found.faults).toEqual(wanted.flatMap(({ faults }) => faults))
        const items = [...together.snapshots, ...together.rejections].map(({ item }) => item)
        expect(items.toSorted((a, b) => a - b)).toEqual(rows.map((_, item) => item))
      }),
      { numRuns: 1500 },
    )
  })

  test('say what JSON.parse says of them', () => {
    fc.assert(
      fc.property(pages, (rows) => {
        for (const snapshot of markets(`[${rows.join()}]`).snapshots) {
          const row = parsed(rows[snapshot.item] as string)
          expect(snapshot.symbol).toBe(row.id)
          expect(snapshot.ticker).toBe(row.symbol ?? null)
          expect(snapshot.name).toBe(row.name ?? null)
          expect(snapshot.price).toBe(figureOf(row.current_price))
          expect(snapshot.low24h).toBe(figureOf(row.low_24h))
          expect(snapshot.priceChange24h).toBe(figureOf(row.price_change_24h))
          const rank = figureOf(row.market_cap_rank)
          expect(snapshot.marketCapRank).toBe(rank === null ? null : Number(rank))
          const time = row.last_updated ?? null
          expect(snapshot.lastUpdatedUs).toBe(time === null ? null : parseTimeUs(time as string))
        }
      }),
      { numRuns: 1500 },
    )
  })

  test('are read though a text ends in a backslash, or a name in a bracket', () => {
    const row = (id: string, image: string) => `{"id":"${id}","image":${image},"max_supply":1}`
    const { snapshots } = markets(
      `[${row('a', '"x"')},${row('b', '"\\\\"')},${row('c', '"\\"]}"')}]`,
    )
    expect(snapshots.map(({ symbol, maxSupply }) => [symbol, maxSupply])).toEqual([
      ['a', '1'],
      ['b', '1'],
      ['c', '1'],
    ])
  })

  test('are refused alone where they say the wrong thing', () => {
    const rows = ['1', '"2"', '3', '-4', '1e99', '5'].map((price, i) => {
      return `{"id":"c${i}","current_price":${price}}`
    })
    const { snapshots, rejections } = markets(`[${rows.join()}]`)
    expect(snapshots.map(({ price }) => price)).toEqual(['1', '3', '5'])
    expect(rejections.map(({ item, reason }) => [item, reason])).toEqual([
      [1, 'bad_decimal'],
      [3, 'not_positive'],
      [4, 'bad_decimal'],
    ])
  })

  test('mean the last of a name that is given twice, in every row', () => {
    const twice = (first: string, last: string) => {
      const row = `{"id":"a","max_supply":${first},"max_supply":${last}}`
      return markets(`[${row},${row},${row}]`).snapshots.map(({ maxSupply }) => maxSupply)
    }
    expect(twice('1', 'null')).toEqual([null, null, null])
    expect(twice('1', '2')).toEqual(['2', '2', '2'])
    expect(twice('"1"', '2')).toEqual(['2', '2', '2'])
  })

  test('are not mixed up where they are many and long', () => {
    const names = Array.from({ length: 80 }, (_, i) => `"${'n'.repeat(i)}":${i}`)
    const row = (id: number) => `{"id":"c${id}",${names.join()},"ath":1,"max_supply":${id}}`
    const { snapshots } = markets(`[${[1, 2, 3].map(row).join()}]`)
    expect(snapshots.map(({ maxSupply }) => maxSupply)).toEqual(['1', '2', '3'])
  })
})

const START_MS = 1_790_640_000_000
const times = fc.oneof(
  { weight: 8, arbitrary: fc.nat(6).map((n) => `${START_MS + n * 1_800_000}`) },
  { weight: 1, arbitrary: fc.constantFrom('null', '"1"', '5', '-7', '1e12', '1790640000000.0') },
)
const values = fc.oneof(
  { weight: 8, arbitrary: plain },
  { weight: 3, arbitrary: numbers },
  { weight: 1, arbitrary: odd },
)
/** Lists of a time and so many values, a few of them none. */
const lists = (columns: number) =>
  fc.array(
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc
          .tuple(times, fc.array(values, { minLength: columns, maxLength: columns }))
          .map(([time, figures]) => [time, ...figures]),
      },
      { weight: 1, arbitrary: fc.array(values, { maxLength: 6 }) },
    ),
    { maxLength: 8 },
  )
const listText = (rows: readonly (readonly string[])[], space: string) =>
  `[${rows.map((row) => `[${space}${row.join(`${space},${space}`)}${space}]`).join()}]`

describe('a history without blanks', () => {
  const bare = ({ snapshots, candles, rejections }: Decoded) => ({
    snapshots,
    candles,
    faults: rejections.map(({ item, reason, detail }) => ({ item, reason, detail })),
  })

  test('of samples says what the same with blanks says', () => {
    fc.assert(
      fc.property(lists(1), lists(1), lists(1), (prices, caps, volumes) => {
        const chart = (space: string) => {
          const text = [
            `{"prices":${listText(prices, space)}`,
            `"market_caps":${listText(caps, space)}`,
            `"total_volumes":${listText(volumes, space)}}`,
          ].join()
          return bare(decode(text, 'market_chart', '/coins/bitcoin/market_chart?vs_currency=usd'))
        }
        expect(chart('')).toEqual(chart(' '))
      }),
      { numRuns: 1000 },
    )
  })

  test('of samples says what JSON.parse says', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            plain,
            numbers.map((n) => n.replace('-', '')),
          ),
          { maxLength: 8 },
        ),
        (rows) => {
          const list = (column: 0 | 1) => rows.map((row, i) => [`${START_MS + i}`, row[column]])
          const text = `{"prices":${listText(list(0), '')},"market_caps":${listText(list(1), '')}}`
          const path = '/coins/bitcoin/market_chart?vs_currency=usd'
          const { snapshots, rejections } = decode(text, 'market_chart', path)
          const wanted = rows.map(([price, cap], i) => ({
            timeUs: (START_MS + i) * 1000,
            price: canonicalDecimal(price),
            marketCap: canonicalDecimal(cap),
          }))
          expect(rejections).toEqual([])
          expect(
            snapshots.map(({ timeUs, price, marketCap }) => ({ timeUs, price, marketCap })),
          ).toEqual(wanted)
        },
      ),
      { numRuns: 1000 },
    )
  })

  const prices = fc.constantFrom(
    '9.99',
    '10',
    '10.0',
    '10.05',
    '10.050',
    '100',
    '99.5',
    '1e1',
    '0',
    '-1',
  )
  const candles = fc.array(
    fc.tuple(times, prices, prices, prices, prices).map((row): string[] => [...row]),
    { maxLength: 8 },
  )
  test('of candles says what the same with blanks says', () => {
    fc.assert(
      fc.property(fc.oneof(lists(4), candles), (rows) => {
        const path = '/coins/bitcoin/ohlc?vs_currency=usd&days=1'
        const ohlc = (space: string) => bare(decode(listText(rows, space), 'ohlc', path))
        expect(ohlc('')).toEqual(ohlc(' '))
      }),
      { numRuns: 2000 },
    )
  })
})
