import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { GARBAGE_VARIANTS, type GarbageVariant, startSimulator } from '../../sim/index.ts'
import { assay, assayJson, type Scene, startScene } from '../integration/bad-support.ts'
import {
  type BadVenue,
  type MadeTrade,
  matchOf,
  PRODUCT,
  startBadVenue,
} from '../integration/bad-venue.ts'
import { until } from '../integration/collect-support.ts'

/** A row of `assay quarantine --json`. */
interface Refused {
  readonly log: string
  readonly pos: number
  readonly item: number
  readonly reason: string
  readonly sample: string
}

/** Returns what is refused, the oldest first. */
async function refusedOf(scene: Scene): Promise<Refused[]> {
  const rows: Refused[] = await assayJson('quarantine', ...scene.at, '--limit', '1000')
  return rows.toReversed()
}

/** Returns the record at a position, as `assay log cat` prints it. */
async function recordAt(scene: Scene, { log, pos }: Refused) {
  const span = ['--from', String(pos), '--to', String(pos + 1)]
  const { stdout } = await assay('log', 'cat', ...scene.at, '--log', log, ...span)
  return JSON.parse(stdout)
}

/** Ends a scene once it is caught up and whole. */
async function settle(scene: Scene) {
  const isWhole = async () => scene.caughtUp() && (await scene.holes()) === 0
  await until(isWhole, { what: 'everything is refined and healed', withinMs: 20_000 })
  return scene.stop()
}

const USUAL_PATHS = [
  /^(log|warehouse|tmp)$/,
  /^log\/collect(\/journal|\/archive|\/head|\/lock|\/lock\.holder)?$/,
  /^log\/collect\/journal\/\d{16}-[\dT-]+\.jsonl$/,
  /^warehouse\/(current|writer\.lock|gen-\d{6}\.sqlite(-wal|-shm)?)$/,
  /^tmp\/collector-coinbase\.json$/,
]

/** Returns the paths below a folder that not any log and warehouse have. */
function oddPaths(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return all.filter((path) => !USUAL_PATHS.some((usual) => usual.test(path)))
}

/** What becomes of each kind of garbage that the simulator has; the rest is refused. */
const HARMLESS: readonly GarbageVariant[] = ['proto', 'extra_field', 'unknown_type']
const TIMES = 3

test.concurrent('garbage of every kind is refused, counted, and costs nothing', async () => {
  const products = ['BTC-USD', 'ETH-USD']
  await using sim = await startSimulator({ products, tradesPerSecond: 200, historyMinutes: 1 })
  await using scene = await startScene(sim)
  await until(() => scene.accepted() > 50, { what: 'trades flow' })
  for (const variant of GARBAGE_VARIANTS) {
    sim.inject({ kind: 'garbage', product: 'ETH-USD', variant, count: TIMES })
  }
  const sent = () => sim.faults.every(({ hits }) => hits === TIMES)
  await until(sent, { what: 'all garbage is sent' })
  sim.setTrading(false)
  const { collected, refined } = await settle(scene)
  expect(collected.connects).toBe(1)
  const injected = (GARBAGE_VARIANTS.length - HARMLESS.length) * TIMES
  expect(refined.rejected).toBe(injected)
  expect(refined.conflicts).toBe(0)
  const refused = await refusedOf(scene)
  expect(refused).toHaveLength(injected)
  expect(Object.groupBy(refused, ({ reason }) => reason)).toMatchObject({
    // Malformed, truncated, binary, not UTF-8, NaN, and nested beyond belief.
    not_json: { length: 6 * TIMES },
    bad_decimal: { length: TIMES },
    not_positive: { length: 3 * TIMES },
    bad_id: { length: TIMES },
    // A symbol of 1 MB, a lone surrogate, a query and a path.
    bad_symbol: { length: 4 * TIMES },
    missing_field: { length: TIMES },
  })
  await expectTruth(scene, sim)
})

async function expectTruth(scene: Scene, sim: Awaited<ReturnType<typeof startSimulator>>) {
  const { warehouse } = await assayJson('status', ...scene.at)
  const symbols = warehouse.instruments.map(({ symbol }: { symbol: string }) => symbol)
  expect(symbols).toEqual(sim.products)
  for (const product of sim.products) {
    const held = await assayJson('trades', product, ...scene.at, '--limit', '100000')
    const first = Number(held[0].trade_id)
    const truth = [...sim.truth({ product })].filter(({ trade_id }) => trade_id >= first)
    const facts = held.map(({ trade_id, price, size, side }: Record<string, string>) => {
      return `${trade_id} ${price} ${size} ${side}`
    })
    expect(facts).toEqual(truth.map((t) => `${t.trade_id} ${t.price} ${t.size} ${t.side}`))
  }
}

