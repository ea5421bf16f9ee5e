import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import type { NewRecord } from '../../src/market/record.ts'
import type { MarketSnapshot } from '../../src/market/snapshot.ts'
import { coingecko } from '../../src/venues/coingecko/index.ts'
import { type Decoded, decodeAll, recordOf } from '../../src/venues/decoded.ts'
import { decoderOf } from '../../src/venues/index.ts'
import { countBy, hasRecording, readRecording } from './capture.ts'
import { disturb, judgeAtEnd, openRefinery, rebuild, tempFolder, writeLog } from './support.ts'

const MARKETS = 'coingecko/coins_markets_100_20240114.json'
const GLOBAL = 'coingecko/global_20240114.json'
const ANSWERS = 'coingecko/vcr_responses_2021.jsonl'
const BASE = 'https://api.coingecko.com/api/v3'

interface Answer {
  readonly url: string
  readonly status: number
  readonly body: string
  /** When it came, RFC 2822. */
  readonly date: string
}

function decode({ url, status, body, date }: Answer): Decoded {
  const about = coingecko.classify(url, 'rest')
  const receivedTimeUs = Date.parse(date) * 1000
  const request = { url, status }
  const record = recordOf(body, { ...about, origin: 'rest', receivedTimeUs, request })
  return decodeAll(decoderOf(about.dialect), record)
}

const FIELDS: readonly (readonly [keyof MarketSnapshot, string])[] = [
  ['price', 'current_price'],
  ['marketCap', 'market_cap'],
  ['fullyDilutedValuation', 'fully_diluted_valuation'],
  ['volume24h', 'total_volume'],
  ['high24h', 'high_24h'],
  ['low24h', 'low_24h'],
  ['priceChange24h', 'price_change_24h'],
  ['change24hPct', 'price_change_percentage_24h'],
  ['circulatingSupply', 'circulating_supply'],
  ['totalSupply', 'total_supply'],
  ['maxSupply', 'max_supply'],
]

describe.skipIf(!hasRecording(MARKETS))('a hundred coins of 14 January 2024', () => {
  const url = `${BASE}/coins/markets?vs_currency=usd`
  const body = hasRecording(MARKETS) ? readRecording(MARKETS) : '[]'
  const decoded = decode({ url, status: 200, body, date: 'Sun, 14 Jan 2024 19:52:00 GMT' })
  const rows = JSON.parse(body) as Record<string, unknown>[]

  test('are a snapshot and a listing each, and nothing is refused', () => {
    expect(decoded.kind).toBe('event')
    expect(decoded.snapshots).toHaveLength(100)
    expect(decoded.listings).toHaveLength(100)
    expect(decoded.rejections).toEqual([])
    expect(decoded.candles).toEqual([])
    expect(decoded.snapshots.map(({ symbol }) => symbol)).toEqual(rows.map(({ id }) => id))
  })

  test('have every figure they had, and null where they had none', () => {
    decoded.snapshots.forEach((snapshot, at) => {
      for (const [name, field] of FIELDS) {
        const figure = snapshot[name]
        expect(figure === null ? null : Number(figure), field).toBe(rows[at]?.[field])
      }
      expect(snapshot.marketCapRank).toBe(rows[at]?.market_cap_rank)
      const updated = Date.parse(String(rows[at]?.last_updated))
      expect(snapshot.lastUpdatedUs).toBe(updated * 1000)
    })
    const nulls = FIELDS.map(([name]) => [
      name,
      decoded.snapshots.filter((snapshot) => snapshot[name] === null).length,
    ])
    expect(Object.fromEntries(nulls)).toMatchObject({
      ...{ price: 0, marketCap: 0, volume24h: 0 },
      ...{ maxSupply: 36, fullyDilutedValuation: 3, totalSupply: 3 },
    })
  })

  test('have exponents written out, and each its own time', () => {
    const exponents = rows.filter((_, at) => /e-/i.test(String(rows[at]?.current_price)))
    expect(exponents.length).toBeGreaterThan(0)
    for (const { price } of decoded.snapshots) expect(price).toMatch(/^[0-9]+(\.[0-9]+)?$/)
    expect(body.match(/[0-9]e-[0-9]+/g)).not.toBeNull()
    expect(new Set(decoded.snapshots.map(({ lastUpdatedUs }) => lastUpdatedUs)).size).toBe(100)
  })

  test('have no changes over an hour or a week, which were not asked for', () => {
    expect(decoded.snapshots.every((one) => one.change1hPct === null)).toBe(true)
    expect(decoded.snapshots.every((one) => one.change7dPct === null)).toBe(true)
  })
})

test.skipIf(!hasRecording(GLOBAL))('totals over all coins are kept raw', () => {
  const date = 'Sun, 14 Jan 2024 19:52:00 GMT'
  const decoded = decode({ url: `${BASE}/global`, status: 200, body: readRecording(GLOBAL), date })
  expect(decoded).toMatchObject({ kind: 'raw_only', rejections: [], snapshots: [] })
})

