import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Venue } from '../venues/venue.ts'
import { openSource, readSource } from './import-source.ts'
import { readCaptureLine } from './replay-capture.ts'
import { readLines } from './replay-lines.ts'
import { beginsStopwatch } from './replay-stopwatch.ts'
import { createReplayWriter } from './replay-writer.ts'

/** What to replay and where to. */
export interface ReplayOptions {
  readonly path: string
  /** The venue whose frames these are. */
  readonly venue: Venue
  readonly journal: Journal
  readonly clock: Clock
  /** Stops between two lines; what was read by then stays. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ReplayProgress) => void
  /** Version of this program, for the diary. */
  readonly version: string
}

/** How far a replay has come, in bytes of the stored file. */
export interface ReplayProgress {
  readonly bytes: number
  readonly bytesTotal: number
  readonly frames: number
}

/** What a replay wrote. All of it is durable. */
export interface ReplayResult {
  /** WebSocket frames. */
  readonly frames: number
  readonly restPages: number
  /** Frames the capture says were sent; kept as diary entries where they change subscriptions. */
  readonly sends: number
  /** Lines that are no line of a capture. */
  readonly unreadable: number
  /** SHA-256 of the file as stored, in hex. */
  readonly sha256: string
  /** Positions in the log, half-open. */
  readonly firstPos: number
  readonly endPos: number
  /** Whether the file was read to its end. */
  readonly complete: boolean
}

/** Bytes of lines between two reports of progress, and two waits for the log to catch up. */
const BYTES_BETWEEN_REPORTS = 1_048_576

/**
 * Writes a recorded session into the log as if it were received now, except for the time.
 *
 * Takes captures (one JSON object a line that tells of a connect, a send, a frame or a page)
 * and plain files of one frame a line, packed or not. In a capture all times are its own, the
 * diary's included, and its subscriptions end with it, so that log time and live scopes are as
 * they were. Connections are named after the file: replaying it again repeats the same records.
 *
 * @throws AssayError `ASSAY_FILE_UNREADABLE` where the file cannot be read to its end.
 */
export async function replayCapture(options: ReplayOptions): Promise<ReplayResult> {
  const { journal, signal } = options
  const source = await openSource(options.path, { signal })
  const firstPos = journal.nextPos
  const progress = { bytes: 0, bytesTotal: source.bytes, frames: 0 }
  const writer = createReplayWriter({ ...options, source })
  let reason = 'failed'
  let unreported = 0
  let capture: boolean | null = null
  try {
    const chunks = readSource(source, (bytes) => {
      progress.bytes = bytes
    })
    for await (const line of readLines(chunks)) {
      if (signal?.aborted === true) break
      // A capture is one from its first line on; anything else is frames as they came.
      capture ??= readCaptureLine(line) !== null || beginsStopwatch(line)
      if (capture) writer.line(line)
      else writer.frame(line)
      unreported += line.length
      if (unreported < BYTES_BETWEEN_REPORTS) continue
      unreported = 0
      options.onProgress?.({ ...progress, frames: writer.counts.frames })
      await journal.ready()
    }
    reason = signal?.aborted === true ? 'interrupted' : 'end of file'
  } finally {
    writer.end(reason)
    await journal.flush()
  }
  options.onProgress?.({ ...progress, frames: writer.counts.frames })
  const complete = reason === 'end of file'
  const { sha256 } = source
  return { ...writer.counts, sha256, firstPos, endPos: journal.nextPos, complete }
}
