import { z } from 'zod'
import { LOG_LEVELS } from './log.ts'

// Environment variables, `${NAME}` and flags bring text; configuration files bring values.
const fromText = <T extends z.ZodType>(read: (text: string) => unknown, schema: T) =>
  z.preprocess((value) => (typeof value === 'string' ? read(value.trim()) : value), schema)

const number = (schema: z.ZodNumber) =>
  fromText((text) => (text === '' ? Number.NaN : Number(text)), schema)

const whole = (least: number, most: number) => number(z.int().min(least).max(most))

const SWITCH: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false }

const onOff = fromText((text) => SWITCH[text.toLowerCase()] ?? text, z.boolean())

const wordsOf = (text: string) => text.split(/[\s,]+/).filter((part) => part !== '')

/** What is written as JSON; other text stays as it is, to be refused. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Words, each named once; `null` where the list is left to the venue. */
const words = (one: string) =>
  z
    .array(z.string().regex(/^[^\s,]{1,64}$/, `${one} is one word`))
    .min(1, `name at least one: ${one} is missing`)
    .refine((list) => new Set(list).size === list.length, `${one} is named twice`)

const products = fromText(wordsOf, words('a product').nullable())
  .default(null)
  .describe('products to collect, BTC-USD or as the venue writes them; null: its default ones')

const url = (schemes: RegExp, said: string) => z.url({ protocol: schemes, error: said }).nullable()

const wsUrl = url(/^wss?$/, 'a ws:// or wss:// URL')
  .default(null)
  .describe("WebSocket URL in place of the venue's own")

const restUrl = url(/^https?$/, 'an http:// or https:// URL')
  .default(null)
  .describe("REST URL in place of the venue's own")

/** A number of days; nothing, `null` or `all` keeps everything. */
const days = (what: string, kept: number | null = null) =>
  fromText(
    (text) => (['', 'null', 'all'].includes(text.toLowerCase()) ? null : Number(text)),
    z.int().min(1).max(36_500).nullable(),
  )
    .default(kept)
    .describe(`days for which ${what} are kept; null: for ever`)

/** `top 50`, or coins by id. */
const coins = fromText((text) => {
  const top = /^top\s+(\d+)$/i.exec(text)
  return top === null ? wordsOf(text) : { top: Number(top[1]) }
}, z.union([z.strictObject({ top: z.int().min(1).max(5000) }), words('a coin')]).nullable())

/**
 * Every key of the configuration: its type, its default and what it is for.
 *
 * A key `poll.everySeconds` is `ASSAY_POLL_EVERY_SECONDS` in the environment.
 */
