import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseEnv } from 'node:util'
import { parseDocument } from 'yaml'
import type { ConfigKey } from './config-schema.ts'
import { AssayError, systemCode } from './errors.ts'

/** A value of one key, and where it came from. */
export interface Setting {
  readonly value: unknown
  /** For people: `ASSAY_DATA in .env`. */
  readonly from: string
  /** Folder that a relative path in the value starts from. */
  readonly folder: string
}

/** Values by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A configuration file as it was read: values nested, nothing checked yet. */
export interface ConfigFile {
  readonly path: string
  readonly values: unknown
}

const FILE_NAMES = ['assay.config.ts', 'assay.config.mjs', 'assay.config.yaml', 'assay.config.yml']
const YAML = ['.yaml', '.yml']

// What a Service called "assay" makes Kubernetes put into every container's environment.
const KUBERNETES = /^ASSAY_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/
// Names that say where the configuration is, or are for the test suites or deploy/, and no keys.
const NOT_KEYS = /^ASSAY_(CONFIG$|TEST_|BENCH_|CRASH_|ORCHESTRATOR_)/

/** Said to whoever writes `extend` where no code can be. */
export const EXTEND_IS_CODE =
  'extend holds code; it can be written in assay.config.ts (or .mjs) alone'

/** Returns what `.env` in `cwd` says; nothing where there is none. */
export function readDotEnv(cwd: string): Environment {
  const path = join(cwd, '.env')
  if (!existsSync(path)) return {}
  return parseEnv(readText(path))
}

/**
 * Returns the configuration file at `path`, or the one found in `cwd`, or null.
 *
 * @throws ASSAY_CONFIG_INVALID when it cannot be read, or when two are found.
 */
export async function readConfigFile(
  cwd: string,
  path: string | undefined,
  env: Environment,
): Promise<ConfigFile | null> {
  const file = path === undefined ? findFile(cwd) : resolve(cwd, path)
  if (file === null) return null
  if (YAML.includes(extname(file))) return { path: file, values: readYaml(file, env) }
  if (!existsSync(file)) throw invalid(`there is no configuration file ${file}`, { file })
  return { path: file, values: await importFile(file) }
}

function findFile(cwd: string): string | null {
  const found = FILE_NAMES.filter((name) => existsSync(join(cwd, name)))
  if (found.length > 1) {
    throw invalid(`${found.join(' and ')} are both here: keep one, or name it with --config`)
  }
  return found.length === 0 ? null : join(cwd, found[0]!)
}

async function importFile(file: string): Promise<unknown> {
  let module: { default?: unknown }
  try {
    module = await import(pathToFileURL(file).href)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw invalid(`${file} cannot be loaded: ${why}`, { file }, error)
  }
  if (module.default === undefined) {
    throw invalid(`${file} has no default export: write "export default defineConfig({ … })"`)
  }
  return module.default
}

function readYaml(file: string, env: Environment): unknown {
  const document = parseDocument(readText(file))
  const problem = document.errors[0]
  if (problem) throw invalid(`${file}: ${problem.message}`, { file }, problem)
  // An empty file is an empty configuration.
  return expand(document.toJS() ?? {}, env, basename(file))
}

/** Replaces `${NAME}` and `${NAME:-otherwise}` in every text; `$${` stands for `${`. */
function expand(value: unknown, env: Environment, file: string): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$(\$\{)|\$\{(\w+)(?::-([^}]*))?\}/g, (_, literal, name, otherwise) => {
      if (literal !== undefined) return literal
      const found = env[name] || otherwise
      if (found === undefined) throw invalid(`${file} uses \${${name}}, which is not set`, { name })
      return found
    })
  }
  if (Array.isArray(value)) return value.map((item) => expand(item, env, file))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expand(item, env, file)]),
  )
}

/** Flattens a file's nested values into settings by dotted key, checking nothing but shape. */
export function fileSettings(file: ConfigFile, keys: readonly ConfigKey[]): Map<string, Setting> {
  const settings = new Map<string, Setting>()
  const origin = { from: basename(file.path), folder: dirname(file.path) }
  const known = new Set(keys.map(({ key }) => key))
  const walk = (value: unknown, prefix: string) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalid(`${prefix || 'the configuration'} in ${origin.from} should hold keys`)
    }
    for (const [name, child] of Object.entries(value)) {
      const key = prefix === '' ? name : `${prefix}.${name}`
      const isBranch = keys.some((leaf) => leaf.key.startsWith(`${key}.`))
      if (isBranch) walk(child, key)
      else if (!known.has(key)) throw unknownKey(key, [...known], origin.from)
      else if (child !== undefined) settings.set(key, { value: child, ...origin })
    }
  }
  walk(file.values, '')
  return settings
}

/**
 * Returns the settings of one environment. An empty value counts as not set; `X_FILE` names a
 * file that holds the value of `X`.
 *
 * @throws ASSAY_CONFIG_UNKNOWN_KEY for an `ASSAY_…` name that is no key.
 */
export function envSettings(
  env: Environment,
  at: { readonly where: string; readonly cwd: string; readonly keys: readonly ConfigKey[] },
): Map<string, Setting> {
  const { where, cwd } = at
  const settings = new Map<string, Setting>()
  const keys = new Map(at.keys.map(({ env: name, key }) => [name, key]))
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('ASSAY_') || !value || NOT_KEYS.test(name)) continue
    // A key of its own may end so too: it names a file, and is not to be read from one.
    const isFile = name.endsWith('_FILE') && !keys.has(name)
    const plain = isFile ? name.slice(0, -'_FILE'.length) : name
    const key = keys.get(plain)
    if (key === undefined) {
      if (KUBERNETES.test(name)) continue
      if (plain === 'ASSAY_EXTEND') throw invalid(`${name} in ${where}: ${EXTEND_IS_CODE}`)
      throw unknownKey(name, [...keys.keys()], where)
    }
    if (settings.has(key)) throw invalid(`both ${plain} and ${plain}_FILE are set: keep one`)
    const text = plain === name ? value : readText(resolve(cwd, value)).trim()
    settings.set(key, { value: text, from: `${name} in ${where}`, folder: cwd })
  }
  return settings
}

/** Returns an error that names the known key nearest to one that is not. */
export function unknownKey(key: string, known: readonly string[], from: string): AssayError {
  const nearest = known.reduce((best, candidate) =>
    distance(key, candidate) < distance(key, best) ? candidate : best,
  )
  return new AssayError(
    'ASSAY_CONFIG_UNKNOWN_KEY',
    `unknown key ${key} in ${from}: did you mean ${nearest}?`,
    { context: { key, nearest, from } },
  )
}

/** Returns an ASSAY_CONFIG_INVALID error. */
export function invalid(
  message: string,
  context: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): AssayError {
  return new AssayError('ASSAY_CONFIG_INVALID', message, { context, cause })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw invalid(`${path} cannot be read (${systemCode(error)})`, { path }, error)
  }
}

// Levenshtein's distance, ignoring case; the inputs are a few dozen characters.
function distance(a: string, b: string): number {
  const left = a.toLowerCase()
  const right = b.toLowerCase()
  let row = Array.from({ length: right.length + 1 }, (_, i) => i)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const swap = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row.at(-1)!
}
