import { basename, dirname, extname } from 'node:path'
import { z } from 'zod'
import { type ConfigFile, EXTEND_IS_CODE, invalid, readConfigFile } from './config-sources.ts'

/**
 * What a configuration file adds to the pipeline, as it was written: only that these are lists
 * is checked here. What is in them is checked by those who know what they should be.
 */
export interface ConfigExtend {
  readonly venues: readonly unknown[]
  readonly assets: readonly unknown[]
  readonly datasets: readonly unknown[]
}

const list = z.array(z.unknown(), 'should be a list').default([])
const extendSchema = z.strictObject(
  { venues: list, assets: list, datasets: list },
  { error: (issue) => (issue.code === 'invalid_type' ? 'should be an object' : undefined) },
)

const NOTHING: ConfigExtend = { venues: [], assets: [], datasets: [] }

/**
 * Takes `extend` out of what a file says.
 *
 * @throws ASSAY_CONFIG_INVALID where it is no such thing, or stands in a file without code.
 */
export function takeExtend(found: ConfigFile | null): {
  readonly file: ConfigFile | null
  readonly extend: ConfigExtend
} {
  const values: unknown = found?.values
  if (found === null || typeof values !== 'object' || values === null || !('extend' in values)) {
    return { file: found, extend: NOTHING }
  }
  const { extend, ...others } = values
  const file = { ...found, values: others }
  const name = basename(found.path)
  if (extend === undefined) return { file, extend: NOTHING }
  if (['.yaml', '.yml'].includes(extname(name))) throw invalid(`${name}: ${EXTEND_IS_CODE}`)
  const result = extendSchema.safeParse(extend)
  if (!result.success) throw invalid(`${name}: ${issueText(result.error, 'extend')}`)
  return { file, extend: result.data }
}

/** What may be the id of a venue that is added: a word of a flag, a key and a variable's name. */
export const VENUE_ID = /^[a-z][a-z0-9-]{0,31}$/

/** Returns the ids that the added venues give themselves, where they are any. */
export function venueIdsOf({ venues }: ConfigExtend): readonly string[] {
  return venues.flatMap((venue) => {
    const id = (venue as { readonly id?: unknown } | null | undefined)?.id
    return typeof id === 'string' && VENUE_ID.test(id) ? [id] : []
  })
}

/** Returns what is wrong first with a value, and where in it: `extend.venues: a list`. */
export function issueText(error: z.ZodError, what: string): string {
  const issue = error.issues[0]!
  return `${[what, ...issue.path].map(String).join('.')}: ${issue.message}`
}

/**
 * Returns what a configuration file adds, for a thread that needs that alone.
 *
 * @throws ASSAY_CONFIG_INVALID.
 */
export async function readExtend(path: string): Promise<ConfigExtend> {
  return takeExtend(await readConfigFile(dirname(path), path, {})).extend
}
