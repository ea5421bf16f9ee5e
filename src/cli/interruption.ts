import { EXIT } from './exit-status.ts'

/** The signals that ask a command to come to an end. */
type EndSignal = 'SIGINT' | 'SIGTERM'

let ending: AbortController | null = null
let received: EndSignal | null = null

/**
 * Returns the signal that aborts at the first SIGINT or SIGTERM; a second one ends the process
 * at once.
 *
 * Until somebody asks for it, both end the process as they always do, so that a command that
 * has nothing to save need not know of them.
 */
export function interruption(): AbortSignal {
  if (ending === null) {
    ending = new AbortController()
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => receive(name))
  }
  return ending.signal
}

/** Returns the exit status of a command that an interruption made fail; null without one. */
export function interruptedStatus(): typeof EXIT.interrupted | typeof EXIT.terminated | null {
  if (received === null) return null
  return received === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
}

function receive(name: EndSignal): void {
  if (received !== null) process.exit(EXIT.interrupted)
  received = name
  if (process.stderr.isTTY) process.stderr.write('\nstopping; once more to stop at once\n')
  ending?.abort(new DOMException(`stopped by ${name}`, 'AbortError'))
}
