import { stripVTControlCharacters } from 'node:util'
import type { Clock } from '../core/clock.ts'

/** Where a status line is written; standard error is one. */
export interface StatusStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** How a status line is made. */
export interface StatusLineOptions {
  readonly clock: Clock
  /** @default process.stderr */
  readonly stream?: StatusStream
  /** Whether one line is written over again. @default whether the stream is a terminal */
  readonly isTty?: boolean
  /** Least time between two lines where they stay. @default 5000 */
  readonly plainEveryMs?: number
}

/** One line that tells what goes on now. */
export interface StatusLine {
  /** Shows the text, unless the last one was shown a moment ago. Made only if it is shown. */
  show(text: () => string): void
  /** Writes a line that stays; on a terminal above the status. */
  say(text: string): void
  /** Removes the status, so that something else may write. The next text stands again. */
  clear(): void
  /** Ends it, with a last line that stays, if given. */
  end(text?: string): void
}

const DRAW_EVERY_MS = 100
const COLUMNS_DEFAULT = 80
const ERASE = '\r\u001b[K'

/**
 * Returns a status line: on a terminal one line rewritten at most ten times a second, elsewhere
 * a plain line every few seconds.
 */
export function createStatusLine(options: StatusLineOptions): StatusLine {
  const { clock, stream = process.stderr, plainEveryMs = 5000 } = options
  const isTty = options.isTty ?? stream.isTTY === true
  const everyMs = isTty ? DRAW_EVERY_MS : plainEveryMs
  // Work done within the first interval is not worth a line.
  let lastMs = clock.monotonicMs()
  let shown = ''
  const draw = (text: string) => {
    if (text === shown) return
    shown = text
    stream.write(isTty ? `${ERASE}${cut(text, stream.columns)}` : `${text}\n`)
  }
  const clear = () => {
    if (isTty && shown !== '') stream.write(ERASE)
    shown = ''
  }
  return {
    show(text) {
      const nowMs = clock.monotonicMs()
      if (nowMs - lastMs < everyMs) return
      lastMs = nowMs
      draw(text())
    },
    say(text) {
      const status = shown
      clear()
      stream.write(`${text}\n`)
      if (isTty && status !== '') draw(status)
    },
    clear,
    end(text) {
      clear()
      if (text !== undefined) stream.write(`${text}\n`)
    },
  }
}

/** Cuts a line to the terminal's width: a longer one would wrap and could not be erased. */
function cut(text: string, columns = COLUMNS_DEFAULT): string {
  const plain = stripVTControlCharacters(text)
  return plain.length < columns ? text : `${plain.slice(0, Math.max(0, columns - 2))}…`
}
