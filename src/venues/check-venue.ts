import { basename } from 'node:path'
import { z } from 'zod'
import { issueText, VENUE_ID } from '../core/config-extend.ts'
import { AssayError } from '../core/errors.ts'
import { isCcxtDialect } from './ccxt/index.ts'
import { isTapeDialect } from './tape/index.ts'
import type { Venue } from './venue.ts'

/** Ids that mean something else, in flags, keys or dialects. */
const RESERVED = ['assay', 'ccxt']

const callable = z.custom<() => unknown>(
  (value) => typeof value === 'function',
  'should be a function',
)
const word = z.string('should be text').min(1, 'should not be empty')
const words = z.array(word, 'should be a list')
const number = z.number('should be a number')
const orNull = number.positive().nullable()
const some = <T extends z.ZodType>(values: T) => z.record(word, values, 'should be an object')
const object = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape)

const feed = object({
  dialect: word,
  url: z.url({ protocol: /^wss?$/, error: 'should be a ws:// or wss:// URL' }),
  factChannel: word,
  channels: words.min(1),
  globalChannels: words,
  bookChannel: word.nullable(),
  subscribe: callable,
  unsubscribe: callable,
  route: callable,
  keepAlive: object({ text: word, everyMs: number.positive() }).nullable(),
  limits: object({
    connectsPerSecond: number.positive(),
    messagesPerSecond: number.positive(),
    silenceMsMax: number.positive(),
    pingEveryMs: orNull,
    lifeMsMax: orNull,
    subscribeWithinMs: number.positive(),
    frameBytesMax: number.positive(),
    heartbeatWitness: z.boolean(),
  }),
}).refine((one) => one.channels.includes(one.factChannel), {
  path: ['channels'],
  error: 'should have the factChannel among them',
})

const request = object({
  channel: word,
  symbol: word.nullable(),
  path: z.string('should be text').startsWith('/', 'should begin with a slash'),
  weight: number.positive().optional(),
})

const history = object({
  restUrl: z.url({ protocol: /^https?$/, error: 'should be an http:// or https:// URL' }),
  dialect: word,
  ratePerSecond: number.positive(),
  burst: number.min(1),
  headersKept: words,
  listing: request,
  witness: callable,
  heed: callable,
  next: callable,
  nextCandles: callable,
})

const emptyMinutes = z.enum(['omitted', 'flat'])

const venueSchema = object({
  id: word
    .regex(VENUE_ID, 'should be a word of a–z, 0–9 and dashes')
    .refine((id) => !RESERVED.includes(id), 'is a name that means something else'),
  name: word,
  kind: z.literal('exchange', "should be 'exchange': aggregators cannot be added"),
  defaultProducts: words.min(1, 'should name a product'),
  spell: callable,
  candleRules: object({
    emptyMinutes: object({ ws: emptyMinutes, rest: emptyMinutes }),
    vwap: z.enum(['none', 'truncated']),
    fields: z.array(z.enum(['notional', 'takerBuyVolume', 'tradeCount', 'vwap'])),
    restMinutesMax: orNull,
  }),
  books: z.looseObject({ channels: words, snapshot: callable, decode: callable }).nullable(),
  snapshots: z.null('should be null: aggregators cannot be added'),
  feeds: some(feed).refine((feeds) => Object.keys(feeds).length > 0, 'should have a feed'),
  history,
  decoders: some(callable),
  classify: callable,
  listings: callable,
}).superRefine((venue, context) => {
  const told = (path: string[], message: string) =>
    context.addIssue({ code: 'custom', path, message })
  for (const dialect of Object.keys(venue.decoders)) {
    if (!dialect.startsWith(`${venue.id}/`)) {
      told(['decoders', dialect], `should be called ${venue.id}/ and a word`)
    } else if (isTapeDialect(dialect) || isCcxtDialect(dialect)) {
      told(['decoders', dialect], 'is the name of imported files, or of the ccxt library')
    }
  }
  const read = (dialect: string, path: string[]) => {
    if (!Object.hasOwn(venue.decoders, dialect)) told(path, `has no decoder for ${dialect}`)
  }
  for (const [name, { dialect }] of Object.entries(venue.feeds)) read(dialect, ['feeds', name])
  read(venue.history.dialect, ['history'])
})

/**
 * Returns the venues that a configuration file adds, each checked for the shape of one.
 *
 * @throws ASSAY_CONFIG_INVALID, saying what is wrong with which.
 */
export function checkVenues(values: readonly unknown[], file: string): readonly Venue[] {
  return values.map((value, at) => {
    const result = venueSchema.safeParse(value)
    if (result.success) return value as Venue
    const { id } = (value ?? {}) as { readonly id?: unknown }
    const what = `extend.venues[${at}]${typeof id === 'string' ? ` (${id})` : ''}`
    const why = `${issueText(result.error, what)}; defineVenue() fills in what can be left out`
    const message = `${basename(file)}: ${why}`
    throw new AssayError('ASSAY_CONFIG_INVALID', message, { context: { file } })
  })
}
