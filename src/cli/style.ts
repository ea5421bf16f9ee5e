import picocolors from 'picocolors'

/** Colours by name, each a function that wraps a text. */
export type Styles = ReturnType<typeof picocolors.createColors>

/** Returns colours for a stream: none unless it is a terminal and `NO_COLOR` is not set. */
export function stylesFor(stream: { readonly isTTY?: boolean }): Styles {
  return picocolors.createColors(stream.isTTY === true && !process.env.NO_COLOR)
}

/** Colours for standard output. */
export const styles = stylesFor(process.stdout)

const CONTROLS = /\p{Cc}/gu

/**
 * Returns text safe for a terminal, on one line: control characters are written as escapes.
 * What venues and files say may hold some.
 */
export function visible(text: string): string {
  return text.replace(CONTROLS, (char) => {
    if (char === '\n') return '\\n'
    if (char === '\t') return '\\t'
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
