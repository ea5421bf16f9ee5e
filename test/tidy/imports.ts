import { dirname, join, normalize } from 'node:path'
import type { Source } from './sources.ts'
import { lineAt } from './sources.ts'

/** One import of a file by another. */
export interface Import {
  readonly from: Source
  readonly line: number
  /** As written. */
  readonly specifier: string
  /** Path from the root, or null for a package. */
  readonly target: string | null
}

const IMPORT = /(?:\bfrom|\bimport|\bimport\s*\(|\bnew\s+URL\s*\()\s*(['"])([^'"\n]+)\1/g

/** Every import, re-export, dynamic import and `new URL(…, import.meta.url)` of a source. */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = []
  for (const match of source.text.matchAll(IMPORT)) {
    // What stands inside a string is not code, however much it looks like it.
    if (source.code[match.index] === ' ') continue
    const specifier = match[2]!
    const target = specifier.startsWith('.')
      ? normalize(join(dirname(source.path), specifier))
      : null
    found.push({ from: source, line: lineAt(source.text, match.index), specifier, target })
  }
  return found
}
