import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeTape } from '../venues/tape/index.ts'
import type { TapeBlock } from './import-blocks.ts'
import { BLOCK_BYTES_MAX, readBlocks } from './import-blocks.ts'

async function cut(
  text: string | Buffer,
  csv: boolean,
  chunkBytes = 262_144,
): Promise<TapeBlock[]> {
  const bytes = Buffer.from(text)
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  }
  const blocks: TapeBlock[] = []
  for await (const block of readBlocks(chunks(), csv)) blocks.push(block)
  return blocks
}

function linesDecoded(bytes: Buffer): number {
  let count = 0
  const one = () => {
    count += 1
  }
  const columns = { trade_id: 'c0', time: 'c0', price: 'c0', size: 'c0' }
  const sink = {
    trade: one,
    candle: one,
    witness: one,
    snapshot: () => {},
    listing: one,
    reject: one,
  }
  decodeTape(
    {
      pos: 0,
      dialect: 'any/csv',
      channel: 'trades',
      symbol: 'X',
      origin: 'import',
      receivedTimeUs: 0,
      conn: '',
      frame: 0,
      form: 'text',
      request: { url: '', columns, header: ['c0'] },
      bytes,
      start: 0,
      end: bytes.length,
    },
    sink,
  )
  return count
}

test('cuts at a thousand lines and counts on through the file', async () => {
  const text = Array.from({ length: 2500 }, (_, index) => `line ${index}`).join('\n')
  const blocks = await cut(text, true, 77)
  expect(blocks.map(({ lines, firstLine }) => [lines, firstLine])).toEqual([
    [1000, 1],
    [1000, 1001],
    [500, 2001],
  ])
  expect(blocks.map(({ bytes }) => bytes.toString()).join('\n')).toBe(text)
})

test('takes a last line without a newline, and leaves out blank lines around blocks', async () => {
  const blocks = await cut('\n \r\na\n\nb', false)
  expect(blocks).toHaveLength(1)
  expect(blocks[0]).toMatchObject({ lines: 2, firstLine: 1 })
  expect(blocks[0]?.bytes.toString()).toBe('a\n\nb')
  expect(await cut('\n\n\r\n', true)).toEqual([])
})

test('does not cut within quotes, but lets no stray quote swallow the file', async () => {
  const quoted = `${'x\n'.repeat(999)}"a\nb",1\ny`
  expect((await cut(quoted, true, 100)).map(({ lines }) => lines)).toEqual([1000, 1])
  const stray = `"a\n${'x\n'.repeat(40_000)}`
  expect((await cut(stray, true, 1000)).at(-1)?.firstLine).toBe(40_001)
})

test('cuts an overlong line short and reads on after it', async () => {
  const long = `a\n${'x'.repeat(3 * BLOCK_BYTES_MAX)}\nb\n`
  for (const chunkBytes of [262_144, 4 * BLOCK_BYTES_MAX]) {
    const blocks = await cut(long, true, chunkBytes)
    expect(blocks.map(({ bytes, firstLine }) => [bytes.length, firstLine])).toEqual([
      [1, 1],
      [BLOCK_BYTES_MAX, 2],
      [1, 3],
    ])
  }
})

test('gives the same lines however the stream is chunked', async () => {
  const piece = fc.constantFrom('a', '"', ',', '\n', '\r\n', '""', '"b\nc"', ' ')
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (pieces, chunkBytes) => {
        const text = pieces.join('')
        const blocks = await cut(text, true, chunkBytes)
        expect(blocks).toEqual(await cut(text, true))
        // What decodes a block must see the lines that were counted into it.
        for (const { bytes, lines } of blocks) expect(linesDecoded(bytes)).toBe(lines)
      },
    ),
  )
})