/** A frame that must be refused, and why. */
type Case = readonly [what: string, reason: string, frame: (trade: MadeTrade) => string | Buffer]

const withField = (field: string, value: unknown) => (trade: MadeTrade) =>
  JSON.stringify({ ...matchOf(trade), [field]: value })

/** Puts a value in as text, for what `JSON.stringify` would mend. */
const withText = (field: string, text: string) => (trade: MadeTrade) =>
  JSON.stringify({ ...matchOf(trade), [field]: '@@' }).replace('"@@"', text)

const MANY = '9'.repeat(39)

const REFUSED: readonly Case[] = [
  ['an empty frame', 'not_json', () => ''],
  ['white space', 'not_json', () => ' \t\n'],
  ['a bare NaN', 'not_json', withText('price', 'NaN')],
  ['a bare Infinity', 'not_json', withText('price', 'Infinity')],
  ['a leading zero', 'not_json', withText('price', '01.5')],
  ['a hexadecimal price', 'not_json', withText('price', '0x10')],
  ['a comma too many', 'not_json', (trade) => JSON.stringify(matchOf(trade)).replace('}', ',}')],
  ['single quotes', 'not_json', (t) => JSON.stringify(matchOf(t)).replaceAll('"', "'")],
  ['two objects', 'not_json', (t) => JSON.stringify(matchOf(t)).repeat(2)],
  ['a byte order mark', 'not_json', (t) => `\uFEFF${JSON.stringify(matchOf(t))}`],
  ['a raw control letter', 'not_json', withText('product_id', '"BTC\u0001-USD"')],
  ['an array', 'malformed', (trade) => JSON.stringify([matchOf(trade)])],
  ['a text', 'malformed', () => '"match"'],
  ['null', 'malformed', () => 'null'],
  ['a type that is no text', 'malformed', withField('type', { a: 1 })],
  ['a price of 1e400', 'bad_decimal', withText('price', '1e400')],
  ['a price of 1e-400', 'bad_decimal', withField('price', '1e-400')],
  ['a price with a space', 'bad_decimal', withField('price', ' 1.5')],
  ['a price without digits', 'bad_decimal', withField('price', '')],
  ['a price of Arabic digits', 'bad_decimal', withField('price', '١٢')],
  ['a price with a separator', 'bad_decimal', withField('price', '1,5')],
  ['a price that is a list', 'bad_decimal', withField('price', ['1'])],
  ['a price that is null', 'bad_decimal', withField('price', null)],
  ['a price of 39 digits', 'too_precise', withField('price', MANY)],
  ['a size of 19 decimals', 'too_precise', withField('size', `0.${'1'.repeat(19)}`)],
  ['a negative price', 'not_positive', withField('price', '-1.5')],
  ['a negative size', 'not_positive', withText('size', '-0.1')],
  ['a price of nothing', 'not_positive', withField('price', '0.000')],
  ['a price of less than nothing', 'not_positive', withField('price', '-0')],
  ['an id of 20 digits', 'bad_id', withText('trade_id', '12345678901234567890')],
  ['an id past 2^53', 'bad_id', withText('trade_id', '9007199254740993')],
  ['an id of 0', 'bad_id', withField('trade_id', 0)],
  ['a negative id', 'bad_id', withField('trade_id', -5)],
  ['half an id', 'bad_id', withField('trade_id', 1.5)],
  ['an id with an exponent', 'bad_id', withText('trade_id', '1e3')],
  ['an id that is true', 'bad_id', withField('trade_id', true)],
  ['a side of neither', 'bad_side', withField('side', 'hold')],
  ['a time of the year 1', 'bad_time', withField('time', '0001-01-01T00:00:00Z')],
  ['the 31st of February', 'bad_time', withField('time', '2026-02-31T00:00:00Z')],
  ['a time that is a number', 'bad_time', withField('time', 1_790_689_500)],
  ['a time far ahead', 'time_implausible', withField('time', '2150-01-01T00:00:00Z')],
  ['a time before Bitcoin', 'time_implausible', withField('time', '1999-01-01T00:00:00Z')],
  ['no symbol', 'bad_symbol', withField('product_id', '')],
  ['a symbol that is a number', 'bad_symbol', withField('product_id', 7)],
  ['a symbol of 1 MB', 'bad_symbol', withField('product_id', 'A'.repeat(1 << 20))],
  ['a query', 'bad_symbol', withField('product_id', "';DROP/**/TABLE/**/silver_trades--")],
  ['a path', 'bad_symbol', withField('product_id', '../../etc/passwd')],
  ['a symbol with a null', 'bad_symbol', withField('product_id', 'BTC\u0000')],
  ['half a surrogate pair', 'bad_symbol', withText('product_id', '"BTC\\ud800"')],
  ['bytes that are no UTF-8', 'not_json', (t) => broken(JSON.stringify(matchOf(t)))],
]

