import type { BrokenBook } from '../../market/book.ts'
import type { RawRecord } from '../../market/record.ts'
import type { BookSource } from '../../venues/book-source.ts'
import type { BookBreakRow } from '../../warehouse/index.ts'
import {
  applyLevels,
  type BookChain,
  breakChain,
  type ChainListener,
  createChain,
  settle,
  startChain,
  tellSecond,
} from './chain.ts'
import { type HeldMessage, MessageReader } from './message.ts'
import { dropPassed, joinSnapshot, keepSnapshot, takeNumbered } from './numbered.ts'
import { type BookSummary, summarize } from './top.ts'

/** Connections of one symbol that are followed at once: two overlap at a planned cut. */
const CHAINS_MAX = 2

/** A chain may wait so long for its first snapshot before it counts as broken, by log time. */
const PATIENCE_US = 10_000_000

/** What there is of one symbol in one log. */
export interface BookGroup {
  readonly venue: string
  readonly symbol: string
  readonly source: BookSource
  /** One for each connection, the one heard last at the end. */
  readonly chains: BookChain[]
  /** Snapshots that came apart from any connection, as over REST, and may yet be joined. */
  readonly snapshots: HeldMessage[]
}

/** A second's row but for the instrument's number, which the fold does not know. */
export interface FoundSecond {
  readonly venue: string
  readonly symbol: string
  readonly secondUs: number
  readonly summary: BookSummary
}

/** A break's row but for the instrument's number. */
export interface FoundBreak {
  readonly venue: string
  readonly symbol: string
  readonly row: Omit<BookBreakRow, 'instrument_id'>
}

/**
 * Folds one log's records of books into rows of seconds and of breaks.
 *
 * Pure but for what it holds: of one log's records, each connection's in the order of its frames,
 * it makes the same rows however often it is stored and gone on from.
 */
export class BookFold implements ChainListener {
  /** By venue, newline, symbol. */
  readonly groups = new Map<string, BookGroup>()
  /** Rows since they were taken last. */
  seconds: FoundSecond[] = []
  breaks: FoundBreak[] = []
  /** Whether records came in an order in which they were not received: see {@link sortBooks}. */
  isDisordered = false
  /** Greatest time of receipt of a record of books. */
  timeUs = 0
  readonly #reader = new MessageReader((message) => this.#takeMessage(message))
  #record: RawRecord | null = null
  #venue = ''
  #source: BookSource | null = null
  #group: BookGroup | null = null

  /** Takes a record of a channel of books. */
  take(record: RawRecord, venue: string, source: BookSource): void {
    this.#record = record
    this.#venue = venue
    this.#source = source
    if (record.receivedTimeUs > this.timeUs) this.timeUs = record.receivedTimeUs
    this.#reader.enter(record)
    const isRead = source.decode(record, this.#reader)
    if (!isRead) this.#distrust(this.#reader.unfinished ?? record.symbol, 'cannot be read')
    const { bad } = this.#reader
    if (bad !== null) this.#distrust(bad.symbol, bad.detail)
  }

  /** Tells what has not been told of the seconds at hand, and hands over all rows since. */
  takeRows(): { seconds: FoundSecond[]; breaks: FoundBreak[] } {
    for (const group of this.groups.values()) {
      this.#group = group
      for (const chain of group.chains) tellSecond(chain, this)
    }
    const rows = { seconds: this.seconds, breaks: this.breaks }
    this.seconds = []
    this.breaks = []
    return rows
  }

  /**
   * Breaks every chain that could not tell by itself, by ids or a checksum, that it lacks
   * something: records of the log are lost, and nobody knows of which books.
   */
  loseRecords(): void {
    for (const group of this.groups.values()) {
      this.#group = group
      for (const chain of group.chains) {
        if (chain.status !== 'whole' || chain.lastId >= 0 || chain.precision !== null) continue
        const at = { frame: chain.frame, receivedTimeUs: this.timeUs }
        breakChain(chain, at, { cause: 'unreadable', detail: 'part of the log is lost' }, this)
      }
    }
  }

  /** Returns the books whose newest connection is not whole, and has had time to be. */
  broken(): BrokenBook[] {
    const broken: BrokenBook[] = []
    for (const { venue, symbol, chains } of this.groups.values()) {
      const chain = chains.at(-1)
      if (chain === undefined || chain.status === 'whole') continue
      if (chain.status === 'waiting' && this.timeUs - chain.lostUs < PATIENCE_US) continue
      broken.push({ venue, symbol, conn: chain.conn, frame: chain.frame })
    }
    return broken
  }

  second({ second }: BookChain): void {
    const { venue, symbol } = this.#group as BookGroup
    const summary = summarize(second.bids, second.asks, second.updates)
    this.seconds.push({ venue, symbol, secondUs: second.startUs, summary })
  }

  broke({ conn }: BookChain, why: Omit<BookBreakRow, 'instrument_id' | 'conn'>): void {
    const { venue, symbol } = this.#group as BookGroup
    this.breaks.push({ venue, symbol, row: { conn, ...why } })
  }

  #takeMessage(message: HeldMessage): void {
    const group = this.#groupOf(message.symbol)
    // A snapshot with an id, and no update, belongs to no connection's chain of its own.
    if (message.kind === 'snapshot' && message.lastId !== null) {
      this.#takeSnapshot(group, message)
      return
    }
    const chain = this.#chainOf(group, message)
    if (chain === null) return
    const { source } = group
    if (message.lastId !== null) {
      takeNumbered(chain, message, { source, listener: this, snapshots: group.snapshots })
      dropPassed(group.snapshots, group.chains)
    } else if (message.kind === 'snapshot') {
      startChain(chain, message, source)
      settle(chain, message, this)
    } else if (chain.status === 'whole') {
      applyLevels(chain, message, source)
      settle(chain, message, this)
    } else if (chain.status === 'waiting') {
      const detail = 'updates began without a snapshot'
      breakChain(chain, message, { cause: 'no_snapshot', detail }, this)
    }
  }

