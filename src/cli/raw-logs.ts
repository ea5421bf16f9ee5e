import { type LogReader, openLogReader } from '../bronze/index.ts'
import { rawElement, rawEvent } from './raw-event.ts'

/** Where an event stands in the raw log. */
export interface EventPlace {
  readonly kind: 'trade' | 'snapshot' | 'candle'
  readonly log: string
  readonly pos: number
  readonly item: number
}

/** What the venue said of an event. */
export interface RawWords {
  readonly dialect: string | null
  /** Verbatim; null where the log has lost it. */
  readonly raw: string | null
}

/** Readers of the raw logs that events stand in, opened as they are met. */
export class RawLogs implements Disposable {
  readonly #dataDir: string
  readonly #readers = new Map<string, LogReader>()

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  find({ kind, log: name, pos, item }: EventPlace): RawWords {
    let reader = this.#readers.get(name)
    if (reader === undefined) {
      reader = openLogReader({ dataDir: this.#dataDir, name })
      this.#readers.set(name, reader)
    }
    const record = reader.record(pos)
    if (record === null) return { dialect: null, raw: null }
    const raw = kind === 'trade' ? rawEvent(record, item) : rawElement(record, item)
    return { dialect: record.dialect, raw }
  }

  [Symbol.dispose](): void {
    for (const reader of this.#readers.values()) reader[Symbol.dispose]()
  }
}
