/**
 * Where a raw record came from. `self` records are the collector's own diary.
 *
 * The order of the first three is the order of precedence between two reports of one
 * trade: what the socket said stands over what REST or a file said (see D5).
 */
export type Origin = 'ws' | 'rest' | 'import' | 'self'

/** Origins by rank: the stored code of an origin is its index here. */
export const ORIGINS: readonly Origin[] = ['ws', 'rest', 'import', 'self']

/** How the payload of a record stands in its log line: `json` verbatim, else escaped or base64. */
export type PayloadForm = 'json' | 'text' | 'bytes'

/** What was asked to get a record: a REST request, or the part of a file an import read. */
export interface RecordRequest {
  /** REST: the URL without secrets. Import or replay: the file's name without its folder. */
  readonly url: string
  /** REST: the HTTP status. */
  readonly status?: number
  /** REST: the answer's headers that decoding or paging needs, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** REST, of a poll in pages: when the poll began, which all of its pages share. */
  readonly polledUs?: number
  /** False where the payload is not the venue's own text but what a library made of it. */
  readonly verbatim?: false
  /** Import: each wanted field's column in the file, with its unit: `timestamp:us`, `c0:ms@DAY`. */
  readonly columns?: Readonly<Record<string, string>>
  /** Import: the file's own column names, in order; absent for JSON Lines. */
  readonly header?: readonly string[]
  /** Import: the first line of this block, counting data lines of the file from 1. */
  readonly firstLine?: number
  /** Import or replay: the file's SHA-256 in hex; names its tape where it numbers no trades. */
  readonly file?: string
}

/**
 * One thing that reached us, exactly as it came: the unit of the raw log.
 *
 * The payload is `bytes[start, end)`: the venue's own bytes, whatever its `form` in the log.
 * A record read from the log borrows the reader's buffer: copy what outlives the next read.
 */
export interface RawRecord {
  /** Ordinal in its log, from 0; valid before and after sealing. */
  readonly pos: number
  /** `venue/format`, for example `coinbase/exchange`. Chooses the decoder. */
  readonly dialect: string
  /** The venue's stream or endpoint name, or the best guess of `route`; `unknown` if none. */
  readonly channel: string
  /** The venue's own symbol, or `null` for what concerns no one instrument. */
  readonly symbol: string | null
  readonly origin: Origin
  /** When we held the last byte, epoch microseconds by our clock. */
  readonly receivedTimeUs: number
  /** Identity of the connection or command run, unique in the world. */
  readonly conn: string
  /** Ordinal of the record within `conn`, from 0. */
  readonly frame: number
  readonly request: RecordRequest | null
  readonly form: PayloadForm
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** A record on its way into the log, before the log gives it a position. */
export interface NewRecord {
  readonly dialect: string
  readonly channel: string
  readonly symbol: string | null
  readonly origin: Origin
  readonly receivedTimeUs: number
  readonly conn: string
  readonly frame: number
  readonly request: RecordRequest | null
  /** The payload as received. The log decides its form. */
  readonly payload: Uint8Array
}
