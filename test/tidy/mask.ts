/**
 * One TypeScript source, seen three ways. Each view has the length and the line breaks of the
 * original; what it leaves out stands as spaces.
 */
export interface Masked {
  /** Code without comments; strings are kept. */
  readonly text: string
  /** Code without comments and without what stands in strings, templates and patterns. */
  readonly code: string
  /** Only what stands in strings and templates. */
  readonly strings: string
}

type Kind = 'plain' | 'comment' | 'string'

// After one of these a slash begins a pattern; after anything else it divides.
const BEFORE_PATTERN =
  /(^|[([{,;:=!&|?+\-*%^~<>]|\b(return|typeof|case|of|void|throw|await|yield))$/

/** Splits a source into code, comments and strings. Knows nested templates and patterns. */
export function mask(source: string): Masked {
  const kinds = new Array<Kind>(source.length).fill('plain')
  scanCode(source, 0, kinds, '')
  const only = (...kept: Kind[]) => {
    const pick = (char: string, i: number) =>
      char === '\n' || kept.includes(kinds[i]!) ? char : ' '
    return source.replace(/[\s\S]/g, pick)
  }
  return { text: only('plain', 'string'), code: only('plain'), strings: only('string') }
}

/** Scans code from `start` until `closing` at its own depth; returns where it ended. */
function scanCode(source: string, start: number, kinds: Kind[], closing: string): number {
  let i = start
  let depth = 0
  let before = ''
  while (i < source.length) {
    const char = source[i]!
    if (depth === 0 && char === closing) return i
    const from = i
    if (source.startsWith('//', i)) i = mark(kinds, i, endOfLine(source, i), 'comment')
    else if (source.startsWith('/*', i)) i = mark(kinds, i, after(source, '*/', i + 2), 'comment')
    else if (char === '"' || char === "'") i = scanQuoted(source, i, kinds)
    else if (char === '`') i = scanTemplate(source, i, kinds)
    else if (char === '/' && BEFORE_PATTERN.test(before)) i = scanPattern(source, i, kinds)
    else i += 1
    if (char === '{') depth += 1
    if (char === '}') depth -= 1
    if (kinds[from] !== 'comment') before = (before + char).trimEnd().slice(-12)
  }
  return i
}

function scanQuoted(source: string, start: number, kinds: Kind[]): number {
  let end = start + 1
  while (end < source.length && source[end] !== source[start] && source[end] !== '\n') {
    end += source[end] === '\\' ? 2 : 1
  }
  mark(kinds, start + 1, end, 'string')
  return end + 1
}

function scanTemplate(source: string, start: number, kinds: Kind[]): number {
  let i = start + 1
  while (i < source.length && source[i] !== '`') {
    if (source.startsWith('${', i)) i = scanCode(source, i + 2, kinds, '}') + 1
    else i = mark(kinds, i, i + (source[i] === '\\' ? 2 : 1), 'string')
  }
  return i + 1
}

function scanPattern(source: string, start: number, kinds: Kind[]): number {
  let end = start + 1
  let inClass = false
  while (end < source.length && source[end] !== '\n' && (inClass || source[end] !== '/')) {
    if (source[end] === '[') inClass = true
    if (source[end] === ']') inClass = false
    end += source[end] === '\\' ? 2 : 1
  }
  mark(kinds, start + 1, end, 'string')
  return end + 1
}

function mark(kinds: Kind[], from: number, to: number, kind: Kind): number {
  kinds.fill(kind, from, to)
  return to
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from)
  return end < 0 ? source.length : end
}

function after(source: string, needle: string, from: number): number {
  const at = source.indexOf(needle, from)
  return at < 0 ? source.length : at + needle.length
}
