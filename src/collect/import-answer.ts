import { randomBytes } from 'node:crypto'
import type { Journal } from '../bronze/index.ts'
import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import { isOneLineJson, isUtf8 } from '../core/json/scan.ts'
import { redact } from '../core/redact.ts'
import type { EventSink } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import type { Venue } from '../venues/venue.ts'
import { createDiary } from './diary.ts'
import type { ImportOptions, ImportResult } from './import.ts'
import { openSource, readSource } from './import-source.ts'

/** No venue sends an answer this long; it is held in memory whole. */
const ANSWER_BYTES_MAX = 67_108_864

/** An answer of a venue's REST interface that was kept in a file. */
export interface AnswerImport
  extends Pick<
    ImportOptions,
    'path' | 'symbol' | 'entry' | 'checksum' | 'signal' | 'onProgress' | 'version'
  > {
  /** The venue that answered; its own decoder reads the file. */
  readonly venue: Venue
  /** What was asked, with its query; the host may be left out. */
  readonly url: string
  readonly journal: Journal
  readonly clock: Clock
}

/** What importing an answer did; `lines` counts its trades and candles, good or bad. */
export interface AnswerResult extends ImportResult {
  readonly kind: 'trades' | 'klines'
}

/**
 * Writes a whole REST answer from a file into the log, as one record the venue's decoder reads.
 *
 * Its trades bear the venue's ids, so they are facts of the venue's own tape, like any page that
 * was fetched; its candles are the venue's word.
 *
 * @throws AssayError `ASSAY_USAGE` where the venue has no such request;
 *   `ASSAY_FILE_UNREADABLE` where the file cannot be read, or is longer than 64 MiB.
 */
export async function importAnswer(options: AnswerImport): Promise<AnswerResult> {
  const { venue, journal, clock, symbol } = options
  const { dialect, channel } = venue.classify(options.url, 'rest')
  if (channel === 'unknown') {
    const shown = JSON.stringify(options.url.slice(0, 200))
    throw new AssayError('ASSAY_USAGE', `${venue.name} has no request ${shown} that is known.`)
  }
  const source = await openSource(options.path, {
    ...(options.entry !== undefined && { entry: options.entry }),
    ...(options.checksum !== undefined && { checksum: options.checksum }),
    ...(options.signal !== undefined && { signal: options.signal }),
  })
  const { sha256, verified, name } = source
  const payload = await readWhole(readSource(source), name)
  options.onProgress?.({ bytes: source.bytes, bytesTotal: source.bytes, lines: 0 })
  const conn = `import-${sha256.slice(0, 12)}-${randomBytes(5).toString('hex')}`
  const diary = createDiary({ journal, clock, conn: `${conn}-diary` })
  const firstPos = diary.write({ event: 'start', command: 'import', version: options.version })
  const record = {
    dialect,
    channel,
    symbol,
    origin: 'import' as const,
    receivedTimeUs: clock.nowUs(),
    conn,
    frame: 0,
    request: { url: redact(options.url), status: 200, file: sha256 },
    payload,
  }
  const pos = journal.append(record)
  diary.write({ event: 'stop', reason: 'end of file' })
  await journal.flush()
  const counts = countEvents(venue, { ...record, pos, ...inMemory(payload) })
  const lines = counts.trades + counts.candles + counts.rejected
  const kind = counts.candles > 0 ? 'klines' : 'trades'
  const ends = { firstPos, endPos: journal.nextPos, complete: true }
  return { lines, blocks: 1, sha256, verified, ...ends, kind }
}

async function readWhole(chunks: AsyncIterable<Buffer>, name: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > ANSWER_BYTES_MAX) {
      const context = { file: name }
      throw new AssayError('ASSAY_FILE_UNREADABLE', `${name} is too long for one answer.`, {
        context,
      })
    }
    pieces.push(chunk)
  }
  return Buffer.concat(pieces)
}

/** The payload as the log will give it again. */
function inMemory(bytes: Buffer): Pick<RawRecord, 'form' | 'bytes' | 'start' | 'end'> {
  const end = bytes.length
  const text = isOneLineJson(bytes, 0, end) ? 'json' : 'text'
  return { form: isUtf8(bytes, 0, end) ? text : 'bytes', bytes, start: 0, end }
}

function countEvents(venue: Venue, record: RawRecord) {
  const counts = { trades: 0, candles: 0, rejected: 0 }
  const sink: EventSink = {
    trade() {
      counts.trades += 1
    },
    candle() {
      counts.candles += 1
    },
    reject() {
      counts.rejected += 1
    },
    witness() {},
    listing() {},
    snapshot() {},
  }
  const decoder = venue.decoders[record.dialect]
  assert(decoder, 'a venue decodes what it classifies')
  decoder(record, sink)
  return counts
}
