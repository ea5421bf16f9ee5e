import { appendFileSync, readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { z } from 'zod'
import { AssayError } from '../core/errors.ts'
import type { CheckResult } from '../flow/index.ts'

/** What Dagster is told while it runs us; every call is written at once. */
export interface PipesSession {
  log(level: 'info' | 'warn' | 'error', message: string): void
  /** How the run ended: what was made, and what each check found. */
  ended(run: PipesRun): void
  /** Says that nothing more comes, and what failed, if anything did. */
  close(failure?: unknown): void
}

/** A run that ended. */
export interface PipesRun {
  readonly asset: string
  readonly state: string
  readonly run_id: string
  readonly rows: number | null
  /** The digest that Dagster keeps as its data version; null where nothing was made. */
  readonly version: string | null
  readonly reason: string | null
  readonly metadata: Readonly<Record<string, string | number | boolean | null>>
  readonly checks: readonly CheckResult[]
}

type Env = Readonly<Record<string, string | undefined>>

const VERSION = '0.1'
const CONTEXT = 'DAGSTER_PIPES_CONTEXT'
const MESSAGES = 'DAGSTER_PIPES_MESSAGES'
const LEVELS = { info: 'INFO', warn: 'WARNING', error: 'ERROR' } as const
/** States in which the asset is what the version says. */
const MADE = ['succeeded', 'skipped']
/** A context is a few kilobytes; what inflates to more than this is none. */
const CONTEXT_BYTES_MAX = 16 * 1024 * 1024

const contextSchema = z.object({
  asset_keys: z.array(z.string()).nullish(),
  partition_key: z.string().nullish(),
  partition_key_range: z.object({ start: z.string(), end: z.string() }).nullish(),
})
const contextParams = z.union([z.object({ data: contextSchema }), z.object({ path: z.string() })])
const messageParams = z.union([
  z.object({ path: z.string() }),
  z.object({ stdio: z.enum(['stdout', 'stderr']) }),
])

/**
 * Begins to speak Dagster Pipes, protocol 0.1, about one asset; null where it was not Dagster
 * that started this process.
 *
 * @throws ASSAY_CONFIG_INVALID when Dagster's variables cannot be read.
 */
export function openPipes(env: Env, asset: string): PipesSession | null {
  const context = contextIn(env)
  if (context === null) return null
  const about = { asset_key: assetKey(context.asset_keys ?? [], asset) }
  const write = writerIn(env)
  const say = (method: string, params: object) =>
    write(`${JSON.stringify({ __dagster_pipes_version: VERSION, method, params })}\n`)
  say('opened', { extras: {} })
  return {
    log: (level, message) => say('log', { message, level: LEVELS[level] }),
    ended(run) {
      // Of assets that had to be made first, Dagster knows nothing.
      if (run.asset !== asset) return
      for (const check of run.checks) say('report_asset_check', { ...about, ...checkTold(check) })
      if (run.version === null || !MADE.includes(run.state)) return
      const { state, run_id, rows, reason, version } = run
      const metadata = metadataOf({ ...run.metadata, rows, state, run_id, reason })
      say('report_asset_materialization', { ...about, data_version: version, metadata })
    },
    close: (failure) => say('closed', failure === undefined ? {} : { exception: told(failure) }),
  }
}

/**
 * Returns the partition that Dagster asks for, or null: it is not Dagster that asks, or the asset
 * has no partitions.
 *
 * @throws ASSAY_CONFIG_INVALID when Dagster's context cannot be read, or asks for several.
 */
export function pipesPartition(env: Env): string | null {
  const { partition_key: key, partition_key_range: range } = contextIn(env) ?? {}
  if (key != null || range == null) return key ?? null
  throw invalid(CONTEXT, `asks for ${range.start} to ${range.end} at once: ask for one partition`)
}

function contextIn(env: Env): z.infer<typeof contextSchema> | null {
  if (!env[CONTEXT]) return null
  const params = decode(env, CONTEXT, contextParams)
  if ('data' in params) return params.data
  return guarded(CONTEXT, () => contextSchema.parse(JSON.parse(readFileSync(params.path, 'utf8'))))
}

function writerIn(env: Env): (line: string) => void {
  const params = decode(env, MESSAGES, messageParams)
  if ('path' in params) return (line) => appendFileSync(params.path, line)
  return (line) => process[params.stdio].write(line)
}

/** Dagster may keep our assets below a prefix, or the asset it runs may be of another name. */
function assetKey(keys: readonly string[], asset: string): string {
  const own = asset.replaceAll('.', '/')
  if (keys.length === 1) return keys[0] ?? own
  return keys.find((key) => key === own || key.endsWith(`/${own}`)) ?? own
}

function checkTold({ name, passed, severity, detail }: CheckResult) {
  const metadata = metadataOf({ detail })
  return { check_name: name, passed, severity: severity === 'warn' ? 'WARN' : 'ERROR', metadata }
}

function metadataOf(values: PipesRun['metadata']) {
  const entries = Object.entries(values)
  return Object.fromEntries(entries.map(([k, raw]) => [k, { raw_value: raw, type: '__infer__' }]))
}

function told(failure: unknown) {
  const isError = failure instanceof Error
  const [name, message] = isError ? [failure.name, failure.message] : ['Failed', String(failure)]
  return { name, message, stack: [], cause: null, context: null }
}

function decode<T>(env: Env, name: string, schema: z.ZodType<T>): T {
  return guarded(name, () => {
    const packed = Buffer.from(env[name] ?? '', 'base64')
    const text = inflateSync(packed, { maxOutputLength: CONTEXT_BYTES_MAX }).toString('utf8')
    return schema.parse(JSON.parse(text))
  })
}

function guarded<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw invalid(name, 'is not what Dagster Pipes 0.1 writes', cause)
  }
}

function invalid(name: string, why: string, cause?: unknown): AssayError {
  return new AssayError('ASSAY_CONFIG_INVALID', `${name} ${why}`, { cause })
}
