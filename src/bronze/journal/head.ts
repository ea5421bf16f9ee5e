import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

/** What a log's writer last told other processes of itself. */
export interface Head {
  /** Every record below it is synced. */
  readonly durablePos: number
  /** The segment being written, and its synced length in bytes. */
  readonly segment: string
  readonly offset: number
  /** When it was written, epoch microseconds. */
  readonly timeUs: number
}

/**
 * Replaces the head file whole. It is not synced: a power cut may take it, and then the commit
 * lines of the journal tell what is durable.
 */
export async function writeHead(path: string, head: Head): Promise<void> {
  const { durablePos, segment, offset, timeUs } = head
  const facts = JSON.stringify({ durablePos, segment, offset, timeUs })
  await writeFile(`${path}.tmp`, `${JSON.stringify({ ...head, crc32: checksum(facts) })}\n`)
  await rename(`${path}.tmp`, path)
}

/** Reads the head file; null if there is none or it is damaged. */
export function readHead(path: string): Head | null {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof found !== 'object' || found === null) return null
    const { durablePos, segment, offset, timeUs, crc32 } = found as Head & { crc32: unknown }
    const head = { durablePos, segment, offset, timeUs }
    // A head that lies would make us skip positions for ever.
    return checksum(JSON.stringify(head)) === crc32 ? head : null
  } catch {
    return null
  }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
