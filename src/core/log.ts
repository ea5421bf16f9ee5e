import { createRequire } from 'node:module'
import type { DestinationStream, Logger as PinoLogger } from 'pino'
import { pino } from 'pino'

/** Structured log: an object of facts first, then one sentence. */
export type Logger = PinoLogger

/** Levels of the log, from everything to nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** How much to log, and for whom. */
export interface LoggerOptions {
  readonly level: LogLevel
  /** Lines for people instead of JSON Lines for programs. */
  readonly pretty: boolean
}

// Facts by these names are masked wherever they stand in a line, up to one level down.
const SECRETS = ['password', 'token', 'secret', 'apiKey', 'authorization', 'cookie']

// File descriptor of standard error.
const STANDARD_ERROR = 2

/**
 * Returns a logger that writes to standard error, so that standard output stays the program's.
 *
 * Lines are written at once and in order: what was logged before a crash is there to be read.
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '***' },
    },
    options.pretty ? prettyStream() : pino.destination({ dest: STANDARD_ERROR, sync: true }),
  )
}

function prettyStream(): DestinationStream {
  // Loaded on first use: programs that log JSON do not pay for it.
  const pretty: (options: object) => DestinationStream = createRequire(import.meta.url)(
    'pino-pretty',
  )
  return pretty({
    destination: STANDARD_ERROR,
    sync: true,
    colorize: process.stderr.isTTY === true && process.env.NO_COLOR === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  })
}
