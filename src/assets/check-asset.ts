import { basename } from 'node:path'
import { z } from 'zod'
import { issueText } from '../core/config-extend.ts'
import { AssayError } from '../core/errors.ts'
import { parseCron } from '../flow/index.ts'
import type { AssayAsset } from './services.ts'

const KEY = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/

const callable = z.custom<() => unknown>(
  (value) => typeof value === 'function',
  'should be a function',
)
const words = z.array(z.string('should be text').min(1), 'should be a list')
const seconds = z.number('should be a number').positive()
const oneOf = <T extends string>(...choices: readonly T[]) =>
  z.enum(choices, `should be ${choices.join(', ')}`)

const cron = z.string('should be text').superRefine((text, context) => {
  try {
    parseCron(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
  }
})

const assetSchema = z.strictObject({
  key: z.string('should be text').regex(KEY, 'should be layer.name, in lower case'),
  about: z.string('should be text').min(1, 'should say what it is'),
  partitions: oneOf('hourly', 'daily', 'none'),
  dependencies: words,
  schedules: z.array(
    z.strictObject({ cron, part: oneOf('closed', 'current') }),
    'should be a list',
  ),
  catchUp: oneOf('all', 'latest', 'none'),
  freshnessSeconds: seconds.nullable(),
  retry: z.strictObject({
    attemptsMax: z.int('should be a whole number').min(1),
    baseSeconds: seconds,
    capSeconds: seconds,
  }),
  timeoutSeconds: seconds,
  pool: oneOf('live', 'gap', 'backfill'),
  codeVersion: z.string('should be text').min(1),
  datasets: words,
  checks: words,
  fingerprint: callable.optional(),
  count: callable.optional(),
  changed: callable.optional(),
  materialize: callable,
})

/**
 * Returns the assets that a configuration file adds, each checked for the shape of one. Whether
 * what they are made from is there, {@link joinAssets} says.
 *
 * @throws ASSAY_CONFIG_INVALID, saying what is wrong with which.
 */
export function checkAssets(values: readonly unknown[], file: string): readonly AssayAsset[] {
  return values.map((value, at) => {
    const result = assetSchema.safeParse(value)
    if (result.success) return value as AssayAsset
    const { key } = (value ?? {}) as { readonly key?: unknown }
    const what = `extend.assets[${at}]${typeof key === 'string' ? ` (${key})` : ''}`
    const why = `${issueText(result.error, what)}; defineAsset() fills in what can be left out`
    const message = `${basename(file)}: ${why}`
    throw new AssayError('ASSAY_CONFIG_INVALID', message, { context: { file } })
  })
}

/**
 * Returns ours and those that a configuration adds.
 *
 * @throws ASSAY_CONFIG_INVALID where a key is taken, or an added one is made from what there is
 * not, or from itself.
 */
export function joinAssets(
  ours: readonly AssayAsset[],
  added: readonly AssayAsset[],
): readonly AssayAsset[] {
  const byKey = new Map(ours.map((asset) => [asset.key, asset]))
  const refuse = (asset: AssayAsset, what: string) => {
    throw new AssayError('ASSAY_CONFIG_INVALID', `extend.assets: ${asset.key} ${what}`, {
      context: { asset: asset.key },
    })
  }
  for (const asset of added) {
    if (byKey.has(asset.key)) refuse(asset, 'is the key of another asset')
    byKey.set(asset.key, asset)
  }
  for (const asset of added) {
    for (const key of asset.dependencies) {
      if (!byKey.has(key)) refuse(asset, `is made from ${key}, which there is not`)
    }
    if (isAbove(asset.key, asset, byKey)) refuse(asset, 'is made from itself, over some steps')
  }
  return [...byKey.values()]
}

function isAbove(key: string, start: AssayAsset, byKey: ReadonlyMap<string, AssayAsset>): boolean {
  const open = [...start.dependencies]
  const seen = new Set<string>()
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === key) return true
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...(byKey.get(at)?.dependencies ?? []))
  }
  return false
}
