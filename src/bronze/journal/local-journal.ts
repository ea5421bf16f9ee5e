import { assert } from '../../core/assert.ts'
import type { Clock } from '../../core/clock.ts'
import type { Lock } from '../../core/lock.ts'
import type { NewRecord } from '../../market/record.ts'
import type { LogPaths } from '../layout.ts'
import type { Journal, Recovery } from '../log.ts'
import { logError } from '../log-error.ts'
import { writeHead } from './head.ts'
import { PendingBatches } from './pending.ts'
import type { Tail } from './recover.ts'
import { SegmentWriter } from './segment-writer.ts'

/** What a journal is made of; see JournalOptions for the settings. */
export interface JournalParts {
  readonly name: string
  readonly clock: Clock
  readonly paths: LogPaths
  readonly lock: Lock
  readonly tail: Tail
  readonly commitWindowMs: number
  readonly segmentBytesMax: number
  readonly bufferedBytesMax: number
}

interface Waiter {
  readonly pos: number
  readonly resolve: (durablePos: number) => void
  readonly reject: (failure: Error) => void
}

// A commit does not wait out its window once this much is there to be written.
const COMMIT_BYTES = 4 * 1024 * 1024
// Readers in other processes look no more often than this.
const HEAD_INTERVAL_MS = 20

/**
 * A log on a local disk, written by group commit: one write and one sync for all that came in
 * a window of time, on the thread pool, while the next window fills.
 */
export class LocalJournal implements Journal {
  readonly name: string
  readonly recovery: Recovery
  readonly failed: Promise<never>
  readonly #parts: JournalParts
  readonly #pending = new PendingBatches()
  readonly #writer: SegmentWriter
  readonly #listeners = new Set<(durablePos: number) => void>()
  readonly #rejectFailed: (failure: Error) => void
  #nextPos: number
  #durablePos: number
  /** What the head file says; -1 before this process wrote it. */
  #headPos = -1
  #headTimeMs: number
  /** When the oldest record came that waits for a commit. */
  #pendingSinceMs = 0
  #inFlightBytes = 0
  #flushes: Waiter[] = []
  #ready: Waiter[] = []
  #failure: Error | null = null
  #closing: Promise<void> | null = null
  #loop: Promise<void> = Promise.resolve()
  /** Ends the present pause; `resting` if an append is enough to end it. */
  #pause: { readonly end: () => void; readonly resting: boolean } | null = null

  constructor(parts: JournalParts) {
    const { paths, segmentBytesMax, tail } = parts
    this.name = parts.name
    this.recovery = tail.recovery
    this.#parts = parts
    this.#nextPos = tail.nextPos
    this.#durablePos = tail.nextPos
    this.#headTimeMs = Number.NEGATIVE_INFINITY
    this.#writer = new SegmentWriter({ paths, segmentBytesMax, segment: tail.segment })
    const { promise, reject } = Promise.withResolvers<never>()
    // Whoever does not watch it learns of the failure from append and flush.
    promise.catch(() => {})
    this.failed = promise
    this.#rejectFailed = reject
  }

  get nextPos(): number {
    return this.#nextPos
  }

  get durablePos(): number {
    return this.#durablePos
  }

  /** Tells the head file what recovery found, and begins to commit. */
  async start(): Promise<void> {
    await this.#tellHead()
    this.#loop = this.#run().catch((error: unknown) => this.#fail(error))
  }

