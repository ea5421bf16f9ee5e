import type { LogBlock } from '../bronze/index.ts'
import { forEachRecord } from '../bronze/index.ts'
import { assert } from '../core/assert.ts'
import { MINUTE_US } from '../market/bucket.ts'
import type { EventSink, Rejection, VenueCandle, Witness } from '../market/event.ts'
import type { Listing } from '../market/instrument.ts'
import type { RawRecord } from '../market/record.ts'
import { SELF_DIALECT } from '../market/self-record.ts'
import type { MarketSnapshot } from '../market/snapshot.ts'
import type { TradeSlot } from '../market/trade.ts'
import type { TapeKey } from '../market/trade-columns.ts'
import { growColumns, pushTrade, TradeColumns } from '../market/trade-columns.ts'
import { decoderOf, findVenue } from '../venues/index.ts'
import type { Decoder } from '../venues/venue.ts'
import type { Batch, ImportSpan } from './batch.ts'
import { BATCH_TRADES, emptyTally } from './batch.ts'
import { bookSourceOf } from './books/sources.ts'
import { venueOf } from './dialect.ts'
import { settleCandle, settleSnapshot } from './figures.ts'
import { readSelfEvent } from './read-self-event.ts'
import { candleEvidence } from './scope-evidence.ts'
import { admitTrade, roundSums, weighCandle, weighTime } from './validate.ts'

/** Room a row's two decimals may need: 38 digits, a point and a leading zero each. */
const ROW_TEXT_MAX = 96
const SAMPLE_MAX = 512

/**
 * Decodes and validates one log's records into batches, in the order they are fed.
 *
 * It holds no state between records but the list of tape keys and what it caches of strings,
 * so any two stages make the same facts of the same records.
 */
export class DecodeStage implements EventSink {
  readonly #log: string
  readonly #keys: TapeKey[] = []
  readonly #keyIndex = new Map<string, number>()
  #batch: Batch
  #record: RawRecord | null = null
  #venue = ''
  /** Whether the venue at hand is an aggregator, whose candles stand beside the venues'. */
  #aggregates = false
  #dialect = ''
  #decoder: Decoder = decoderOf('')
  /** Keys of the venue at hand by symbol alone, for trades it numbers itself. */
  #venueKeys = new Map<string, number>()
  #timeUs = 0
  #spare: TradeColumns[] = []

  constructor(log: string) {
    this.#log = log
    this.#batch = this.#newBatch()
  }

