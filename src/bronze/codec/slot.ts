import type { RawRecord } from '../../market/record.ts'

/** A record that is filled again and again while a log is read: borrow it, keep nothing of it. */
export type RecordSlot = { -readonly [Field in keyof RawRecord]: RawRecord[Field] }

/** Returns an empty slot for a reader to own. */
export function createRecordSlot(): RecordSlot {
  return {
    pos: 0,
    dialect: '',
    channel: '',
    symbol: null,
    origin: 'ws',
    receivedTimeUs: 0,
    conn: '',
    frame: 0,
    request: null,
    form: 'json',
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
  }
}

/** Returns a record of its own: the payload is copied out of the reader's buffer. */
export function copyRecord(record: RawRecord): RawRecord {
  const payload = Buffer.from(record.bytes.subarray(record.start, record.end))
  return { ...record, bytes: payload, start: 0, end: payload.length }
}