describe.skipIf(!hasRecording(ANSWERS))('fourteen answers of 2021', () => {
  const answers = (hasRecording(ANSWERS) ? readRecording(ANSWERS) : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .map(({ uri, status, body, headers }) => {
      const { date = '' } = headers as { date?: string }
      return { url: String(uri), status: Number(status), body: String(body), date }
    })
  const heard = answers.map((answer) => ({ ...answer, ...decode(answer) }))
  const one = (part: string, status = 200) =>
    heard.find(({ url, status: had }) => url.includes(part) && had === status)

  test('are each accounted for', () => {
    expect(heard).toHaveLength(14)
    const what = (url: string) => coingecko.classify(url, 'rest').channel
    expect(countBy(heard, ({ url, status, kind }) => `${what(url)} ${status} ${kind}`)).toEqual({
      'market_chart 200 event': 2,
      'market_chart 422 control': 2,
      'markets 200 event': 1,
      'markets 200 raw_only': 1,
      'markets 422 control': 3,
      'ohlc 200 event': 1,
      'ohlc 500 control': 1,
      'price 200 raw_only': 2,
      'price 422 control': 1,
    })
    expect(heard.flatMap(({ rejections }) => rejections)).toEqual([])
  })

  test('hold 722 hourly samples, each a little off the hour, the last one of the moment', () => {
    const samples = one('days=30')?.snapshots ?? []
    expect(samples).toHaveLength(722)
    const times = samples.map(({ timeUs }) => Number(timeUs))
    const gaps = times.slice(1).map((time, at) => (time - (times[at] as number)) / 60_000_000)
    expect(Math.min(...gaps)).toBeGreaterThan(0)
    expect(times.every((time) => time % 3_600_000_000 !== 0)).toBe(true)
    expect(samples.every((sample) => sample.source === 'chart')).toBe(true)
    for (const name of ['price', 'marketCap', 'volume24h'] as const) {
      expect(samples.every((sample) => sample[name] !== null)).toBe(true)
    }
    expect(samples.at(-1)).toMatchObject({ symbol: 'bitcoin', price: '49424.27756187507' })
  })

  test('hold 91 daily samples, of which the last alone is off midnight', () => {
    const samples = one('days=90')?.snapshots ?? []
    expect(samples).toHaveLength(91)
    const off = samples.filter(({ timeUs }) => Number(timeUs) % 86_400_000_000 !== 0)
    expect(off).toEqual([samples.at(-1)])
  })

  test('hold 42 candles of four hours, stored by their start, the last still forming', () => {
    const candles = one('/ohlc?')?.candles ?? []
    expect(candles).toHaveLength(42)
    expect(candles.every(({ intervalUs }) => intervalUs === 14_400_000_000)).toBe(true)
    expect(candles.map(({ closed }) => closed).lastIndexOf(true)).toBe(40)
    expect(candles.at(-1)).toMatchObject({
      openTimeUs: Date.parse('2021-05-15T12:00:00Z') * 1000,
      ...{ open: '48868.6', high: '49675.91', low: '48868.6', close: '49675.91', closed: false },
    })
    candles.forEach(({ openTimeUs }, at) => {
      expect(openTimeUs - (candles[0]?.openTimeUs ?? 0)).toBe(at * 14_400_000_000)
    })
  })

  test('are complaints that say no, and one that asks to be asked again', () => {
    const kinds = answers
      .filter(({ status }) => status !== 200)
      .map(({ status, body }) => {
        const bytes = new TextEncoder().encode(body)
        return coingecko.history.heed({ status, headers: {}, body: bytes, nowUs: 0 })?.kind
      })
    expect(countBy(kinds, (kind) => kind ?? 'nothing')).toEqual({ refused: 6, unavailable: 1 })
  })
})

describe.skipIf(!hasRecording(ANSWERS))('what is stored of the recordings', () => {
  const lines = hasRecording(ANSWERS) ? readRecording(ANSWERS).trim().split('\n') : []
  const vcr = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const answers = vcr.map(({ uri, status, body, headers }) => ({
    ...{ url: String(uri), status: Number(status), body: String(body) },
    date: (headers as { date: string }).date,
  }))
  const url = `${BASE}/coins/markets?vs_currency=usd`
  const hundred = { url, status: 200, body: hasRecording(MARKETS) ? readRecording(MARKETS) : '[]' }
  answers.push({ ...hundred, date: 'Sun, 14 Jan 2024 19:52:00 GMT' })
  const records = answers.map((answer, frame): NewRecord => {
    const about = { ...coingecko.classify(answer.url, 'rest'), origin: 'rest' as const }
    const receivedTimeUs = Date.parse(answer.date) * 1000
    const request = { url: answer.url, status: answer.status }
    const payload = Buffer.from(answer.body)
    return { ...about, receivedTimeUs, symbol: null, conn: 'c-1', frame, request, payload }
  })

  async function refineOnce(dataDir: string) {
    await using refinery = await openRefinery(dataDir)
    const proof = await refinery.settle()
    return { proof, totals: refinery.totals }
  }

  test('is the same in any order, sent twice, at once, in steps and rebuilt', async () => {
    const dataDir = tempFolder()
    await writeLog(dataDir, 'collect', records)
    const { proof, totals } = await refineOnce(dataDir)
    // One row of each poll and coin, 722 hourly samples and 91 daily ones; the candles.
    expect(proof.tables.silver_snapshots?.rows).toBe(100 + 1 + 722 + 91)
    expect(proof.tables.silver_ohlc?.rows).toBe(42)
    expect(totals.rejected).toBe(0)
    const random = createRandom('coingecko')
    for (let run = 0; run < 4; run += 1) {
      const other = tempFolder()
      await writeLog(other, 'collect', disturb(records, random))
      expect(await judgeAtEnd(other)).toEqual(proof)
    }
    expect(await rebuild(dataDir)).toEqual(proof)
  })
})
