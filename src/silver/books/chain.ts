import type { BookSource } from '../../venues/book-source.ts'
import type { BookBreakRow } from '../../warehouse/index.ts'
import { bookChecksum, findPrecision, type Precision } from './checksum.ts'
import type { HeldMessage } from './message.ts'
import {
  type BookSide,
  clearSide,
  createSide,
  cutForGood,
  cutToWindow,
  fillSide,
  type HeldSize,
  setLevel,
} from './side.ts'
import { copyTop, createTop, TOP_LEVELS, type Top } from './top.ts'

/**
 * A book that neither ids nor a checksum prove may be crossed so long, as between two messages
 * that belong together; such a book is not counted to its second.
 */
const CROSSED_US_MAX = 1_000_000

/** The book at the end of a second, as the last update within it that held left it. */
export interface BookSecond {
  startUs: number
  /** Messages applied within it. */
  updates: number
  readonly bids: Top
  readonly asks: Top
  /** Whether that has been told on since. */
  isTold: boolean
}

/**
 * One book over one connection: what it holds, and whether it can be believed.
 *
 * Plain data, so that it can be stored and gone on from. `waiting` for its first snapshot, `whole`,
 * or `broken` until the next one.
 */
export interface BookChain {
  readonly conn: string
  status: 'waiting' | 'whole' | 'broken'
  /** The frame read last, and its place in the log. */
  frame: number
  pos: number
  /** Since when it has not been whole; of no meaning while it is. */
  lostUs: number
  /** Update id applied last, where the venue numbers them. */
  lastId: number
  /** Numbered updates that follow each other and wait for a snapshot, oldest first. */
  queue: HeldMessage[]
  /** Last id of an update that left the queue without being applied; -1 before. */
  droppedId: number
  /** When the last of the numbered updates was received. */
  timeUs: number
  /** Levels of a side that are kept. */
  depth: number
  readonly bids: BookSide
  readonly asks: BookSide
  /** Most decimals seen since the snapshot, and how many the checksum is written with. */
  least: Precision
  precision: Precision | null
  /** Since when its best bid has met its best ask, by time of receipt; `null` while it does not. */
  crossedUs: number | null
  readonly second: BookSecond
}

/** Who is told of what a chain comes to. */
export interface ChainListener {
  /** A second is over, or its book is wanted now. */
  second(chain: BookChain): void
  broke(chain: BookChain, why: Omit<BookBreakRow, 'instrument_id' | 'conn'>): void
}

/** Returns a chain of which nothing has come yet. */
export function createChain(conn: string, first: HeldMessage): BookChain {
  return {
    conn,
    status: 'waiting',
    frame: -1,
    pos: -1,
    lostUs: first.receivedTimeUs,
    lastId: -1,
    queue: [],
    droppedId: -1,
    timeUs: 0,
    depth: 0,
    bids: createSide(),
    asks: createSide(),
    least: { price: 0, size: 0 },
    precision: null,
    crossedUs: null,
    second: { startUs: 0, updates: 0, bids: createTop(), asks: createTop(), isTold: true },
  }
}

/** Breaks a chain: what it held is forgotten, and nothing is told until it is whole again. */
export function breakChain(
  chain: BookChain,
  at: Pick<HeldMessage, 'frame' | 'receivedTimeUs'>,
  why: { readonly cause: BookBreakRow['cause']; readonly detail: string },
  listener: ChainListener,
): void {
  tellSecond(chain, listener)
  clearSide(chain.bids)
  clearSide(chain.asks)
  chain.status = 'broken'
  chain.lostUs = at.receivedTimeUs
  listener.broke(chain, { frame: at.frame, time_us: at.receivedTimeUs, ...why })
}

/** Tells the second at hand, where anything of it has not been told. */
export function tellSecond(chain: BookChain, listener: ChainListener): void {
  if (chain.second.isTold) return
  chain.second.isTold = true
  listener.second(chain)
}

