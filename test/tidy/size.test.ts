import { stripTypeScriptTypes } from 'node:module'
import { expect, test } from 'vitest'
import { mask } from './mask.ts'
import type { Source } from './sources.ts'
import { lineAt, SOURCES, sourcesIn } from './sources.ts'

const FILE_LINES_MAX = 500
const FILE_LINES_P95 = 300
const FUNCTION_LINES_MAX = 70
const COLUMNS_MAX = 100

// A brace after one of these with its parentheses opens no function.
const STATEMENTS = /\b(if|for|while|switch|catch|with|await)\s*$/

/** Line counts of functions, found by matching braces in code without types. */
function functionSizes(source: Source): { line: number; lines: number }[] {
  const { code } = mask(stripTypeScriptTypes(source.raw))
  const opened: { start: number; isFunction: boolean }[] = []
  const sizes: { line: number; lines: number }[] = []
  for (let i = 0; i < code.length; i += 1) {
    if (code[i] === '{') opened.push(opening(code, i))
    if (code[i] !== '}') continue
    const block = opened.pop()
    if (!block?.isFunction) continue
    const line = lineAt(code, block.start)
    sizes.push({ line, lines: lineAt(code, i) - line + 1 })
  }
  return sizes
}

/** Whether the brace at `at` opens a function's body, and where the function starts. */
function opening(code: string, at: number): { start: number; isFunction: boolean } {
  const before = code.slice(0, at).trimEnd()
  const head = before.endsWith('=>') ? before.slice(0, -2).trimEnd() : before
  if (!head.endsWith(')')) return { start: head.length, isFunction: before.endsWith('=>') }
  let depth = 0
  let start = head.length - 1
  for (; start >= 0; start -= 1) {
    if (head[start] === ')') depth += 1
    if (head[start] === '(') depth -= 1
    if (depth === 0) break
  }
  return { start, isFunction: !STATEMENTS.test(head.slice(Math.max(0, start - 20), start)) }
}

const productive = sourcesIn('src', 'sim').filter(({ isTest }) => !isTest)

test(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
  const long = SOURCES.filter(({ lines }) => lines.length > FILE_LINES_MAX)
  expect(long.map(({ path, lines }) => `${path}: ${lines.length} lines — split it`)).toEqual([])
})

test(`95 of 100 files of src have at most ${FILE_LINES_P95} lines`, () => {
  const files = productive.filter(({ path }) => path.startsWith('src/'))
  const sorted = files.toSorted((a, b) => a.lines.length - b.lines.length)
  const beyond = sorted.slice(Math.ceil(sorted.length * 0.95) - 1)
  const said = beyond.map(({ path, lines }) => `${path}: ${lines.length}`).join(', ')
  expect(beyond[0]?.lines.length ?? 0, said).toBeLessThanOrEqual(FILE_LINES_P95)
})

test(`no function of src or sim is longer than ${FUNCTION_LINES_MAX} lines`, () => {
  const long = productive.flatMap((source) =>
    functionSizes(source)
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ line, lines }) => `${source.path}:${line}: a function of ${lines} lines — split it`),
  )
  expect(long).toEqual([])
})

test('the measure of functions sees methods, arrows and plain functions, and no others', () => {
  const raw = [
    'function a(b: number): { c: number } {',
    '  if (b) {',
    '    return { c: 1 }',
    '  }',
    '  return { c: 2 }',
    '}',
    'const d = async (e: string) => {',
    '  for (const f of e) {',
    '  }',
    '}',
    'class G { h(): void {',
    '} }',
  ].join('\n')
  const source: Source = { path: 'x.ts', raw, lines: raw.split('\n'), isTest: false, ...mask(raw) }
  expect(functionSizes(source)).toEqual([
    { line: 1, lines: 6 },
    { line: 7, lines: 4 },
    { line: 11, lines: 2 },
  ])
})

test(`no line is wider than ${COLUMNS_MAX} columns`, () => {
  const wide = SOURCES.flatMap(({ path, lines }) =>
    lines.flatMap((line, i) =>
      [...line].length > COLUMNS_MAX ? [`${path}:${i + 1}: ${[...line].length} columns`] : [],
    ),
  )
  expect(wide).toEqual([])
})
