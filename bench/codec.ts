import type { LogBlock } from '../src/bronze/index.ts'
import { forEachRecord, openLogReader } from '../src/bronze/index.ts'
import { assert } from '../src/core/assert.ts'
import { DecodeStage } from '../src/silver/decode-stage.ts'
import { answerJob } from './job.ts'

/** A log whose frames are to be decoded and parsed, over and over. */
export interface CodecTask {
  readonly dataDir: string
  readonly name: string
  /** Frames to take from the log's start. */
  readonly frames: number
  readonly rounds: number
}

/** Frames per second of each way, one figure a round. */
export interface CodecRates {
  readonly frames: number
  /** Bare JSON.parse of payloads that are JavaScript strings already. */
  readonly parse: readonly number[]
  /** The same, from bytes: made a string first. */
  readonly parseBytes: readonly number[]
  /** From log line to admitted trade. */
  readonly decode: readonly number[]
  /** The same, with reading the file and checking its sums. */
  readonly decodeFile: readonly number[]
}

interface Sample {
  readonly blocks: readonly LogBlock[]
  readonly texts: readonly string[]
  readonly payloads: readonly Buffer[]
  readonly checkpoint: number
}

/** Measures decoding against parsing: one thread, taking turns, everything in memory. */
function measure(task: CodecTask): CodecRates {
  const sample = takeSample(task)
  const frames = sample.texts.length
  const ways = {
    parse: () => parseTexts(sample.texts),
    decode: () => decodeBlocks(sample.blocks),
    parseBytes: () => parsePayloads(sample.payloads),
    decodeFile: () => decodeFile(task, sample.checkpoint),
  }
  const rates = { parse: [], parseBytes: [], decode: [], decodeFile: [] } as Record<
    keyof typeof ways,
    number[]
  >
  // Two rounds more than asked for: the first ones warm the code.
  for (let round = -2; round < task.rounds; round += 1) {
    for (const way of ['parse', 'decode', 'parseBytes', 'decodeFile'] as const) {
      const startMs = performance.now()
      const seen = ways[way]()
      const ms = performance.now() - startMs
      assert(seen === frames, `${way} sees every frame once`)
      if (round >= 0) rates[way].push((frames / ms) * 1000)
    }
  }
  return { frames, ...rates }
}

/** Takes the log's first frames, block by block, and prepares what each way begins with. */
function takeSample(task: CodecTask): Sample {
  using reader = openLogReader(task)
  const blocks: LogBlock[] = []
  const texts: string[] = []
  const payloads: Buffer[] = []
  let checkpoint = 0
  for (const block of reader.blocks(0)) {
    if (texts.length >= task.frames) break
    const bytes = Buffer.from(block.bytes.subarray(block.start, block.end))
    blocks.push({ bytes, start: 0, end: bytes.length, checkpoint: block.checkpoint })
    forEachRecord({ bytes, start: 0, end: bytes.length }, (record) => {
      if (record.origin === 'self') return
      const payload = bytes.subarray(record.start, record.end)
      payloads.push(payload)
      texts.push(payload.toString('latin1'))
    })
    checkpoint = block.checkpoint
  }
  return { blocks, texts, payloads, checkpoint }
}

function parseTexts(texts: readonly string[]): number {
  let seen = 0
  for (const text of texts) {
    const frame = JSON.parse(text) as { trade_id: number }
    if (frame.trade_id > 0) seen += 1
  }
  return seen
}

function parsePayloads(payloads: readonly Buffer[]): number {
  let seen = 0
  for (const payload of payloads) {
    const frame = JSON.parse(payload.toString()) as { trade_id: number }
    if (frame.trade_id > 0) seen += 1
  }
  return seen
}

function decodeBlocks(blocks: Iterable<LogBlock>, belowPos = Number.POSITIVE_INFINITY): number {
  const stage = new DecodeStage('bench')
  let seen = 0
  const take = () => {
    const { trades } = stage.takeBatch()
    seen += trades.count
    stage.recycle(trades)
  }
  for (const block of blocks) {
    if (block.checkpoint > belowPos) break
    stage.feed(block)
    if (stage.full) take()
  }
  take()
  return seen
}

function decodeFile(task: CodecTask, belowPos: number): number {
  using reader = openLogReader(task)
  return decodeBlocks(reader.blocks(0), belowPos)
}

await answerJob(measure)