/** Makes a snapshot what the chain holds. */
export function startChain(chain: BookChain, message: HeldMessage, source: BookSource): void {
  clearSide(chain.bids)
  clearSide(chain.asks)
  for (const isBid of [true, false]) {
    const keys: number[] = []
    const sizes: HeldSize[] = []
    message.keys.forEach((key, at) => {
      if (message.isBid[at] !== isBid) return
      keys.push(key)
      sizes.push(message.sizes[at] as HeldSize)
    })
    fillSide(isBid ? chain.bids : chain.asks, keys, sizes)
  }
  chain.status = 'whole'
  chain.least = { price: message.priceScale, size: message.sizeScale }
  chain.precision = null
  chain.crossedUs = null
  const longest = Math.max(chain.bids.keys.length, chain.asks.keys.length)
  if (source.tells === 'window') {
    // A recording's window may be another than ours; full sides show how wide it is.
    chain.depth = message.depth ?? Math.max(source.depth, longest)
    return
  }
  chain.depth = source.depth
  for (const side of [chain.bids, chain.asks]) {
    // A side as long as was asked for goes on beyond what was told.
    const isCut = message.depth !== null && side.keys.length >= message.depth
    if (isCut) side.horizon = side.keys[0] as number
  }
}

/** Applies a message's levels in the order sent. */
export function applyLevels(chain: BookChain, message: HeldMessage, source: BookSource): void {
  const { isBid, keys, sizes } = message
  for (let at = 0; at < keys.length; at += 1) {
    const side = isBid[at] ? chain.bids : chain.asks
    setLevel(side, keys[at] as number, sizes[at] as HeldSize)
  }
  const cut = source.tells === 'window' ? cutToWindow : cutForGood
  cut(chain.bids, chain.depth)
  cut(chain.asks, chain.depth)
}

/**
 * Takes what a message made of the book for true and counts it to its second, or breaks the
 * chain: by the checksum, where the levels known have run out, or where it stays crossed.
 */
export function settle(chain: BookChain, message: HeldMessage, listener: ChainListener): void {
  if (message.checksum !== null && !hasChecksum(chain, message, message.checksum)) {
    const detail = `the best levels do not come to ${message.checksum}`
    breakChain(chain, message, { cause: 'checksum', detail }, listener)
  } else if (hasRunOut(chain.bids) || hasRunOut(chain.asks)) {
    const detail = 'the levels of the snapshot have run out'
    breakChain(chain, message, { cause: 'no_snapshot', detail }, listener)
  } else if (isProven(message) || !isCrossed(chain)) {
    chain.crossedUs = null
    countToSecond(chain, message, listener)
  } else {
    chain.crossedUs ??= message.receivedTimeUs
    if (message.receivedTimeUs - chain.crossedUs < CROSSED_US_MAX) return
    const detail = 'the best bid has met the best ask: an update is lost'
    breakChain(chain, message, { cause: 'crossed', detail }, listener)
  }
}

/** Whether ids or a checksum say that nothing was lost: then the book is as the venue has it. */
function isProven({ lastId, checksum }: HeldMessage): boolean {
  return lastId !== null || checksum !== null
}

function isCrossed({ bids, asks }: BookChain): boolean {
  const [bid, ask] = [bids.keys.at(-1), asks.keys.at(-1)]
  return bid !== undefined && ask !== undefined && bid >= -ask
}

function hasChecksum(chain: BookChain, message: HeldMessage, checksum: number): boolean {
  const { bids, asks } = chain
  const price = Math.max(chain.least.price, message.priceScale)
  const size = Math.max(chain.least.size, message.sizeScale)
  chain.least = { price, size }
  const known = chain.precision
  const isEnough = known !== null && known.price >= price && known.size >= size
  if (isEnough && bookChecksum(bids, asks, known) === checksum) return true
  const found = findPrecision(bids, asks, { checksum, least: chain.least })
  // An empty book's checksum is right whatever the precision: it teaches nothing.
  if (found !== null && bids.keys.length + asks.keys.length > 0) chain.precision = found
  return found !== null
}

function hasRunOut({ keys, horizon }: BookSide): boolean {
  return horizon !== null && keys.length < TOP_LEVELS
}

function countToSecond(chain: BookChain, message: HeldMessage, listener: ChainListener): void {
  const { second } = chain
  const startUs = message.receivedTimeUs - (message.receivedTimeUs % 1_000_000)
  if (startUs !== second.startUs) {
    tellSecond(chain, listener)
    second.startUs = startUs
    second.updates = 0
  }
  second.updates += 1
  copyTop(chain.bids, second.bids)
  copyTop(chain.asks, second.asks)
  second.isTold = false
}
