import { CommanderError } from 'commander'
import { AssayError, firstFailure, systemCode } from '../core/errors.ts'
import { cureOf } from './cures.ts'
import { EXIT, type ExitStatus } from './exit-status.ts'
import { interruptedStatus } from './interruption.ts'

/** How a failure is to be told. */
export interface ReportOptions {
  /** Whether the last line of standard output shall tell a program of it too. */
  readonly json: boolean
  /** Whether the stack is shown. */
  readonly verbose: boolean
}

/** A failure in the words it is told in. */
interface Failure {
  readonly status: ExitStatus
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

// What Commander throws where nothing failed: help or the version was asked for and printed.
const ASKED_FOR = ['commander.helpDisplayed', 'commander.version']

/** Tells people, and programs if asked to, what ended a command; returns the exit status. */
export function reportFailure(thrown: unknown, options: ReportOptions): ExitStatus {
  const error = firstFailure(thrown)
  if (error instanceof CommanderError) {
    if (ASKED_FOR.includes(error.code)) return EXIT.done
    // `assay help`, or else `assay` or `assay log` alone, where the help says what is missing.
    if (error.code === 'commander.help') return error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
  const interrupted = interruptedStatus()
  if (interrupted !== null && isAbort(error)) return interrupted
  const failure = describe(error)
  const lines = [`error ${failure.code}: ${failure.message}`]
  if (failure.hint !== null) lines.push(`hint: ${failure.hint}`)
  if (options.verbose && !(error instanceof CommanderError)) lines.push(stackOf(error))
  process.stderr.write(`${lines.join('\n')}\n`)
  if (options.json) {
    const { code, message } = failure
    process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  }
  return failure.status
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || isAbort(error.cause))
}

function describe(error: unknown): Failure {
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
    const hint = 'assay help COMMAND lists what a command takes'
    return { status: EXIT.usage, code: 'ASSAY_USAGE', message, hint }
  }
  if (error instanceof AssayError) {
    const { code, message } = error
    return { status: isUsage(code) ? EXIT.usage : EXIT.failed, code, message, hint: cureOf(code) }
  }
  return unexpected(error)
}

function isUsage(code: string): boolean {
  return code === 'ASSAY_USAGE' || code.startsWith('ASSAY_CONFIG_')
}

/** A failure that no code stands for: a mistake of ours, or one of the system's we forgot. */
function unexpected(error: unknown): Failure {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const again = 'run it again with --verbose for the place, and please report it with that'
  return {
    status: EXIT.failed,
    code: systemCode(error) || 'UNEXPECTED',
    message: message.replace(/\s*\n\s*/g, ' '),
    hint: `this is a mistake of ours; what is in the raw log is safe. ${again}`,
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const context = error instanceof AssayError ? `\n${JSON.stringify(error.context)}` : ''
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack}${context}${cause}`
}
