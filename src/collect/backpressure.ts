import type { Journal } from '../bronze/index.ts'
import type { Socket } from './socket.ts'

const FRAMES_BETWEEN = 256
const BYTES_BETWEEN = 1024 * 1024

/** Holds a socket back while the log is behind. */
export interface Backpressure {
  /** Counts one frame; looks at the log now and then. */
  count(bytes: number): void
  readonly paused: boolean
}

/**
 * Pauses `socket` while the log's buffer is full, so that what cannot be written yet waits in
 * the venue's and the kernel's buffers and not in ours. `onResume` tells when reading goes on.
 *
 * The log is asked once per 256 frames or 1 MiB, which bounds what is taken in between.
 */
export function createBackpressure(
  socket: Socket,
  options: { readonly journal: Journal; readonly onResume: () => void },
): Backpressure {
  const { journal, onResume } = options
  let frames = 0
  let bytes = 0
  let asking = false
  let paused = false

  function ask(): void {
    asking = true
    const answered = () => {
      asking = false
      if (!paused) return
      paused = false
      socket.resume()
      onResume()
    }
    // A log that failed ends the run elsewhere; the socket need not stay paused for it.
    journal.ready().then(answered, answered)
    // A promise that is already resolved has spoken by then.
    setImmediate(() => {
      if (!asking || paused) return
      paused = true
      socket.pause()
    })
  }

  return {
    count(frameBytes) {
      frames += 1
      bytes += frameBytes
      if (frames < FRAMES_BETWEEN && bytes < BYTES_BETWEEN) return
      frames = 0
      bytes = 0
      if (!asking) ask()
    },
    get paused() {
      return paused
    },
  }
}