function broken(frame: string): Buffer {
  const bytes = Buffer.from(frame)
  bytes[frame.indexOf('8e9a')] = 0xff
  return bytes
}

/** Frames that are no trades and no errors: kept raw, or about the connection. */
const KEPT: readonly string[] = [
  '{"type":"weather"}',
  '{"type":"__proto__"}',
  '{"type":"constructor","product_id":"BTC-USD"}',
  '{"type":"error","message":"nothing of consequence"}',
  '{"type":"subscriptions","channels":"all of them"}',
  '{"type":"subscriptions","channels":[{"name":"toString","product_ids":["BTC-USD"]}]}',
]

/** The same trade, said oddly but rightly: a duplicate. */
const SAME: readonly ((trade: MadeTrade) => string | Buffer)[] = [
  (trade) => JSON.stringify(matchOf(trade)).replace('{', '{"__proto__":{"price":"1"},'),
  (trade) => JSON.stringify({ constructor: { side: 'buy' }, ...matchOf(trade) }, null, 2),
  (trade) => JSON.stringify(matchOf(trade)).replace('"price"', '"\\u0070rice"'),
  (trade) => JSON.stringify(matchOf(trade)).replace('"size"', '"size":"9","size"'),
  (trade) => Buffer.from(JSON.stringify(matchOf(trade))),
]

describe.concurrent('a venue that says anything', () => {
  async function openScene(venue: BadVenue): Promise<Scene> {
    const scene = await startScene(venue, { 'venues.coinbase.products': [PRODUCT] })
    await until(() => scene.connects() === 1, { what: 'connected' })
    return scene
  }

  test('has each bad frame set aside with its reason, its sample and its place', async () => {
    await using venue = await startBadVenue()
    await using scene = await openScene(venue)
    for (const [, , frame] of REFUSED) {
      venue.trade()
      const spoilt = frame(venue.made.at(-1) as MadeTrade)
      venue.say(spoilt)
    }
    for (const frame of KEPT) venue.say(frame)
    for (const say of SAME) venue.say(say(venue.made.at(-1) as MadeTrade))
    venue.trade()
    await until(() => scene.accepted() >= venue.made.length, { what: 'all true trades are held' })
    const { collected, refined } = await settle(scene)
    expect(collected.connects).toBe(1)
    expect(refined).toMatchObject({ rejected: REFUSED.length, conflicts: 0 })
    expect(refined.accepted).toBe(venue.made.length)

    const refused = await refusedOf(scene)
    const told = refused.map(({ reason }, index) => `${REFUSED[index]?.[0]}: ${reason}`)
    expect(told).toEqual(REFUSED.map(([what, reason]) => `${what}: ${reason}`))
    for (const row of refused) {
      const record = await recordAt(scene, row)
      expect(record.pos).toBe(row.pos)
      const payload =
        record.text ?? (record.data === undefined ? null : JSON.stringify(record.data))
      const bytes = payload ?? Buffer.from(record.bytes, 'base64').toString()
      expect(row.sample.length).toBeLessThanOrEqual(512)
      if (row.sample.length < 400 && record.data === undefined) expect(row.sample).toBe(bytes)
    }
    const { logs, warehouse } = await assayJson('status', ...scene.at)
    expect(warehouse.instruments).toHaveLength(1)
    expect(logs).toHaveLength(1)
    expect(oddPaths(scene.dataDir)).toEqual([])
    expect(readdirSync(dirname(scene.dataDir))).not.toContain('etc')
    expect((await assayJson('log', 'verify', ...scene.at)).ok).toBe(true)
    const before = await assayJson('rebuild', ...scene.at, '--check')
    expect(before.equal).toBe(true)
  })

  test('is not believed that a trade has changed: that is a conflict, not a new fact', async () => {
    await using venue = await startBadVenue()
    await using scene = await openScene(venue)
    venue.trade()
    const trade = venue.made.at(-1) as MadeTrade
    venue.say(withField('price', '1.5')(trade))
    venue.say(withField('size', '7')(trade))
    await until(() => scene.accepted() >= 2, { what: 'the trade is held' })
    const { refined } = await settle(scene)
    // Three tellings of one trade, and REST's: one stands, by a rule that knows no order.
    expect(refined).toMatchObject({ accepted: 2, rejected: 0, conflicts: 3 })
    const reasons = (await refusedOf(scene)).map(({ reason }) => reason)
    expect(reasons).toEqual(['conflict', 'conflict', 'conflict'])
    expect((await assayJson('rebuild', ...scene.at, '--check')).equal).toBe(true)
  })
})
