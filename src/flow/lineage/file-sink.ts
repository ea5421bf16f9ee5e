import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeFailure } from '../../core/write-failure.ts'
import type { Handed, LineageSink, OutgoingEvent } from './sink.ts'

const NEWLINE = 0x0a

/**
 * Returns a sink that appends events to a file, one line of JSON each, durable before it says
 * so. A line that a crash cut short is ended, so that the next one stands by itself.
 */
export function createFileSink(path: string): LineageSink {
  return {
    kind: 'file',
    async send(events): Promise<Handed> {
      try {
        await append(path, events)
        return { done: events.length, refused: [], failure: null }
      } catch (cause) {
        return { done: 0, refused: [], failure: writeFailure(path, cause) }
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function append(path: string, events: readonly OutgoingEvent[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // Opened anew each time, so that the file can be moved away and another begins.
  await using file = await open(path, 'a+')
  const start = (await endsWithin(file)) ? '\n' : ''
  const lines = events.map(({ event }) => `${event}\n`)
  await file.appendFile(start + lines.join(''))
  await file.datasync()
}

/** Whether the file ends within a line. */
async function endsWithin(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return false
  const last = Buffer.alloc(1)
  await file.read(last, 0, 1, size - 1)
  return last[0] !== NEWLINE
}
