import type { BookMessage } from '../market/book.ts'
import type { RawRecord } from '../market/record.ts'
import type { BookSource } from './book-source.ts'

/** A book's message with its levels, as the venue wrote them: `bid 100.10 0.5`. */
export interface ReadMessage extends Readonly<BookMessage> {
  readonly levels: readonly string[]
}

const text = new TextDecoder('latin1')

/** Runs a source over one record and keeps what it told; `null` where it could not read it. */
export function readBook(source: BookSource, record: RawRecord): readonly ReadMessage[] | null {
  const messages: ReadMessage[] = []
  let message: Readonly<BookMessage> | null = null
  let levels: string[] = []
  const isRead = source.decode(record, {
    begin(begun) {
      message = { ...begun }
      levels = []
    },
    level({ side, bytes, priceStart, priceEnd, sizeStart, sizeEnd }) {
      const price = text.decode(bytes.subarray(priceStart, priceEnd))
      levels.push(`${side} ${price} ${text.decode(bytes.subarray(sizeStart, sizeEnd))}`)
    },
    end() {
      if (message !== null) messages.push({ ...message, levels })
    },
  })
  return isRead ? messages : null
}
