import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import type { AssayConfig, ConfigFlags, LoadedConfig } from '../core/config.ts'
import { loadConfig } from '../core/config.ts'
import type { Logger } from '../core/log.ts'
import { createLogger } from '../core/log.ts'
import { adoptExtensions, type Extensions } from './extensions.ts'
import { interruption } from './interruption.ts'

/** The flags that every command takes. */
export interface GlobalFlags {
  readonly data?: string
  readonly store?: string
  readonly config?: string
  readonly logLevel?: string
  readonly verbose?: boolean
  /** Only of commands that have it. */
  readonly json?: boolean
  /** Only of commands that have it. */
  readonly csv?: boolean
}

/** Values by dotted key that a command's own flags give the configuration. */
export type Settings = ConfigFlags

/** What a command works with. */
export interface Context {
  readonly config: AssayConfig
  /** The configuration with the origin of each value. */
  readonly loaded: LoadedConfig
  /** What the configuration adds to the pipeline. */
  readonly extensions: Extensions
  /** Absolute. */
  readonly dataDir: string
  /** `sqlite:` and an absolute path. */
  readonly storeUrl: string
  /** Writes to standard error. */
  readonly log: Logger
  readonly clock: Clock
  /**
   * Aborted by the first SIGINT or SIGTERM; the second ends the process. Only a command that
   * asks for it takes over these signals.
   */
  readonly signal: AbortSignal
  /** The last line of standard output is one line of JSON. */
  readonly json: boolean
  readonly csv: boolean
  readonly verbose: boolean
  /** Whether standard output is a terminal. */
  readonly isTty: boolean
}

/**
 * Reads the configuration that the flags, the environment and the files give together, and
 * returns what a command works with. What it adds is known to this thread from then on.
 *
 * @param settings what a command's own flags give; told which venues the configuration adds.
 *
 * @throws ASSAY_CONFIG_INVALID, ASSAY_CONFIG_UNKNOWN_KEY or ASSAY_UNSUPPORTED.
 */
export async function openContext(
  flags: GlobalFlags,
  settings: (venueIds: readonly string[]) => Settings = () => ({}),
): Promise<Context> {
  const { data, store, config: configPath, verbose = false } = flags
  const level = flags.logLevel ?? (verbose ? 'debug' : undefined)
  const loaded = await loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags: (venueIds) => ({ data, store, 'log.level': level, ...settings(venueIds) }),
    configPath,
  })
  const { config } = loaded
  return {
    config,
    loaded,
    extensions: await adoptExtensions(loaded),
    dataDir: config.data,
    storeUrl: config.store,
    log: createLogger({ level: config.log.level, pretty: process.stderr.isTTY === true }),
    clock: systemClock,
    get signal() {
      return interruption()
    },
    json: flags.json === true,
    csv: flags.csv === true,
    verbose,
    isTty: process.stdout.isTTY === true,
  }
}