  /** Takes back the columns of a merged batch, to fill them again. */
  recycle(columns: TradeColumns): void {
    if (this.#spare.length < 4) this.#spare.push(columns)
  }

  /** Decodes a block into the batch that is open. */
  feed(block: LogBlock): void {
    forEachRecord(block, (record) => this.#take(record))
    this.#batch.checkpoint = block.checkpoint
    this.#batch.timeUs = this.#timeUs
  }

  /** Whether the open batch is worth merging before more is fed. */
  get full(): boolean {
    const { trades, rejected, candles, witnesses, listings, selves } = this.#batch
    const { ohlc, snapshots } = this.#batch
    const lists = [rejected, candles, ohlc, witnesses, listings, snapshots, selves]
    const others = lists.reduce((sum, { length }) => sum + length, 0)
    return trades.count >= BATCH_TRADES || others >= BATCH_TRADES
  }

  /** Hands over the open batch and opens the next. */
  takeBatch(): Batch {
    const batch = this.#batch
    this.#batch = this.#newBatch()
    return batch
  }

  #newBatch(): Batch {
    const trades = this.#spare.pop() ?? new TradeColumns(BATCH_TRADES * 2)
    trades.count = 0
    trades.textLength = 0
    return {
      log: this.#log,
      checkpoint: 0,
      timeUs: this.#timeUs,
      trades,
      keys: this.#keys,
      spans: [],
      rejected: [],
      candles: [],
      ohlc: [],
      witnesses: [],
      listings: [],
      snapshots: [],
      selves: [],
      tally: emptyTally(),
      hasBooks: false,
    }
  }

  #take(record: RawRecord): void {
    if (record.receivedTimeUs > this.#timeUs) this.#timeUs = record.receivedTimeUs
    const { tally } = this.#batch
    tally.frames += 1
    if (record.dialect === SELF_DIALECT) {
      tally.self += 1
      this.#takeSelf(record)
      return
    }
    this.#record = record
    if (record.dialect !== this.#dialect) this.#enterDialect(record.dialect)
    try {
      const kind = this.#decoder(record, this)
      // By name, not by key: this runs for every frame.
      if (kind === 'event') tally.event += 1
      else tally[kind] += 1
      if (kind === 'raw_only' && bookSourceOf(record.dialect, record.channel) !== null) {
        this.#batch.hasBooks = true
      }
    } catch (error) {
      // A decoder is total; one that throws has a fault of ours. The record is set aside, by
      // the same rule on every reading, rather than stopping all that comes after it.
      tally.rejected += 1
      const detail = error instanceof Error ? error.message : String(error)
      this.reject({ item: 0, reason: 'fold_failed', detail, offset: 0 })
    }
  }

  #enterDialect(dialect: string): void {
    this.#dialect = dialect
    this.#decoder = decoderOf(dialect)
    const venue = venueOf(dialect)
    if (venue === this.#venue) return
    this.#venue = venue
    this.#aggregates = findVenue(venue)?.kind === 'aggregator'
    this.#venueKeys = new Map()
  }

  #takeSelf(record: RawRecord): void {
    const event = readSelfEvent(record)
    if (event === null) {
      this.#record = record
      this.reject({ item: 0, reason: 'malformed', detail: 'no entry of a diary', offset: 0 })
      return
    }
    const evidence = record.request?.file ?? this.#log
    this.#batch.selves.push({ event, timeUs: record.receivedTimeUs, evidence })
  }

  trade(slot: Readonly<TradeSlot>): void {
    assert(slot.firstId === slot.tradeId, 'an aggregate is numbered by its first trade')
    assert(slot.lastId >= slot.firstId, 'the ids of an aggregate ascend')
    const record = this.#record as RawRecord
    const { trades } = this.#batch
    if (trades.count === trades.capacity || trades.textLength + ROW_TEXT_MAX > trades.text.length) {
      growColumns(trades)
    }
    const refusal = admitTrade(trades, slot, record.receivedTimeUs)
    if (refusal !== null) {
      this.reject({ item: slot.item, offset: slot.priceStart - record.start, ...refusal })
      return
    }
    const key = this.#keyOf(slot.symbol, slot.tape)
    pushTrade(trades, slot, { key, record })
    trades.count += 1
    if (record.origin === 'import') this.#widenSpan(key, fileOf(record), slot.eventTimeUs)
  }

  #keyOf(symbol: string, tape: string): number {
    if (tape !== '') return this.#newKey(symbol, tape, `${this.#venue}\n${symbol}\n${tape}`)
    return this.#venueKeys.get(symbol) ?? this.#newKey(symbol, '', `${this.#venue}\n${symbol}`)
  }