  append(record: NewRecord): number {
    if (this.#failure !== null) throw this.#failure
    assert(this.#closing === null, 'a closed log is not appended to')
    const isWithinBounds = this.#bufferedBytes < 2 * this.#parts.bufferedBytesMax
    assert(isWithinBounds, 'whoever appends awaits ready()')
    const pos = this.#nextPos
    if (this.#pending.bytes === 0) this.#pendingSinceMs = this.#parts.clock.monotonicMs()
    this.#pending.add(record, pos)
    this.#nextPos = pos + 1
    const pause = this.#pause
    if (pause !== null && (pause.resting || this.#pending.bytes >= COMMIT_BYTES)) pause.end()
    return pos
  }

  flush(): Promise<number> {
    return this.#waitIn(this.#flushes, this.#headPos >= this.#nextPos)
  }

  async ready(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    if (this.#bufferedBytes < this.#parts.bufferedBytesMax) return
    await this.#waitIn(this.#ready, false)
  }

  onDurable(listener: (durablePos: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  get #bufferedBytes(): number {
    return this.#pending.bytes + this.#inFlightBytes
  }

  get #isUrgent(): boolean {
    const isWanted = this.#flushes.length > 0 || this.#ready.length > 0 || this.#closing !== null
    return isWanted || this.#pending.bytes >= COMMIT_BYTES
  }

  /** How long until the head file may be written again; 0 if it may be now. */
  get #headWaitMs(): number {
    if (this.#isUrgent) return 0
    return Math.max(0, this.#headTimeMs + HEAD_INTERVAL_MS - this.#parts.clock.monotonicMs())
  }

  /** What is left of the window: what came during a slow sync has waited it out already. */
  get #windowMs(): number {
    if (this.#isUrgent) return 0
    const { clock, commitWindowMs } = this.#parts
    return this.#pendingSinceMs + commitWindowMs - clock.monotonicMs()
  }

  #waitIn(waiters: Waiter[], isDone: boolean): Promise<number> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (isDone) return Promise.resolve(this.#durablePos)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    waiters.push({ pos: this.#nextPos, resolve, reject })
    this.#pause?.end()
    return promise
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#pending.bytes > 0) {
        await this.#sleep(this.#windowMs, false)
        await this.#commit()
        if (this.#headWaitMs === 0) await this.#tellHead()
      } else if (this.#headPos < this.#durablePos) {
        await this.#sleep(this.#headWaitMs, true)
        if (this.#headWaitMs === 0) await this.#tellHead()
      } else if (this.#closing !== null) return
      else await this.#rest()
    }
  }

  /** Writes and syncs all that waits, then acknowledges it. */
  async #commit(): Promise<void> {
    const batches = this.#pending.take()
    const last = batches.at(-1)
    if (last === undefined) return
    this.#inFlightBytes = batches.reduce((sum, batch) => sum + batch.end - batch.start, 0)
    await this.#writer.write(batches)
    this.#inFlightBytes = 0
    this.#pending.giveBack(batches)
    this.#durablePos = last.endPos
    for (const listener of this.#listeners) listener(this.#durablePos)
    if (this.#bufferedBytes < this.#parts.bufferedBytesMax) {
      for (const waiter of this.#ready.splice(0)) waiter.resolve(this.#durablePos)
    }
  }

  async #tellHead(): Promise<void> {
    const { clock, paths } = this.#parts
    const durablePos = this.#durablePos
    const { file, offset } = this.#writer.segment ?? { file: '', offset: 0 }
    await writeHead(paths.head, { durablePos, segment: file, offset, timeUs: clock.nowUs() })
    this.#headPos = durablePos
    this.#headTimeMs = clock.monotonicMs()
    const isTold = (waiter: Waiter) => waiter.pos <= durablePos
    for (const waiter of this.#flushes.filter(isTold)) waiter.resolve(durablePos)
    this.#flushes = this.#flushes.filter((waiter) => !isTold(waiter))
  }

  async #sleep(ms: number, resting: boolean): Promise<void> {
    if (ms <= 0) return
    const controller = new AbortController()
    this.#pause = { end: () => controller.abort(), resting }
    await this.#parts.clock.sleep(ms, controller.signal)
    this.#pause = null
  }

  /** Waits for something to do, without a timer that would keep the process alive. */
  async #rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#pause = { end: resolve, resting: true }
    await promise
    this.#pause = null
  }

  #fail(error: unknown): void {
    const failure = logError(error, this.#parts.paths.root)
    this.#failure = failure
    for (const waiter of [...this.#flushes.splice(0), ...this.#ready.splice(0)]) {
      waiter.reject(failure)
    }
    this.#rejectFailed(failure)
  }

  async #close(): Promise<void> {
    this.#pause?.end()
    // The loop ends once all is written and told, or at a failure, which it has told of itself.
    await this.#loop
    await this.#writer.close()
    this.#parts.lock.release()
  }
}
