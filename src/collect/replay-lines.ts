/** A line longer than this, in bytes, is cut; no venue sends such a frame. */
export const REPLAY_LINE_BYTES_MAX = 67_108_864

const NEWLINE = 10

/** Cuts a stream of bytes into its lines, blank ones left out, newlines and blanks at ends off. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let length = 0
  function takeLine(): Buffer | null {
    const line = Buffer.concat(pieces, Math.min(length, REPLAY_LINE_BYTES_MAX))
    pieces = []
    length = 0
    let end = line.length
    while (end > 0 && line[end - 1]! <= 32) end -= 1
    return end === 0 ? null : line.subarray(0, end)
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      hold(chunk.subarray(start, end))
      start = end + 1
      const line = takeLine()
      if (line !== null) yield line
    }
    hold(chunk.subarray(start))
  }
  const line = takeLine()
  if (line !== null) yield line

  function hold(piece: Buffer): void {
    // What goes beyond the bound is passed over, not gathered.
    if (length < REPLAY_LINE_BYTES_MAX) pieces.push(piece)
    length += piece.length
  }
}
