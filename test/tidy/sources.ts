import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Masked } from './mask.ts'
import { mask } from './mask.ts'

/** The repository's root. */
export const ROOT = join(import.meta.dirname, '../..')

/** One source file. */
export interface Source extends Masked {
  /** Path from the root, with `/`. */
  readonly path: string
  readonly raw: string
  readonly lines: readonly string[]
  readonly isTest: boolean
}

const CODE_FOLDERS = ['src', 'sim', 'test', 'bench', 'scripts', 'bin']
const CODE = /\.(ts|mjs)$/

/** Every file below a folder whose name matches, fixtures aside, sorted; none if it is absent. */
export function filesBelow(folder: string, name: RegExp): readonly string[] {
  let entries: ReturnType<typeof readEntries>
  try {
    entries = readEntries(folder)
  } catch {
    return []
  }
  return entries
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(fixtures|node_modules)\//.test(path))
    .sort()
}

function readEntries(folder: string) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
}

function readSource(path: string): Source {
  const raw = readFileSync(join(ROOT, path), 'utf8')
  const isTest = /\.test\.ts$/.test(path)
  return { path, raw, lines: raw.split('\n'), isTest, ...mask(raw) }
}

/** Every source of ours. */
export const SOURCES: readonly Source[] = CODE_FOLDERS.flatMap((folder) =>
  filesBelow(folder, CODE).map(readSource),
)

/** The sources below any of these folders. */
export function sourcesIn(...folders: readonly string[]): readonly Source[] {
  return SOURCES.filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)))
}

/** The line number of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1
  }
  return line
}

/** Says where each match of `pattern` in `text`, a view of `source`, stands, and what it is. */
export function findings(source: Source, text: string, pattern: RegExp, say: string): string[] {
  return [...text.matchAll(pattern)].map((match) => {
    const line = lineAt(text, match.index)
    return `${source.path}:${line}: ${source.lines[line - 1]!.trim()} — ${say}`
  })
}
