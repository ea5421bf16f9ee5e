import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AssayError, systemCode } from '../core/errors.ts'
import { hiveValue } from '../core/hive-value.ts'
import { writeFailure } from '../core/write-failure.ts'
import { formatTimeUs } from '../market/bucket.ts'
import type { Certificate, IssuedCertificate } from './certificate.ts'
import { claimTheSame, sealCertificate } from './certificate.ts'
import { parseCertificate } from './certificate-schema.ts'

/** Runs of positions are all that can make one long. */
const PAPER_BYTES_MAX = 64 * 1024 * 1024

/** A certificate in force, and the file it stands in. */
export interface StoredCertificate {
  readonly certificate: IssuedCertificate
  readonly path: string
}

/**
 * Keeps a certificate below `folder`, `VENUE/SYMBOL/2026-11-21T14.r1.json`: as the next revision
 * where it claims something else than the last one of its hour, else the last one stands. Earlier
 * revisions are kept.
 *
 * Files, not rows: they outlive a rebuild, and whoever checks one needs no warehouse.
 *
 * @throws ASSAY_DISK_FULL, ASSAY_READ_ONLY or ASSAY_FILE_UNREADABLE where the folder cannot be
 * read or written.
 */
export async function issueCertificate(
  folder: string,
  drawn: Certificate,
  nowUs: number,
): Promise<StoredCertificate> {
  const place = join(folder, hiveValue(drawn.venue), hiveValue(drawn.symbol))
  const hour = drawn.hour.slice(0, 13)
  try {
    await mkdir(place, { recursive: true })
    const last = await newestRevision(place, hour)
    // One that no longer reads as a certificate is left as it is, and followed by another.
    const inForce = last === null ? null : parseCertificate(await readPaper(last.path)).certificate
    if (last !== null && inForce !== null && claimTheSame(inForce, drawn)) {
      return { certificate: inForce, path: last.path }
    }
    const revision = (last?.revision ?? 0) + 1
    const certificate = sealCertificate(drawn, { revision, issued: formatTimeUs(nowUs) })
    const path = join(place, `${hour}.r${revision}.json`)
    await writeFile(`${path}.part`, `${JSON.stringify(certificate)}\n`, { flush: true })
    await rename(`${path}.part`, path)
    return { certificate, path }
  } catch (cause) {
    if (cause instanceof AssayError) throw cause
    throw writeFailure(place, cause)
  }
}

/**
 * Reads the JSON of a file that should be a certificate; what it holds is not looked at.
 *
 * @throws ASSAY_FILE_UNREADABLE where the file cannot be read, or is larger than any certificate.
 */
export async function readPaper(path: string): Promise<unknown> {
  let text: string
  try {
    const { size } = await stat(path)
    if (size > PAPER_BYTES_MAX) throw unreadable(path, `${size} bytes are no certificate`)
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof AssayError) throw cause
    throw unreadable(path, systemCode(cause) || 'unknown', cause)
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Whoever asks what it holds is told that it is no certificate.
    return text
  }
}

function unreadable(path: string, why: string, cause?: unknown): AssayError {
  return new AssayError('ASSAY_FILE_UNREADABLE', `${path} cannot be read (${why})`, { cause })
}

async function newestRevision(
  place: string,
  hour: string,
): Promise<{ readonly path: string; readonly revision: number } | null> {
  let newest: { path: string; revision: number } | null = null
  for (const name of await readdir(place)) {
    const [, of, number] = /^(.+)\.r(\d+)\.json$/.exec(name) ?? []
    const revision = Number(number)
    if (of !== hour || revision <= (newest?.revision ?? 0)) continue
    newest = { path: join(place, name), revision }
  }
  return newest
}
