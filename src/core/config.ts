import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { type ConfigExtend, takeExtend, venueIdsOf } from './config-extend.ts'
import type { AssayConfig, AssayConfigInput, ConfigShape, configSchema } from './config-schema.ts'
import { shapeWith } from './config-schema.ts'
import type { Environment, Setting } from './config-sources.ts'
import {
  envSettings,
  fileSettings,
  invalid,
  readConfigFile,
  readDotEnv,
  unknownKey,
} from './config-sources.ts'
import { AssayError } from './errors.ts'
import { redact } from './redact.ts'

export type { AssayConfig, AssayConfigInput }

/** Where to look for a configuration, and what overrides it. */
export interface ConfigSources {
  /** Folder whose `.env` and `assay.config.*` are read, and that relative paths start from. */
  readonly cwd: string
  readonly env: Environment
  /** What the command line gave; where it depends on them, told which venues the file adds. */
  readonly flags?: ConfigFlags | ((venueIds: readonly string[]) => ConfigFlags)
  /** The configuration file, if a person named one. Otherwise `ASSAY_CONFIG`, or what is found. */
  readonly configPath?: string
}

/** Values by dotted key; undefined means not given. */
export type ConfigFlags = Readonly<Record<string, unknown>>

/** A configuration and the story of each of its values. */
export interface LoadedConfig {
  readonly config: AssayConfig
  /** Where each key's value came from: a flag, a variable, a file, or `default`. */
  readonly origins: ReadonlyMap<string, string>
  /** The configuration file that was read, or null. */
  readonly file: string | null
  /** What the file adds to the pipeline. */
  readonly extend: ConfigExtend
}

/** One line of {@link explainConfig}. */
export interface ExplainedKey {
  readonly key: string
  /** As JSON, with secrets masked. */
  readonly value: string
  readonly from: string
  readonly env: string
  readonly about: string
}

/**
 * Reads the configuration. Of two values of one key the later of these stands: the default, the
 * configuration file, `.env`, the environment, a flag.
 *
 * Relative paths start from `cwd`, or from the configuration file's folder if they stand in it.
 *
 * @throws ASSAY_CONFIG_UNKNOWN_KEY, ASSAY_CONFIG_INVALID; ASSAY_UNSUPPORTED for a store that this
 * version cannot use.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const { cwd, env } = sources
  const dotEnv = readDotEnv(cwd)
  const whole = { ...dotEnv, ...withoutEmpty(env) }
  const path = sources.configPath ?? whole.ASSAY_CONFIG
  const found = await readConfigFile(cwd, path || undefined, whole)
  const { file, extend } = takeExtend(found)
  const venueIds = venueIdsOf(extend)
  const shape = shapeWith(venueIds)
  const flags = typeof sources.flags === 'function' ? sources.flags(venueIds) : sources.flags
  const settings = new Map<string, Setting>([
    ...(file === null ? [] : fileSettings(file, shape.keys)),
    ...envSettings(dotEnv, { where: '.env', cwd, keys: shape.keys }),
    ...envSettings(env, { where: 'the environment', cwd, keys: shape.keys }),
    ...flagSettings(flags ?? {}, cwd, shape),
  ])
  const config = place(check(settings, shape), settings, cwd)
  const origins = shape.keys.map(({ key }) => [key, settings.get(key)?.from ?? 'default'] as const)
  return { config, origins: new Map(origins), file: file?.path ?? null, extend }
}

function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value))
}

function flagSettings(flags: ConfigFlags, folder: string, { keys }: ConfigShape) {
  const known = keys.map(({ key }) => key)
  const given = Object.entries(flags).filter(([, value]) => value !== undefined)
  return given.map(([key, value]): [string, Setting] => {
    if (!known.includes(key)) throw unknownKey(key, known, 'the flags')
    return [key, { value, from: 'flag', folder }]
  })
}

function check(
  settings: ReadonlyMap<string, Setting>,
  { schema, keys }: ConfigShape,
): z.output<typeof configSchema> {
  const tree: Record<string, unknown> = {}
  for (const { key } of keys) setAt(tree, key, settings.get(key)?.value)
  const result = schema.safeParse(tree)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  // An issue inside a list is told of the list's key.
  const at = issue.path.join('.')
  const key = keys.find((leaf) => at === leaf.key || at.startsWith(`${leaf.key}.`))?.key
  const from = settings.get(key ?? at)?.from ?? 'default'
  throw invalid(`${key ?? at} (${from}): ${issue.message}`, { key: key ?? at, from })
}

function setAt(tree: Record<string, unknown>, key: string, value: unknown): void {
  const names = key.split('.')
  const last = names.pop()!
  let branch = tree
  for (const name of names) {
    branch[name] ??= {}
    branch = branch[name] as Record<string, unknown>
  }
  branch[last] = value
}

/** Makes every path absolute. */
function place(
  config: z.output<typeof configSchema>,
  settings: ReadonlyMap<string, Setting>,
  cwd: string,
): AssayConfig {
  const data = resolve(settings.get('data')?.folder ?? cwd, config.data)
  const storePath = sqlitePath(config.store, settings.get('store')?.from ?? 'default')
  const store =
    storePath === ''
      ? join(data, 'warehouse')
      : resolve(settings.get('store')?.folder ?? cwd, storePath)
  const { file } = config.lineage
  const lineageFile =
    file === null ? null : resolve(settings.get('lineage.file')?.folder ?? cwd, file)
  const lineage = { ...config.lineage, file: lineageFile }
  return { ...config, data, store: `sqlite:${store}`, lineage }
}

/**
 * Returns the path in an SQLite URL: `sqlite:PATH`, or `sqlite:///PATH` where PATH is absolute;
 * empty if the URL names no file.
 */
function sqlitePath(store: string, from: string): string {
  const [, scheme, rest] = /^([a-z][a-z0-9+]*):(.*)$/i.exec(store) ?? []
  if (scheme === undefined || rest === undefined) {
    throw invalid(`store (${from}): write it as sqlite:PATH, not ${redact(store)}`)
  }
  if (scheme.toLowerCase() !== 'sqlite') {
    throw new AssayError('ASSAY_UNSUPPORTED', `this version stores in sqlite:PATH, not ${scheme}:`)
  }
  const path = rest.replace(/^\/\/(?=[^/])/, '').replace(/^\/{2,}/, '/')
  if (path.includes(':memory:')) {
    throw invalid(`store (${from}): the warehouse is a folder: several threads read it at once`)
  }
  return path === '/' ? '' : path
}

/** Returns every key with its value, where it came from and what it is for; secrets masked. */
export function explainConfig(loaded: LoadedConfig): readonly ExplainedKey[] {
  return shapeWith(venueIdsOf(loaded.extend)).keys.map(({ key, env, about }) => ({
    key,
    value: redactKey(key, valueAt(loaded.config, key)),
    from: loaded.origins.get(key)!,
    env,
    about,
  }))
}

function valueAt(config: AssayConfig, key: string): unknown {
  let value: unknown = config
  for (const name of key.split('.')) value = (value as Record<string, unknown>)[name]
  return value
}

const SECRET_NAME = /(password|passwd|secret|token|api_?key|credential)s?$/i

function redactKey(key: string, value: unknown): string {
  if (SECRET_NAME.test(key) && value !== null && value !== undefined) return '"***"'
  return redact(JSON.stringify(value))
}
