import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Feed, Venue } from '../venues/venue.ts'
import type { Diary } from './diary.ts'
import { createDiary } from './diary.ts'
import type { SourceFile } from './import-source.ts'
import type { CaptureLine } from './replay-capture.ts'
import { readCaptureLine } from './replay-capture.ts'
import { createStopwatchReader } from './replay-stopwatch.ts'
import type { SentSubscription } from './replay-subscribe.ts'
import { parseStreams, parseSubscribe } from './replay-subscribe.ts'

/** Turns what a recording holds into records of the log. */
export interface ReplayWriter {
  /** Writes what one line of a capture tells. */
  line(line: Buffer): void
  /** Writes a bare frame, received now. */
  frame(frame: Buffer): void
  /** Ends every subscription and connection of the recording, at its own time. */
  end(reason: string): void
  readonly counts: { frames: number; restPages: number; sends: number; unreadable: number }
}

/** A connection of the recording. */
interface Connection {
  readonly conn: string
  readonly url: string
  /** The feed whose manners the connection has; `null` of a venue without any. */
  readonly feed: Feed | null
  readonly dialect: string
  /** Whose market it is, by the dialect: a recording may be of a cousin of the venue. */
  readonly venue: string
  /** The channel whose trades are facts; `null` where its dialect is not that of the feed. */
  readonly factChannel: string | null
  /** Whether the recording tells of its beginning. */
  connected: boolean
  /** Records written so far. */
  frames: number
  /** Symbols subscribed by channel. */
  readonly subscribed: Map<string, Set<string>>
}

/** What a recording is written with, and how far it has come. */
interface Replay {
  readonly venue: Venue
  readonly journal: Journal
  readonly diary: Diary
  readonly prefix: string
  readonly version: string
  readonly connections: Map<string, Connection>
  readonly counts: ReplayWriter['counts']
  /** The recording's own time; 0 until it begins. */
  timeUs: number
}

type Heard = Extract<CaptureLine, { readonly data: Buffer }>

/** Opens a writer; the first thing it writes is the diary's `start`. */
export function createReplayWriter(options: {
  readonly venue: Venue
  readonly journal: Journal
  readonly clock: Clock
  readonly source: SourceFile
  readonly version: string
}): ReplayWriter {
  const { venue, journal, clock, source, version } = options
  const prefix = `replay-${source.sha256.slice(0, 12)}`
  // The diary is written by the recording's clock, so that log time is as it was.
  const nowUs = () => replay.timeUs
  const diary = createDiary({
    journal,
    clock: { ...clock, nowUs },
    conn: `${prefix}-diary`,
    request: { url: source.name, file: source.sha256 },
  })
  const counts = { frames: 0, restPages: 0, sends: 0, unreadable: 0 }
  const connections = new Map<string, Connection>()
  const readStopwatch = createStopwatchReader()
  const replay: Replay = {
    venue,
    journal,
    diary,
    prefix,
    version,
    connections,
    counts,
    timeUs: 0,
  }
  return {
    counts,
    line(bytes) {
      const line = readCaptureLine(bytes) ?? readStopwatch(bytes)
      if (line === null) counts.unreadable += 1
      else writeLine(replay, line)
    },
    frame(data) {
      const receivedTimeUs = clock.nowUs()
      moveOn(replay, receivedTimeUs)
      writeFrame(replay, connectionOf(replay, '0', ''), { data, timeUs: receivedTimeUs })
    },
    end(reason) {
      if (replay.timeUs === 0) moveOn(replay, clock.nowUs())
      for (const at of connections.values()) leave(replay, at)
      diary.write({ event: 'stop', reason })
    },
  }
}

function writeLine(replay: Replay, line: CaptureLine): void {
  if (line.kind === 'header') return
  moveOn(replay, line.timeUs)
  if (line.kind === 'http') {
    writePage(replay, line)
    return
  }
  const at = connectionOf(replay, line.conn, line.url)
  if (line.kind === 'recv') writeFrame(replay, at, line)
  else if (line.kind === 'send') writeSent(replay, at, line)
  else writeConnect(replay, at)
}

function writeConnect(replay: Replay, at: Connection): void {
  at.connected = true
  const past = { failures: 0, downSinceUs: null, blame: 'unknown' } as const
  replay.diary.write({ event: 'connect', venue: at.venue, url: at.url, ...past })
  for (const change of parseStreams(at.url)) writeChange(replay, at, change)
}

