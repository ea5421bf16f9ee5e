import { expect, test } from 'vitest'
import type { Source } from './sources.ts'
import { SOURCES } from './sources.ts'

const EXPORT =
  /^export (?:(?:declare|abstract|async) )*(?:function\*?|const|let|class|interface|type) (\w+)/

/** Names a source exports without a doc comment right above them. */
function undocumented(source: Source): string[] {
  const seen = new Set<string>()
  return source.lines.flatMap((line, i) => {
    const name = EXPORT.exec(line)?.[1]
    // Of several overloads the first one carries the comment.
    if (name === undefined || seen.has(name)) return []
    seen.add(name)
    const above = source.lines[i - 1]?.trimEnd() ?? ''
    if (above.endsWith('*/')) return []
    // One comment may speak for a block of constants of one line each.
    if (seen.size > 1 && line.startsWith('export const') && EXPORT.exec(above)) return []
    return [`${source.path}:${i + 1}: ${name} — say what it is in a doc comment`]
  })
}

test('every export has a doc comment', () => {
  expect(SOURCES.filter(({ isTest }) => !isTest).flatMap(undocumented)).toEqual([])
})

test('doc comments begin with a sentence, not with a tag', () => {
  const tagged = SOURCES.flatMap((source) =>
    source.lines.flatMap((line, i) =>
      /^\s*\/\*\*(\s*\*\s*)?@(param|returns)/.test(line) ? [`${source.path}:${i + 1}`] : [],
    ),
  )
  expect(tagged).toEqual([])
})
