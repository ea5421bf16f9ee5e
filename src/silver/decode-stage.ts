import type { LogBlock } from '../bronze/index.ts'
import { forEachRecord } from '../bronze/index.ts'
import { MINUTE_US } from '../market/bucket.ts'
import type { EventSink, Rejection, VenueCandle, Witness } from '../market/event.ts'
import type { Listing } from '../market/instrument.ts'
import type { RawRecord } from '../market/record.ts'
import { SELF_DIALECT } from '../market/self-record.ts'
import type { TradeSlot } from '../market/trade.ts'
import type { TapeKey } from '../market/trade-columns.ts'
import { growColumns, pushTrade, TradeColumns } from '../market/trade-columns.ts'
import { decoderOf } from '../venues/index.ts'
import type { Decoder } from '../venues/venue.ts'
import type { Batch, ImportSpan } from './batch.ts'
import { BATCH_TRADES, emptyTally } from './batch.ts'
import { readSelfEvent } from './read-self-event.ts'
import { admitTrade, weighCandle, weighTime } from './validate.ts'

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
    const others = rejected.length + candles.length + witnesses.length + listings.length
    return trades.count >= BATCH_TRADES || others + selves.length >= BATCH_TRADES
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
      witnesses: [],
      listings: [],
      selves: [],
      tally: emptyTally(),
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
    const key = this.#keyOf(slot)
    pushTrade(trades, slot, { key, record })
    trades.count += 1
    if (record.origin === 'import') this.#widenSpan(key, record, slot.eventTimeUs)
  }

  #keyOf(slot: Readonly<TradeSlot>): number {
    if (slot.tape !== '') return this.#newKey(slot, `${this.#venue}\n${slot.symbol}\n${slot.tape}`)
    return this.#venueKeys.get(slot.symbol) ?? this.#newKey(slot, `${this.#venue}\n${slot.symbol}`)
  }

  #newKey(slot: Readonly<TradeSlot>, name: string): number {
    let key = this.#keyIndex.get(name)
    if (key === undefined) {
      key = this.#keys.push({ venue: this.#venue, symbol: slot.symbol, tape: slot.tape }) - 1
      this.#keyIndex.set(name, key)
    }
    if (slot.tape === '') this.#venueKeys.set(slot.symbol, key)
    return key
  }

  #widenSpan(key: number, record: RawRecord, timeUs: number): void {
    const file = record.request?.file ?? record.conn
    const minute = timeUs - (timeUs % MINUTE_US)
    const { spans } = this.#batch
    let span: ImportSpan | undefined = spans.find((one) => one.key === key && one.file === file)
    if (span === undefined) {
      span = { key, file, fromUs: minute, toUs: minute + MINUTE_US }
      spans.push(span)
    }
    if (minute < span.fromUs) span.fromUs = minute
    if (minute + MINUTE_US > span.toUs) span.toUs = minute + MINUTE_US
  }

  candle(candle: VenueCandle): void {
    const { origin, receivedTimeUs } = this.#record as RawRecord
    if (candle.intervalUs !== MINUTE_US) return
    const refusal = weighCandle(candle, receivedTimeUs)
    if (refusal !== null) {
      this.reject({ item: candle.item, offset: 0, ...refusal })
      return
    }
    this.#batch.candles.push({ venue: this.#venue, origin, receivedTimeUs, candle })
  }

  witness(witness: Witness): void {
    const refusal = weighTime(witness.timeUs, (this.#record as RawRecord).receivedTimeUs)
    if (refusal !== null) {
      this.reject({ item: 0, offset: 0, ...refusal })
      return
    }
    this.#batch.witnesses.push({ venue: this.#venue, witness })
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

/** The venue of a dialect is what stands before its slash. */
export function venueOf(dialect: string): string {
  const slash = dialect.indexOf('/')
  return slash === -1 ? dialect : dialect.slice(0, slash)
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
