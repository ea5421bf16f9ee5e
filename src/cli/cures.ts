import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ErrorCode } from '../core/errors.ts'
import { PACKAGE_ROOT } from './package-root.ts'

/**
 * Returns what docs/errors.md says against an error, as one line, or null where the file is not
 * there to say it.
 */
export function cureOf(code: ErrorCode): string | null {
  let text: string
  try {
    text = readFileSync(join(PACKAGE_ROOT, 'docs', 'errors.md'), 'utf8')
  } catch {
    return null
  }
  const start = text.indexOf(`\n### ${code}\n`)
  if (start < 0) return null
  const end = text.indexOf('\n##', start + 1)
  const section = text.slice(start, end < 0 ? undefined : end)
  const cure = /\*\*Cure\.\*\* ([\s\S]*)/.exec(section)?.[1]
  return cure?.replace(/\s+/g, ' ').trim() ?? null
}