export const configSchema = z.strictObject({
  data: z.string().min(1).default('./data').describe('folder of the raw log and the warehouse'),
  store: z
    .string()
    .min(1)
    .default('sqlite:')
    .describe('warehouse: sqlite:PATH, or sqlite: for a folder inside the data folder'),
  mode: z.enum(['ws', 'rest', 'both']).default('ws').describe('how trades are collected'),
  collect: z.strictObject({
    venues: fromText(wordsOf, words('a venue'))
      .default(['coinbase', 'binance-us', 'kraken', 'coingecko'])
      .describe('venues to collect from, side by side'),
    books: onOff.default(false).describe('whether order books are kept too'),
    witnessSeconds: whole(5, 86_400)
      .default(60)
      .describe('silence after which REST is asked for the newest trade of a product'),
  }),
  venues: z.strictObject({
    coinbase: z.strictObject({
      wsUrl,
      restUrl,
      feed: z.enum(['exchange', 'advanced']).default('exchange').describe('which WebSocket feed'),
      products,
    }),
    'binance-us': z.strictObject({
      wsUrl,
      restUrl,
      products,
      lifeSecondsMax: whole(10, 86_400)
        .default(82_800)
        .describe('age at which a connection is replaced, before the venue cuts it at 24 h'),
    }),
    kraken: z.strictObject({ wsUrl, restUrl, products }),
    ccxt: z.strictObject({
      products: products.describe('products of every ccxt:… venue; null: BTC-USD and ETH-USD'),
      pollSeconds: whole(1, 3600)
        .default(5)
        .describe('time between two requests for trades, where the exchange has no socket'),
    }),
    coingecko: z.strictObject({
      restUrl,
      coins: coins
        .default(null)
        .describe('coins by id, or "top 50" by market capitalisation; null: ten well-known ones'),
      everySeconds: whole(30, 3600).default(60).describe('time between two polls'),
      ratePerMinute: whole(1, 1000)
        .default(5)
        .describe('requests a minute; 5 without a key, more with one'),
      timeoutSeconds: whole(1, 300).default(30).describe('longest wait for an answer'),
      retriesMax: whole(0, 20).default(3).describe('further tries of a request that failed'),
      apiKey: z.string().min(1).nullable().default(null).describe('a key of the Demo or Pro plan'),
    }),
  }),
  poll: z.strictObject({
    everySeconds: whole(1, 86_400).default(300).describe('time between two REST polls'),
  }),
  journal: z.strictObject({
    commitWindowMs: whole(0, 10_000)
      .default(50)
      .describe('longest wait of a record before it is fsynced'),
    segmentBytesMax: whole(65_536, 17_179_869_184)
      .default(268_435_456)
      .describe('size at which a journal file is rolled'),
  }),
  log: z.strictObject({
    level: z.enum(LOG_LEVELS).default('info').describe('least level that is logged'),
  }),
  candles: z.strictObject({
    graceSeconds: whole(0, 3_600)
      .default(10)
      .describe('how long after its end a minute waits for late trades'),
  }),
  backfill: z.strictObject({
    enabled: onOff.default(true).describe('whether holes are asked of REST'),
    graceSeconds: whole(0, 3_600).default(2).describe('age at which a hole is asked for'),
    maxAttempts: whole(1, 100).default(5).describe('attempts before a hole is given up'),
  }),
  flow: z.strictObject({
    enabled: onOff.default(true).describe('whether `run` makes scheduled assets too'),
    liveMax: whole(1, 64).default(2).describe('runs of the pool live at a time'),
    gapMax: whole(1, 64).default(1).describe('runs of the pool gap at a time'),
    backfillMax: whole(1, 64).default(2).describe('runs of the pool backfill at a time'),
    schedules: fromText(jsonOf, z.record(z.string(), z.array(z.string())))
      .default({})
      .describe(
        'cron expressions, in UTC, in place of an asset\'s own: {"gold.daily_kpis": ["0 * * * *"]}',
      ),
  }),
  lineage: z.strictObject({
    namespace: z
      .string()
      .min(1)
      .default('assay')
      .describe('namespace of jobs and datasets in events of lineage'),
    file: z.string().min(1).nullable().default(null).describe('file that events are appended to'),
    url: url(/^https?$/, 'an http:// or https:// URL')
      .default(null)
      .describe('receiver of OpenLineage that events are posted to'),
    apiKey: z.string().min(1).nullable().default(null).describe('key sent to that receiver'),
    kafkaBrokers: fromText(wordsOf, words('a broker').nullable())
      .default(null)
      .describe('brokers, host:port, whose topic events are written to'),
    kafkaTopic: z.string().min(1).default('assay.lineage').describe('that topic; it must exist'),
  }),
  retention: z.strictObject({
    rawArchive: days('sealed hours of the raw logs'),
    trades: days('trades'),
    candles: days("minutes, and the venues' own candles; larger ones stay,"),
    snapshots: days('snapshots of coins', 365),
    books: days('order books by the second'),
    quarantine: days('refused records'),
    runs: days('runs of assets', 90),
  }),
})

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T

/** The configuration, whole: every key has a value and every path is absolute. */
export type AssayConfig = DeepReadonly<z.output<typeof configSchema>>

/** What a configuration file may say: any of the keys. */
export type AssayConfigInput = DeepPartial<AssayConfig>

/** One key of the configuration. */
export interface ConfigKey {
  /** `poll.everySeconds` */
  readonly key: string
  /** `ASSAY_POLL_EVERY_SECONDS` */
  readonly env: string
  /** What it is for, in a few words. */
  readonly about: string
}

/** Every key, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = [...leaves(configSchema, '')]

/** What a configuration may say: the schema, and its keys. */
export interface ConfigShape {
  readonly schema: typeof configSchema
  readonly keys: readonly ConfigKey[]
}

/** Returns the shape that also has keys for these venues, which a configuration file adds. */
export function shapeWith(venueIds: readonly string[]): ConfigShape {
  const { venues } = configSchema.shape
  const own = venueIds.filter((id) => !Object.hasOwn(venues.shape, id))
  if (own.length === 0) return { schema: configSchema, keys: CONFIG_KEYS }
  const settings = own.map((id) => [id, z.strictObject({ wsUrl, restUrl, products })])
  const extended = venues.extend(Object.fromEntries(settings))
  // What is added is read by a venue's id alone, so the type stays that of our own keys.
  const schema = configSchema.extend({ venues: extended }) as unknown as typeof configSchema
  return { schema, keys: [...leaves(schema, '')] }
}

function* leaves(schema: z.ZodObject, prefix: string): Generator<ConfigKey> {
  for (const [name, child] of Object.entries(schema.shape)) {
    const key = `${prefix}${name}`
    if (child instanceof z.ZodObject) yield* leaves(child, `${key}.`)
    else yield { key, env: envName(key), about: child.description ?? '' }
  }
}

function envName(key: string): string {
  const words = key.replaceAll(/[.-]/g, '_').replace(/([a-z0-9])([A-Z])/g, '$1_$2')
  return `ASSAY_${words.toUpperCase()}`
}
