/** The dialect of the collector's own diary. */
export const SELF_DIALECT = 'assay/self'

/** Whose fault a failed connection was, as far as the failure tells. */
export type Blame = 'venue' | 'network' | 'unknown'

/** What an incident was. */
export type IncidentCause =
  /** No connection: refused, cut, or never made. */
  | 'disconnected'
  /** Connected, but nothing came any more, not even heartbeats. */
  | 'silent'
  /** One subscription stopped while the connection lived. */
  | 'stale'
  /** The venue refuses a subscription. */
  | 'refused'
  /** The venue's own planned end of a connection, overlapped by the next. */
  | 'planned_cut'
  /** The venue asked for a pause in requests, or banned us for a while. */
  | 'rate_limited'
  /** A chain of book updates broke, and was asked for anew. */
  | 'book_broken'
  /** We were not running. */
  | 'collector_down'

/**
 * One entry of the diary, the payload of a `self` record. Verdicts are drawn from these and
 * from the venues' own records alone, so that a rebuild draws the same ones.
 *
 * Times are epoch microseconds; `symbol`s are the venue's own.
 */
export type SelfEvent =
  | { readonly event: 'start'; readonly command: string; readonly version: string }
  | { readonly event: 'stop'; readonly reason: string }
  /** Written when a second passed in silence: it moves log time on. */
  | { readonly event: 'tick' }
  | {
      readonly event: 'connect'
      readonly venue: string
      readonly url: string
      /** Attempts that failed since the last connection, and since when. */
      readonly failures: number
      readonly downSinceUs: number | null
      readonly blame: Blame
    }
  | {
      readonly event: 'close'
      readonly venue: string
      readonly code: number | null
      readonly reason: string
    }
  /** Asked for; opens a live scope of each symbol where the channel is the trade channel. */
  | {
      readonly event: 'subscribe' | 'unsubscribe'
      readonly venue: string
      readonly channel: string
      readonly symbols: readonly string[]
      /** Whether this channel is the one whose trades are facts. */
      readonly fact: boolean
    }
  /** A witness of silence: the watchdog re-drove one subscription. */
  | {
      readonly event: 'stale'
      readonly venue: string
      readonly channel: string
      readonly symbol: string
      readonly silentMs: number
    }
  /** An incident began (`toUs` null), or is over: both entries bear the same `fromUs`. */
  | {
      readonly event: 'incident'
      readonly venue: string
      readonly cause: IncidentCause
      /** `null` where it concerns the connection or the host, not one subscription. */
      readonly channel: string | null
      readonly symbol: string | null
      readonly fromUs: number
      readonly toUs: number | null
      readonly detail: string
    }
  /** REST was asked for a hole (`cause: hole`) or for a span a person named (`cause: request`). */
  | {
      readonly event: 'backfill'
      readonly venue: string
      readonly symbol: string
      readonly cause: 'hole' | 'request'
      /** Inclusive ids, where the hole is known by id; `null` where only times are known. */
      readonly firstId: number | null
      readonly lastId: number | null
      /** Half-open time span. */
      readonly fromUs: number
      readonly toUs: number
      readonly attempt: number
    }
  /** Repair ended without the trades. */
  | {
      readonly event: 'give_up'
      readonly venue: string
      readonly symbol: string
      /** Inclusive ids; `firstId` is `null` where only the time of the first is known. */
      readonly firstId: number | null
      readonly lastId: number
      readonly verdict: 'never_existed' | 'unrecoverable'
      readonly evidence: string
    }
  /** The refiner met a record it cannot fold, three times, and passes it by. */
  | { readonly event: 'skip'; readonly log: string; readonly pos: number; readonly why: string }
