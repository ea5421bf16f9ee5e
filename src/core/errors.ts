/** Every way in which the world may fail us. The cause and cure of each stand in docs/errors.md. */
export const ERROR_CODES = [
  'ASSAY_USAGE',
  'ASSAY_CONFIG_INVALID',
  'ASSAY_CONFIG_UNKNOWN_KEY',
  'ASSAY_UNKNOWN_PRODUCT',
  'ASSAY_AMBIGUOUS_INSTRUMENT',
  'ASSAY_UNKNOWN_VENUE',
  'ASSAY_NO_SUCH_ROW',
  'ASSAY_LOCKED',
  'ASSAY_DISK_FULL',
  'ASSAY_READ_ONLY',
  'ASSAY_LOG_DAMAGED',
  'ASSAY_LOG_FSYNC',
  'ASSAY_LOG_MISSING',
  'ASSAY_LEASE_LOST',
  'ASSAY_WAREHOUSE_UNAVAILABLE',
  'ASSAY_WAREHOUSE_VERSION',
  'ASSAY_VENUE_UNREACHABLE',
  'ASSAY_VENUE_REFUSED',
  'ASSAY_RATE_LIMITED',
  'ASSAY_HTTP_STATUS',
  'ASSAY_TIMEOUT',
  'ASSAY_FILE_UNREADABLE',
  'ASSAY_CHECKSUM_MISMATCH',
  'ASSAY_IMPORT_COLUMNS',
  'ASSAY_PORT_IN_USE',
  'ASSAY_SINK_FAILED',
  'ASSAY_UNSUPPORTED',
  'ASSAY_CANCELLED',
  'ASSAY_CHECK_FAILED',
  'ASSAY_RUN_CRASHED',
] as const

/** One of {@link ERROR_CODES}; programs decide on this, never on a message. */
export type ErrorCode = (typeof ERROR_CODES)[number]

/**
 * Whether trying again can help: `never`; `backoff`, after a growing pause of our own choosing;
 * `after`, once the pause named in the context (`afterMs`) has passed.
 */
export type Retry = 'never' | 'backoff' | 'after'

/** What may be said of an {@link AssayError} beyond its code and message. */
export interface AssayErrorOptions {
  /** @default 'never' */
  readonly retry?: Retry
  /** Facts for programs and logs. Holds no secret. */
  readonly context?: Readonly<Record<string, unknown>>
  /** What was caught, if the failure began elsewhere. */
  readonly cause?: unknown
}

/**
 * The world failed: a disk, a network, a venue, a file, or what a person typed.
 *
 * The message is one sentence for a person that names the thing that failed; `code` is for
 * programs. Caught only by the connection loop, an asset's run, an HTTP handler or the CLI.
 */
export class AssayError extends Error {
  override readonly name = 'AssayError'
  readonly code: ErrorCode
  readonly retry: Retry
  readonly context: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: AssayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retry = options.retry ?? 'never'
    this.context = options.context ?? {}
  }
}

/** Whether `error` is an {@link AssayError}, with the given code if one is named. */
export function isAssayError(error: unknown, code?: ErrorCode): error is AssayError {
  return error instanceof AssayError && (code === undefined || error.code === code)
}

/**
 * Returns the system's own short code of a failure (`ENOSPC`, `ECONNREFUSED`), or an empty
 * string where it has none.
 */
export function systemCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

/**
 * Returns what failed first, where letting go of things on its account failed as well: a full
 * disk fails a write, and then whatever wanted to be written on the way out.
 */
export function firstFailure(error: unknown): unknown {
  let first = error
  while (first instanceof SuppressedError) first = first.suppressed
  return first
}
