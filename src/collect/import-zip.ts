import { crc32 } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { AssayError } from '../core/errors.ts'

const SHOWN_MAX = 20

/**
 * Finds the file to read in a zip archive: the one of that name, or the only one there is.
 *
 * @throws ASSAY_USAGE, naming what there is, where it is not clear which is meant.
 */
export async function findZipEntry(path: string, wanted: string | null): Promise<string> {
  const names: string[] = []
  await eachFile(path, (entry) => {
    names.push(entry.fileName)
  })
  const found = wanted === null ? names : names.filter((name) => isCalled(name, wanted))
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  const list = names.slice(0, SHOWN_MAX).join(', ')
  const more = names.length > SHOWN_MAX ? ` and ${names.length - SHOWN_MAX} more` : ''
  const problem =
    wanted === null ? 'holds several files; say which with --entry' : `has no ${wanted}`
  throw new AssayError('ASSAY_USAGE', `the archive ${problem}: ${list}${more}`)
}

/**
 * Reads one file of a zip archive, unpacked, chunk by chunk; throws at its end where its bytes
 * are not what its checksum says.
 */
export async function* readZipEntry(path: string, name: string): AsyncGenerator<Buffer> {
  const { openPromise } = await import('yauzl')
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false })
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== name) continue
      let sum = 0
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        sum = crc32(chunk, sum)
        yield chunk as Buffer
      }
      if (sum !== entry.crc32) throw new Error(`the checksum of ${name} is wrong`)
      return
    }
  } finally {
    zip.close()
  }
}

async function eachFile(path: string, visit: (entry: Entry) => void): Promise<void> {
  const { openPromise } = await import('yauzl')
  const zip: ZipFile = await openPromise(path, { lazyEntries: true, autoClose: false })
  try {
    for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith('/')) visit(entry)
  } finally {
    zip.close()
  }
}

/** A file in a folder of the archive may be called by its own name. */
function isCalled(name: string, wanted: string): boolean {
  return name === wanted || name.endsWith(`/${wanted}`)
}