  #takeSnapshot(group: BookGroup, message: HeldMessage): void {
    keepSnapshot(group.snapshots, message)
    const rules = { source: group.source, listener: this, snapshots: group.snapshots }
    for (const chain of group.chains) {
      if (!joinSnapshot(chain, message, rules)) this.isDisordered = true
    }
    dropPassed(group.snapshots, group.chains)
  }

  #groupOf(symbol: string): BookGroup {
    const venue = this.#venue
    const key = `${venue}\n${symbol}`
    let group = this.groups.get(key)
    if (group === undefined) {
      const source = this.#source as BookSource
      group = { venue, symbol, source, chains: [], snapshots: [] }
      this.groups.set(key, group)
    }
    this.#group = group
    return group
  }

  /** Returns the chain of this record's connection; `null` where it has read the record before. */
  #chainOf(group: BookGroup, message: HeldMessage): BookChain | null {
    const { conn, frame, pos } = this.#record as RawRecord
    const { chains } = group
    let chain = chains.at(-1)
    if (chain?.conn !== conn) {
      const at = chains.findIndex((one) => one.conn === conn)
      chain = at < 0 ? createChain(conn, message) : (chains.splice(at, 1)[0] as BookChain)
      chains.push(chain)
      const [oldest] = chains
      if (chains.length > CHAINS_MAX && oldest !== undefined) {
        tellSecond(oldest, this)
        chains.shift()
      }
    }
    return this.#follows(chain, frame, pos) ? chain : null
  }

  /** Moves a chain on to a record; false where it has read it, or one after it. */
  #follows(chain: BookChain, frame: number, pos: number): boolean {
    if (frame < chain.frame) this.isDisordered = true
    if (frame < chain.frame || (frame === chain.frame && pos !== chain.pos)) return false
    chain.frame = frame
    chain.pos = pos
    return true
  }

  /** Breaks the chains that an unreadable record may have meant: its symbol's, or all. */
  #distrust(symbol: string | null, problem: string): void {
    const record = this.#record as RawRecord
    const groups = symbol === null ? this.groups.values() : [this.#groupOf(symbol)]
    for (const group of groups) {
      this.#group = group
      for (const chain of group.chains) {
        if (chain.conn !== record.conn || !this.#follows(chain, record.frame, record.pos)) continue
        if (chain.status === 'broken') continue
        const detail = `frame ${record.frame}: ${problem}`
        breakChain(chain, record, { cause: 'unreadable', detail }, this)
      }
    }
  }
}
