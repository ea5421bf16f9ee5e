import { z } from 'zod'
import type { IssuedCertificate } from './certificate.ts'
import { CONDITIONS } from './certificate.ts'

/** Records one certificate may name: more than an hour of any venue, and what fits in memory. */
const RECORDS_MAX = 10_000_000

const count = z.int().min(0)
const text = z.string().max(4096)
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256')
const time = z.iso.datetime({ offset: false })
const runs = z.array(z.tuple([count, count]).refine(([first, last]) => first <= last, 'a run'))

const evidence = z
  .strictObject({
    records: count.max(RECORDS_MAX),
    hash,
    logs: z.array(z.strictObject({ log: z.string().min(1), positions: runs })),
  })
  .refine(({ records, logs }) => {
    const named = logs.flatMap(({ positions }) =>
      positions.map(([first, last]) => last - first + 1),
    )
    return named.reduce((sum, one) => sum + one, 0) === records
  }, 'as many positions as records')

const neighbour = z.strictObject({ id: count, time }).nullable()

const certificate = z.strictObject({
  format: z.literal('assay-certificate/1'),
  venue: text,
  symbol: text,
  base: text.nullable(),
  quote: text.nullable(),
  hour: time.regex(/:00:00(\.0+)?Z$/, 'the start of an hour'),
  fold_version: count,
  condition: z.enum(CONDITIONS),
  ids: z.strictObject({
    first: count.nullable(),
    last: count.nullable(),
    expected: count,
    held: count,
  }),
  neighbours: z.strictObject({ before: neighbour, after: neighbour }),
  minutes: z.strictObject({
    traded: count,
    no_trades: count,
    venue_down: count,
    unknown: count,
    complete: count,
  }),
  volume: text,
  notional: text,
  sources: z.strictObject({ ws: count, rest: count, import: count }),
  holes: z.array(
    z.strictObject({
      first_id: z.int().nullable(),
      last_id: z.int().nullable(),
      from: time,
      to: time,
      verdict: z.enum(['open', 'repaired', 'proven_empty', 'never_existed', 'unrecoverable']),
      attempts: count,
      evidence: text,
    }),
  ),
  rivals: runs,
  facts_hash: hash,
  evidence,
  revision: z.int().min(1),
  issued: time,
  certificate_hash: hash,
}) satisfies z.ZodType<IssuedCertificate>

/** A certificate, or why a paper is none. */
export type Parsed =
  | { readonly certificate: IssuedCertificate; readonly problem: null }
  | { readonly certificate: null; readonly problem: string }

/** Reads what should be a certificate of the format known here; it may be anything at all. */
export function parseCertificate(paper: unknown): Parsed {
  const result = certificate.safeParse(paper)
  if (result.success) return { certificate: result.data, problem: null }
  const [issue] = result.error.issues
  const at = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  const problem = `this is no certificate of a format known here: ${at}${issue?.message ?? ''}`
  return { certificate: null, problem }
}
