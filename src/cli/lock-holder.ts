import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/**
 * Returns who holds the lock at `path` (see `core/lock.ts`), or null where nobody does.
 *
 * Only looks, for a moment too short to be in the way of whoever takes it. Not for a lock that
 * this process holds itself.
 */
export function lockHolder(path: string): string | null {
  if (!existsSync(path) || !isHeld(path)) return null
  try {
    return readFileSync(`${path}.holder`, 'utf8').trim() || 'another process'
  } catch {
    return 'another process'
  }
}

function isHeld(path: string): boolean {
  using database = new DatabaseSync(path, { readOnly: true, timeout: 0 })
  try {
    database.exec('select count(*) from sqlite_schema')
    return false
  } catch {
    // Held by an exclusive transaction, or not readable at all, which is not ours to judge.
    return true
  }
}
