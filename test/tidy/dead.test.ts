import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { importsOf } from './imports.ts'
import type { Source } from './sources.ts'
import { SOURCES, sourcesIn } from './sources.ts'

// What is started, or imported by others than us.
const ENTRIES = /^(src\/index|src\/cli\/main|sim\/main|bench\/main)\.ts$/

/** Files that a source names by a path whose ending is chosen at run time, as threads are. */
function startedBy(source: Source): string[] {
  return [...source.text.matchAll(/`(\.{1,2}\/[\w./-]+)\$\{[^`]*`/g)].map(
    ([, path]) => `${normalize(join(dirname(source.path), path!)).replace(/\.$/, '')}.ts`,
  )
}

test('every file of src and sim is used: imported, or started as a thread or a program', () => {
  const users = new Map<string, string[]>()
  for (const { from, target } of SOURCES.flatMap(importsOf)) {
    if (target !== null) users.set(target, [...(users.get(target) ?? []), from.path])
  }
  for (const source of SOURCES) {
    for (const path of startedBy(source)) users.set(path, [...(users.get(path) ?? []), source.path])
  }
  const dead = sourcesIn('src', 'sim')
    .filter(({ path, isTest }) => !isTest && !ENTRIES.test(path))
    // A file that only its own test knows is dead all the same.
    .filter(({ path }) => {
      const ownTest = path.replace(/\.ts$/, '.test.ts')
      return !users.get(path)?.some((user) => user !== ownTest)
    })
    .map(({ path }) => `${path} — nothing uses it: use it or delete it`)
  expect(dead).toEqual([])
})
