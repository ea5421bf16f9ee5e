import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPaceFile } from './pace-file.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-pace-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('paces come back as they were saved, from a folder that was not there', async () => {
  const store = createPaceFile(join(folder, 'tmp', 'paces.json'))
  expect(await store.load()).toEqual({})
  const paces = { 'coinbase matches BTC-USD': { meanGapMs: 12.5, samples: 400 } }
  await store.save(paces)
  expect(await store.load()).toEqual(paces)
  expect(await readdir(join(folder, 'tmp'))).toEqual(['paces.json'])
})

test('a file that makes no sense is no memory at all', async () => {
  const path = join(folder, 'odd.json')
  for (const text of ['', 'null', '[1]', '{"a":{"meanGapMs":"1","samples":2},"b":null}']) {
    await writeFile(path, text)
    expect(await createPaceFile(path).load()).toEqual({})
  }
})
