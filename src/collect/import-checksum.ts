import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { AssayError, systemCode } from '../core/errors.ts'

const HASH = /^[0-9a-f]{64}$/i
/** Names by which publishers lay a checksum beside a file. */
const BESIDE = ['.CHECKSUM', '.sha256', '.sha256sum']

/**
 * Returns the SHA-256 that a file should have: as given, as the file given says, or as a file
 * beside it says (`X.zip.CHECKSUM`, as Binance lays them); `null` where nobody says.
 *
 * @throws ASSAY_FILE_UNREADABLE where the checksum that was given cannot be read.
 */
export async function expectedHash(
  path: string,
  given: string | undefined,
): Promise<string | null> {
  if (given !== undefined && HASH.test(given)) return given.toLowerCase()
  for (const file of given === undefined ? BESIDE.map((end) => path + end) : [given]) {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      if (given === undefined) return null
      const message = `the checksum ${file} cannot be read (${systemCode(cause)})`
      throw new AssayError('ASSAY_FILE_UNREADABLE', message, { cause })
    })
    if (text === null) continue
    const hash = hashIn(text, basename(path))
    if (hash !== null) return hash
    throw new AssayError('ASSAY_FILE_UNREADABLE', `${file} holds no SHA-256 of ${basename(path)}`)
  }
  return null
}

/** Finds a file's line among those of `sha256sum`, or takes the only hash there is. */
function hashIn(text: string, name: string): string | null {
  const lines = text
    .split(/\r?\n/)
    .map((line) => /^([0-9a-f]{64})(?:\s+\*?(.+))?$/i.exec(line.trim()))
    .filter((match) => match !== null)
  const named = lines.find(([, , file]) => file !== undefined && basename(file) === name)
  const only = lines.length === 1 ? lines[0] : undefined
  return (named ?? only)?.[1]?.toLowerCase() ?? null
}