/** Moves log time on; never back, even where lines of several connections are out of order. */
function moveOn(replay: Replay, timeUs: number): void {
  const begins = replay.timeUs === 0
  replay.timeUs = Math.max(replay.timeUs, timeUs)
  if (begins) replay.diary.write({ event: 'start', command: 'replay', version: replay.version })
}

function connectionOf(replay: Replay, name: string, url: string): Connection {
  const known = replay.connections.get(name)
  if (known !== undefined) return known
  const feeds = Object.values(replay.venue.feeds)
  const first = feeds[0] ?? null
  const own = first?.dialect ?? replay.venue.history.dialect
  const dialect = url === '' ? own : replay.venue.classify(url, 'ws').dialect
  // Another market's feed is read as ours if it speaks alike: `binance/stream` as our own stream.
  const feed = feeds.find((candidate) => speaksAlike(candidate, dialect)) ?? first
  const opened: Connection = {
    conn: `${replay.prefix}-${name}`,
    url: url === '' && feed !== null ? feed.url : url,
    feed,
    dialect,
    venue: dialect.slice(0, dialect.indexOf('/')),
    factChannel: speaksAlike(feed, dialect) ? feed.factChannel : null,
    connected: false,
    frames: 0,
    subscribed: new Map(),
  }
  replay.connections.set(name, opened)
  return opened
}

const NO_ROUTE = { channel: 'unknown', symbol: null } as const

function writeFrame(
  replay: Replay,
  at: Connection,
  heard: { readonly data: Buffer; readonly timeUs: number },
): void {
  const { channel, symbol } = at.feed?.route(heard.data) ?? NO_ROUTE
  replay.journal.append({
    dialect: at.dialect,
    channel,
    symbol,
    origin: 'ws',
    receivedTimeUs: heard.timeUs,
    conn: at.conn,
    frame: at.frames,
    request: null,
    payload: heard.data,
  })
  at.frames += 1
  replay.counts.frames += 1
}

function writePage(replay: Replay, heard: Heard): void {
  const at = connectionOf(replay, heard.conn, '')
  const { dialect, channel } = replay.venue.classify(heard.url, 'rest')
  replay.journal.append({
    dialect,
    channel,
    // A page's address tells its symbol, in the venue's own way, which its decoder knows.
    symbol: null,
    origin: 'rest',
    receivedTimeUs: heard.timeUs,
    conn: at.conn,
    frame: at.frames,
    request: { url: heard.url },
    payload: heard.data,
  })
  at.frames += 1
  replay.counts.restPages += 1
}

function writeSent(replay: Replay, at: Connection, heard: Heard): void {
  replay.counts.sends += 1
  for (const change of parseSubscribe(heard.data.toString())) writeChange(replay, at, change)
}

function writeChange(replay: Replay, at: Connection, change: SentSubscription): void {
  note(at, change)
  const fact = change.channel === at.factChannel
  replay.diary.write({ ...change, venue: at.venue, fact })
}

/** Whether a feed's dialect has the format of another: that of `binance/stream` is `stream`. */
function speaksAlike(feed: Feed | null, dialect: string): feed is Feed {
  return feed !== null && feed.dialect.split('/')[1] === dialect.split('/')[1]
}

/** Ends what a connection still held, since the recording does. */
function leave(replay: Replay, at: Connection): void {
  const { venue } = at
  for (const [channel, symbols] of at.subscribed) {
    if (symbols.size === 0) continue
    const fact = channel === at.factChannel
    replay.diary.write({ event: 'unsubscribe', venue, channel, symbols: [...symbols], fact })
  }
  if (!at.connected) return
  replay.diary.write({ event: 'close', venue, code: null, reason: 'the recording ends' })
}

/** Keeps count of what a connection is subscribed to. */
function note(at: Connection, change: SentSubscription): void {
  const held = at.subscribed.get(change.channel) ?? new Set()
  at.subscribed.set(change.channel, held)
  for (const symbol of change.symbols) {
    if (change.event === 'subscribe') held.add(symbol)
    else held.delete(symbol)
  }
  // To leave a channel without naming a product is to leave it for all of them.
  if (change.event === 'unsubscribe' && change.symbols.length === 0) held.clear()
}
