/** What a cell of a listed row may be. */
export type LineageCell = string | number | null

/**
 * Rows of one dataset that a value was made from, and what they were made from in turn. Names are
 * those of the JSON output. Lists are bounded and say how much they leave out; counts are whole.
 */
export interface LineageNode {
  /** By its name in the catalogue. */
  readonly dataset: string
  /** `30m candles`, `trades`, in words. */
  readonly what: string
  readonly rows: number
  /** Times of the first and the last row, RFC 3339; null without rows. */
  readonly from: string | null
  readonly to: string | null
  /** The first of the rows, by their key and a few of their values. */
  readonly listed: readonly Readonly<Record<string, LineageCell>>[]
  readonly left_out: number
  /** What a reader should know of them. */
  readonly notes: readonly string[]
  /** Of trades: which ids. */
  readonly ids: readonly IdRanges[]
  /** Of records of the raw log: where they stand. */
  readonly records: RecordShare | null
  readonly made_from: readonly LineageNode[]
}

/** Ids of one tape, as ranges of ids that follow each other. */
export interface IdRanges {
  /** `0` for the venue's own numbering, else the SHA-256 of the file. */
  readonly tape: string
  readonly trades: number
  readonly ranges: readonly IdRange[]
  /** Ranges not listed. */
  readonly left_out: number
}

/** Ids that follow each other, both ends included. */
export interface IdRange {
  readonly first_id: number
  readonly last_id: number
  readonly trades: number
}

/** Records of one log and origin. */
export interface RecordShare {
  readonly log: string
  /** `ws`, `rest` or `import`. */
  readonly origin: string
  readonly records: number
  /** Facts these records tell, of those that were traced. */
  readonly facts: number
  readonly received_from: string | null
  readonly received_to: string | null
  readonly ranges: readonly PositionRange[]
  /** Whether neighbouring ranges were joined to be few: records of others lie between. */
  readonly joined: boolean
  /** Formats, and what was asked or read, as the records at the ends of the ranges say. */
  readonly dialects: readonly string[]
  readonly requests: readonly RecordSource[]
  /** Records looked at for that, and those of them that the log has lost. */
  readonly looked_at: number
  readonly lost: number
}

/** A file or a URL that records came from. */
export interface RecordSource {
  readonly url: string
  /** SHA-256 of the file, of imports and replays. */
  readonly file: string | null
}

/** Positions of a log, both ends included, and how many of them were traced. */
export interface PositionRange {
  readonly first_pos: number
  readonly last_pos: number
  readonly records: number
}

/** One event in the raw log: where the venue's own words on it stand. */
export interface Source {
  readonly kind: 'trade' | 'snapshot' | 'candle'
  readonly log: string
  readonly pos: number
  readonly item: number
  readonly time: string
}

/** A run that made a partition. */
export interface RunBehind {
  readonly asset: string
  readonly partition: string
  readonly run_id: string
  readonly materialized: string
  readonly rows: number
  readonly output_version: string
  readonly code_version: string
  /** Null where the run's own row was removed; so the next two. */
  readonly state: string | null
  readonly trigger: string | null
  readonly attempt: number | null
}

/** Where a value comes from. */
export interface Lineage {
  readonly dataset: string
  /** `coinbase:BTC-USD`, or another key where the dataset has no instruments. */
  readonly name: string
  readonly interval: string | null
  readonly time: string
  /** The row as it is stored. */
  readonly row: Readonly<Record<string, LineageCell>>
  readonly tree: LineageNode
  /** Facts and records that were reached. */
  readonly totals: {
    readonly trades: number
    readonly snapshots: number
    readonly venue_candles: number
    readonly records: number
  }
  /** The first and the last event, or the first of as many as were asked for. */
  readonly sources: readonly Source[]
  readonly runs: readonly RunBehind[]
  /** Partitions whose runs are not listed. */
  readonly runs_left_out: number
}
