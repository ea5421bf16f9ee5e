import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMemoryFile, NO_MEMORY } from './memory-file.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-memory-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a memory comes back as it was saved, from a folder that was not there', async () => {
  const store = createMemoryFile(join(folder, 'tmp', 'memory.json'))
  expect(await store.load()).toEqual(NO_MEMORY)
  const paces = { 'coinbase matches BTC-USD': { meanGapMs: 12.5, samples: 400 } }
  await Promise.all([store.save(NO_MEMORY), store.save({ paces, pausedUntilUs: 7 })])
  expect(await store.load()).toEqual({ paces, pausedUntilUs: 7 })
  expect(await readdir(join(folder, 'tmp'))).toEqual(['memory.json'])
})

test('a file that makes no sense is no memory at all', async () => {
  const path = join(folder, 'odd.json')
  const odd = '{"paces":{"a":{"meanGapMs":"1","samples":2},"b":null},"pausedUntilUs":"soon"}'
  for (const text of ['', 'null', '[1]', '{"paces":[1]}', odd]) {
    await writeFile(path, text)
    expect(await createMemoryFile(path).load()).toEqual(NO_MEMORY)
  }
})
