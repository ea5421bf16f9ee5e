import { closeSync, existsSync, fdatasyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import type { RawRecord } from '../market/record.ts'
import { archivedEndPos } from './archive/manifest.ts'
import { findInHour, readHour } from './archive/read-hour.ts'
import { findRecord, skipTo } from './find-record.ts'
import { BatchCursor } from './journal/batch-cursor.ts'
import { readHead } from './journal/head.ts'
import { locate } from './journal/locate.ts'
import type { LogPaths } from './layout.ts'
import { listSegments, logPaths } from './layout.ts'
import type { Damage, LogBlock, LogReader } from './log.ts'
import type { LogPart } from './log-parts.ts'
import { listParts, ManifestCache } from './log-parts.ts'

/** How a log is read. */
export interface LogReaderOptions {
  readonly dataDir: string
  readonly name: string
  /**
   * Tells up to where the log is durable, where that is known at first hand: the journal's own
   * `durablePos`, passed on by its writer.
   *
   * @default what the head file says
   */
  readonly durablePos?: () => number
  /** Told of each stretch that is passed over because it is damaged. */
  readonly onDamage?: (damage: Damage) => void
}

/** Opens a log for reading. A log that does not exist yet is an empty one. */
export function openLogReader(options: LogReaderOptions): LogReader {
  return new LocalLogReader(options)
}

class LocalLogReader implements LogReader {
  readonly #paths: LogPaths
  readonly #manifests: ManifestCache
  readonly #onDamage: (damage: Damage) => void
  readonly #told: (() => number) | undefined
  /** What was found durable on opening, whatever the head file says. */
  readonly #floor: number
  #parts: LogPart[] | null = null
  /** The segment read last, so that whoever follows the log goes on without searching. */
  #open: { readonly file: string; readonly cursor: BatchCursor } | null = null

  constructor(options: LogReaderOptions) {
    this.#paths = logPaths(options.dataDir, options.name)
    this.#manifests = new ManifestCache(this.#paths)
    this.#onDamage = options.onDamage ?? (() => {})
    this.#told = options.durablePos
    this.#floor = this.#told === undefined ? findDurable(this.#paths) : 0
  }

  get durablePos(): number {
    if (this.#told !== undefined) return this.#told()
    return Math.max(this.#floor, readHead(this.#paths.head)?.durablePos ?? 0)
  }

  *blocks(fromPos: number): Generator<LogBlock> {
    const limit = this.durablePos
    let pos = fromPos
    while (pos < limit) {
      const { part, endPos } = this.#partAt(pos)
      if (part === null) {
        // Before the first part, or after all that is left of a log someone deleted from.
        pos = Math.min(endPos, limit)
        yield emptyBlock(pos)
      } else if (part.kind === 'hour') {
        pos = yield* this.#hour(part, pos, endPos)
      } else {
        const next = yield* this.#segment(part, pos, limit)
        if (next === null) return
        pos = next
      }
    }
  }

  record(pos: number): RawRecord | null {
    if (pos >= this.durablePos) return null
    const { part } = this.#partAt(pos)
    if (part === null) return null
    if (part.kind === 'hour') {
      const manifest = this.#manifests.get(part.name)
      if (manifest !== null) return findInHour(this.#paths, manifest, pos)
      return this.#isGone(part) ? this.record(pos) : null
    }
    const cursor = this.#cursorAt(part, pos, () => {})
    if (cursor === null) return null
    using held = cursor
    for (let run = held.next(this.durablePos); run !== null; run = held.next(this.durablePos)) {
      if (run.endPos > pos) return findRecord(run, pos)
    }
    return null
  }

  [Symbol.dispose](): void {
    this.#open?.cursor[Symbol.dispose]()
    this.#open = null
  }

  /** Returns the part that holds `pos`, and where the next one begins. */
  #partAt(pos: number): { part: LogPart | null; endPos: number } {
    let parts = this.#parts
    // Only the last part can have grown a successor since it was listed.
    if (parts === null || pos >= (parts.at(-1)?.firstPos ?? 0)) {
      const isFollowing = this.#open !== null && this.#open.file === parts?.at(-1)?.name.file
      if (!isFollowing || parts === null) parts = this.#list()
    }
    const index = parts.findLastIndex((part) => part.firstPos <= pos)
    return { part: parts[index] ?? null, endPos: parts[index + 1]?.firstPos ?? Infinity }
  }

  /**
   * Whether an hour was joined to another, or deleted on purpose, since it was listed: then all are
   * listed again.
   */
  #isGone(part: LogPart & { kind: 'hour' }): boolean {
    if (existsSync(join(this.#paths.manifests, part.name.file))) return false
    this.#manifests.forget()
    this.#list()
    return true
  }

  #list(): LogPart[] {
    this.#parts = listParts(this.#paths, this.#manifests)
    return this.#parts
  }

  *#hour(
    part: LogPart & { kind: 'hour' },
    pos: number,
    endPos: number,
  ): Generator<LogBlock, number> {
    const manifest = this.#manifests.get(part.name)
    if (manifest === null) {
      const where = join(this.#paths.manifests, part.name.file)
      if (this.#isGone(part)) return pos
      this.#onDamage({ where, fromPos: pos, toPos: endPos, why: 'a manifest that cannot be read' })
      const toPos = Number.isFinite(endPos) ? endPos : this.durablePos
      yield emptyBlock(toPos)
      return toPos
    }
    yield* readHour({ paths: this.#paths, manifest, fromPos: pos, onDamage: this.#onDamage })
    // Whoever asks for a position past the hour's own end finds a hole there.
    return Math.max(pos, manifest.endPos, Math.min(endPos, this.durablePos))
  }

  /** Gives a segment's blocks and returns where to go on; null to wait for more. */
  *#segment(
    part: LogPart & { kind: 'segment' },
    fromPos: number,
    limit: number,
  ): Generator<LogBlock, number | null> {
    const cursor = this.#follow(part, fromPos)
    // Sealed and deleted since it was listed: look again.
    if (cursor === null) return this.#afterLoss(part, fromPos, limit)
    let pos = fromPos
    for (let run = cursor.next(limit); run !== null; run = cursor.next(limit)) {
      const start = run.firstPos < pos ? skipTo(run, pos) : run.start
      pos = Math.max(pos, run.endPos)
      yield { bytes: run.bytes, start, end: run.end, checkpoint: pos }
    }
    if (pos >= limit || cursor.holdsBack) return null
    // Durable, and not here: in the next part, or nowhere.
    const next = this.#list().find((other) => other.firstPos > part.firstPos)
    const toPos = Math.min(next?.firstPos ?? limit, limit)
    if (toPos > pos) {
      this.#report(part, { offset: cursor.offset, fromPos: pos, toPos })
      yield emptyBlock(toPos)
    }
    return toPos
  }

  #afterLoss(part: LogPart, pos: number, limit: number): number {
    const wasListed = this.#list().some((other) => other.name.file === part.name.file)
    if (!wasListed) return pos
    const next = this.#list().find((other) => other.firstPos > part.firstPos)
    const toPos = Math.min(next?.firstPos ?? limit, limit)
    this.#report(part, { offset: 0, fromPos: pos, toPos })
    return toPos
  }

  /** Returns the cursor of a segment that stands at `pos` or shortly before it. */
  #follow(part: LogPart & { kind: 'segment' }, pos: number): BatchCursor | null {
    const open = this.#open
    if (open !== null && open.file === part.name.file && open.cursor.pos === pos) return open.cursor
    this[Symbol.dispose]()
    const cursor = this.#cursorAt(part, pos, (bad) => this.#report(part, bad))
    if (cursor !== null) this.#open = { file: part.name.file, cursor }
    return cursor
  }

  #cursorAt(
    part: LogPart & { kind: 'segment' },
    pos: number,
    onBad: ConstructorParameters<typeof BatchCursor>[0]['onBad'],
  ): BatchCursor | null {
    const path = join(this.#paths.journal, part.name.file)
    try {
      return new BatchCursor({ path, onBad, ...locate(path, part.firstPos, pos) })
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw error
    }
  }

  #report(part: LogPart, bad: { offset: number; fromPos: number; toPos: number }): void {
    const where = `${join(this.#paths.journal, part.name.file)}:${bad.offset}`
    const { fromPos, toPos } = bad
    this.#onDamage({ where, fromPos, toPos, why: 'no commit line vouches for these records' })
  }
}

function emptyBlock(checkpoint: number): LogBlock {
  return { bytes: Buffer.alloc(0), start: 0, end: 0, checkpoint }
}

/**
 * Finds the end of what is durable where the head file may be behind: a writer was killed
 * after a sync and before it could tell.
 *
 * Bytes that end in a valid commit line may have been written and not yet synced, by a writer
 * that is gone or one that lives; syncing them here makes it true of them either way.
 */
function findDurable(paths: LogPaths): number {
  const last = listSegments(paths).at(-1)
  const head = readHead(paths.head)
  if (last === undefined) return Math.max(archivedEndPos(paths), head?.durablePos ?? 0)
  const path = join(paths.journal, last.file)
  const isTold = head !== null && head.segment === last.file
  const from = isTold
    ? { offset: head.offset, pos: head.durablePos }
    : { offset: 0, pos: last.firstPos }
  try {
    using cursor = new BatchCursor({ path, ...from, onBad: () => {} })
    while (cursor.next(Number.MAX_SAFE_INTEGER) !== null);
    if (cursor.pos > from.pos) sync(path)
    return cursor.pos
  } catch (error) {
    // Sealed since it was listed; its manifest tells.
    if (systemCode(error) === 'ENOENT') return archivedEndPos(paths)
    throw error
  }
}

function sync(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
