import { pipeline, Readable } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'

/** Sizes of the optional fields of a frame header, by the flags that announce them. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4]
const CONTENT_SIZE_BYTES = [0, 2, 4, 8]

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50

/**
 * Unpacks a zstd stream of any number of frames (RFC 8878).
 *
 * Node's own decoder stops after the first frame and says nothing of the rest, so frames are
 * told apart here, by the sizes of their blocks, and each is given to a decoder of its own.
 */
export async function* readZstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = createInput(source)
  while (!(await input.atEnd())) {
    const magic = (await input.take(4)).readUInt32LE()
    // Skippable frames have sixteen magics and a length; what they hold is not content.
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      let left = (await input.take(4)).readUInt32LE()
      while (left > 0) left -= (await input.takeSome(left)).length
      continue
    }
    if (magic !== FRAME_MAGIC) throw new Error('what follows a zstd frame is no zstd frame')
    const unpacked = createZstdDecompress()
    pipeline(Readable.from(frameBytes(input)), unpacked, () => {})
    yield* unpacked
  }
}

/** Passes on one frame whole, its magic already taken. */
async function* frameBytes(input: Input): AsyncGenerator<Buffer> {
  const magic = Buffer.alloc(4)
  magic.writeUInt32LE(FRAME_MAGIC)
  yield magic
  const descriptor = await input.take(1)
  yield descriptor
  const flags = descriptor[0]!
  const single = (flags & 32) !== 0
  const sizeFlag = flags >> 6
  const sizeBytes = sizeFlag === 0 && single ? 1 : CONTENT_SIZE_BYTES[sizeFlag]!
  const headerBytes = (single ? 0 : 1) + DICTIONARY_ID_BYTES[flags & 3]! + sizeBytes
  if (headerBytes > 0) yield await input.take(headerBytes)
  for (let last = false; !last; ) {
    const header = await input.take(3)
    yield header
    const bits = header.readUIntLE(0, 3)
    last = (bits & 1) === 1
    // A block of type 1 repeats one byte, so its size is not that of what is stored.
    let left = ((bits >> 1) & 3) === 1 ? 1 : bits >> 3
    while (left > 0) {
      const piece = await input.takeSome(left)
      left -= piece.length
      yield piece
    }
  }
  if ((flags & 4) !== 0) yield await input.take(4)
}

/** Bytes of a stream, taken by count. */
interface Input {
  /** Whether nothing is left. */
  atEnd(): Promise<boolean>
  /** Returns exactly `count` bytes, or throws where the stream ends before. */
  take(count: number): Promise<Buffer>
  /** Returns at least one and at most `most` bytes, or throws at the end. */
  takeSome(most: number): Promise<Buffer>
}

function createInput(source: AsyncIterable<Buffer>): Input {
  const chunks = source[Symbol.asyncIterator]()
  let chunk: Buffer = Buffer.alloc(0)
  async function atEnd(): Promise<boolean> {
    while (chunk.length === 0) {
      const next = await chunks.next()
      if (next.done === true) return true
      chunk = next.value
    }
    return false
  }
  async function takeSome(most: number): Promise<Buffer> {
    if (await atEnd()) throw new Error('the zstd stream ends within a frame')
    const piece = chunk.subarray(0, most)
    chunk = chunk.subarray(piece.length)
    return piece
  }
  return {
    atEnd,
    takeSome,
    async take(count) {
      const pieces: Buffer[] = []
      for (let left = count; left > 0; left -= pieces.at(-1)!.length) {
        pieces.push(await takeSome(left))
      }
      return Buffer.concat(pieces)
    },
  }
}
