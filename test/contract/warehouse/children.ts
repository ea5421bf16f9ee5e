import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))

/** Another process at work on a warehouse. */
export interface Child {
  /** Resolves with its next line, or `null` once it has ended. */
  next(): Promise<string | null>
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>
}

const running = new Set<ChildProcess>()

/** Has another process do `act` (see child.ts); whatever still runs is ended after the test. */
export function startChild(act: 'lease' | 'rebuild', url: string): Child {
  const child = spawn(process.execPath, [CHILD, act, url], { stdio: ['ignore', 'pipe', 'inherit'] })
  running.add(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async next() {
      const { value, done } = await lines.next()
      return done ? null : String(value)
    },
    kill: () => end(child),
  }
}

/** Ends what a test left running. */
export function endChildrenAfterEach(): void {
  afterEach(async () => {
    for (const child of running) await end(child)
  })
}

async function end(child: ChildProcess): Promise<void> {
  running.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
