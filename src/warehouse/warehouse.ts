import type { Kysely, Transaction } from 'kysely'
import type { Clock } from '../core/clock.ts'
import type { TradeColumns } from '../market/trade-columns.ts'
import type { RowKey, Table } from './keys.ts'
import type { GapWorkRow, MinuteRow, Schema, TradeRow, VenueCandleRow } from './schema.ts'

/** Where the tables are, and what is wanted of them. */
export interface WarehouseOptions {
  /** `sqlite:FOLDER` or `sqlite:///FOLDER`; the folder holds the generations of the tables. */
  readonly url: string
  /**
   * `write` creates and migrates, and holds the one writer's lock until it is disposed of: facts
   * are written by no one else. `share` writes what is not facts, beside that writer and others
   * like itself; who may write what is then a matter of leases.
   */
  readonly mode: 'read' | 'write' | 'share'
  readonly clock: Clock
  /**
   * Who writes, told to others who would.
   *
   * @default 'assay'
   */
  readonly holder?: string
}

/**
 * The tables, behind one interface whatever the database.
 *
 * Work is done one piece at a time, in the order it was asked for: `read` or `write` asked
 * for from inside another's work would wait for itself. Use the handle that work was given.
 */
export interface Warehouse extends AsyncDisposable {
  /** Names the filling of the tables that is read now; a rebuild swaps in another. */
  readonly generation: string
  /**
   * Reads one consistent state of the tables, the newest there is. After a rebuild has
   * swapped, that is the new generation.
   */
  read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  /**
   * Does all of `work`, or nothing if it throws.
   *
   * @throws ASSAY_LOCKED, ASSAY_DISK_FULL, ASSAY_READ_ONLY or ASSAY_WAREHOUSE_UNAVAILABLE when
   * the database fails; whatever `work` throws.
   */
  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T>
}

/**
 * What one commit is made of; worthless once its `work` has returned.
 *
 * Besides Kysely it has the few statements that a refiner makes thousands of times a second;
 * a dialect says them in its own quickest way.
 */
export interface WriteTransaction {
  readonly db: Transaction<Schema>
  /** The number of this commit: store it on what it changes. One more than the last commit's. */
  readonly changeSeq: number
  /** Stores new trades, quickly; a key that is there already fails the transaction. */
  insertTrades(insert: TradeInsert): Promise<void>
  /** Stores rows whole, each in place of the one with its key, if there is one. */
  upsert<T extends Table>(table: T, rows: readonly Schema[T][]): Promise<void>
  /** Deletes the rows with these keys; a key without a row is passed by. */
  remove<T extends Table>(table: T, keys: readonly RowKey<T>[]): Promise<void>
  /** Adds to the running totals of these names. */
  count(totals: Readonly<Record<string, number>>): Promise<void>
  findTrade(instrumentId: number, tapeId: number, tradeId: number): Promise<TradeRow | undefined>
  /** Returns the trades, by id, that stand for any of the ids from first to last. */
  findTradesOver(ids: TradeIds): Promise<TradeRow[]>
  /** Returns the trades of a time span `[fromUs, toUs)`, by id, where their ids are bounded. */
  findTradesOfMinute(span: TradeSpan): Promise<TradeRow[]>
  /** Returns the stored minutes that open in `[fromUs, toUs)`, in order. */
  findMinutes(instrumentId: number, fromUs: number, toUs: number): Promise<MinuteRow[]>
  /**
   * Returns the minutes of `[fromUs, toUs)` in which an instrument traded, by the trades held or
   * by a candle of the venue's, in order.
   */
  findTradedMinutes(instrumentId: number, fromUs: number, toUs: number): Promise<number[]>
  findVenueCandle(key: RowKey<'silver_venue_candles'>): Promise<VenueCandleRow | undefined>
  /**
   * Returns, by minute, how many trades the closed venue candles of `[fromUs, toUs)` count,
   * where the venue counts or tells of no volume; of several sources the first by precedence.
   */
  findCandleCounts(
    instrumentId: number,
    fromUs: number,
    toUs: number,
  ): Promise<ReadonlyMap<number, number>>
  findGapWork(key: RowKey<'ops_gap_work'>): Promise<GapWorkRow | undefined>
}

/** Consecutive ids of one tape, both ends included. */
export interface TradeIds {
  readonly instrumentId: number
  readonly tapeId: number
  readonly firstId: number
  readonly lastId: number
}

/** Trades by time, within bounds of their ids (both ends included) that make them quick to find. */
export interface TradeSpan {
  readonly instrumentId: number
  readonly tapeId: number
  readonly fromUs: number
  readonly toUs: number
  readonly leastId: number
  readonly greatestId: number
}

/** New trades of one instrument on one tape, read from one log. */
export interface TradeInsert {
  readonly columns: TradeColumns
  /** `columns.text[0, textLength)` decoded as Latin-1, once for the batch. */
  readonly text: string
  /** `rows[from, to)` are the indexes of the new trades; ascending ids are the quickest. */
  readonly rows: Int32Array
  readonly from: number
  readonly to: number
  readonly instrumentId: number
  readonly tapeId: number
  readonly logId: number
}

/**
 * A new filling of the tables, built with its safety off while the old one is still read.
 *
 * Disposing of one that was neither finished nor abandoned abandons it.
 */
export interface Generation extends Warehouse {
  /** Whether there are tables in force, and whether they can be read. */
  readonly previous: 'none' | 'readable' | 'unreadable'
  /** Reads one state of the tables in force; null where there are none that can be read. */
  readPrevious<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T | null>
  /**
   * Checks the tables, makes them durable and puts them in place of the old ones, in one
   * step: a crash at any moment leaves either the old generation or the new. It is then
   * closed. Not after a `write` that failed: nothing was there to undo it.
   *
   * What no raw record tells is carried over first: what the flow remembers and has made. The
   * old generation's write lock is held until the swap, so that no commit beside is lost.
   */
  finish(options?: FinishOptions): Promise<void>
  /** Deletes it; the old generation stays. */
  abandon(): Promise<void>
}

/** How a generation is finished. */
export interface FinishOptions {
  /**
   * How many trades were stored. Given, they are counted before the swap, which walks every
   * leaf of the largest table: a generation that lacks some is refused.
   */
  readonly trades?: number
}