  #newKey(symbol: string, tape: string, name: string): number {
    let key = this.#keyIndex.get(name)
    if (key === undefined) {
      key = this.#keys.push({ venue: this.#venue, symbol, tape }) - 1
      this.#keyIndex.set(name, key)
    }
    if (tape === '') this.#venueKeys.set(symbol, key)
    return key
  }

  #widenSpan(key: number, evidence: string, timeUs: number): void {
    const minute = timeUs - (timeUs % MINUTE_US)
    const { spans } = this.#batch
    let span: ImportSpan | undefined = spans.find(
      (one) => one.key === key && one.evidence === evidence,
    )
    if (span === undefined) {
      span = { key, evidence, fromUs: minute, toUs: minute + MINUTE_US }
      spans.push(span)
    }
    if (minute < span.fromUs) span.fromUs = minute
    if (minute + MINUTE_US > span.toUs) span.toUs = minute + MINUTE_US
  }

  candle(told: VenueCandle): void {
    const { origin, receivedTimeUs } = this.#record as RawRecord
    if (this.#aggregates) {
      this.#takeOhlc(told)
      return
    }
    if (told.intervalUs !== MINUTE_US) return
    const candle = origin === 'import' ? roundSums(told) : told
    const refusal = weighCandle(candle, receivedTimeUs)
    if (refusal !== null) {
      this.reject({ item: candle.item, offset: 0, ...refusal })
      return
    }
    this.#batch.candles.push({ venue: this.#venue, origin, receivedTimeUs, candle })
    if (origin !== 'import') return
    const key = this.#keyOf(candle.symbol, '')
    this.#widenSpan(key, candleEvidence(fileOf(this.#record as RawRecord)), candle.openTimeUs)
  }

  #takeOhlc(candle: VenueCandle): void {
    const { origin, receivedTimeUs } = this.#record as RawRecord
    const settled = settleCandle(candle, receivedTimeUs)
    if ('reason' in settled) this.reject({ item: candle.item, offset: 0, ...settled })
    else this.#batch.ohlc.push({ venue: this.#venue, origin, receivedTimeUs, candle: settled })
  }

  witness(witness: Witness): void {
    const refusal = weighTime(witness.timeUs, (this.#record as RawRecord).receivedTimeUs)
    if (refusal !== null) {
      this.reject({ item: 0, offset: 0, ...refusal })
      return
    }
    this.#batch.witnesses.push({ venue: this.#venue, witness })
  }

  snapshot(snapshot: MarketSnapshot): void {
    const { receivedTimeUs, request, pos } = this.#record as RawRecord
    const told = request?.polledUs ?? Number.NaN
    const polledUs = Number.isSafeInteger(told) ? told : receivedTimeUs
    const settled = settleSnapshot(snapshot, { polledUs, receivedTimeUs })
    if ('reason' in settled) {
      this.reject({ item: snapshot.item, offset: 0, ...settled })
      return
    }
    const report = { venue: this.#venue, snapshot: settled, polledUs, receivedTimeUs, pos }
    this.#batch.snapshots.push(report)
  }

  listing(listing: Listing): void {
    const { receivedTimeUs } = this.#record as RawRecord
    this.#batch.listings.push({ venue: this.#venue, listing, receivedTimeUs })
  }

  reject(rejection: Rejection): void {
    const record = this.#record as RawRecord
    this.#batch.rejected.push({
      pos: record.pos,
      item: rejection.item,
      reason: rejection.reason,
      detail: rejection.detail.slice(0, 200),
      sample: sampleOf(record, rejection.offset),
      dialect: record.dialect,
      receivedTimeUs: record.receivedTimeUs,
    })
  }
}

/** What names an imported file: its hash; without one, the command that read it. */
function fileOf(record: RawRecord): string {
  return record.request?.file ?? record.conn
}

/** The payload around the offending byte; of a file, the line that it stands in. */
function sampleOf(record: RawRecord, offset: number): string {
  if (record.origin === 'import') return lineAt(record, record.start + offset)
  const length = record.end - record.start
  const from = length <= SAMPLE_MAX ? 0 : Math.max(0, Math.min(offset - 128, length - SAMPLE_MAX))
  const start = record.start + from
  const end = Math.min(record.end, start + SAMPLE_MAX)
  return Buffer.from(record.bytes.subarray(start, end)).toString('utf8').slice(0, SAMPLE_MAX)
}

function lineAt({ bytes, start, end }: RawRecord, at: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, end)
  const from = at > start ? Math.max(start, text.lastIndexOf(0x0a, at - 1) + 1) : start
  const newline = text.indexOf(0x0a, at)
  const to = Math.min(newline < 0 ? end : newline, from + SAMPLE_MAX)
  return text.toString('utf8', from, to).trimEnd()
}
