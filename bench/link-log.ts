import { linkSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { logPaths } from '../src/bronze/layout.ts'

/** Gives a second data folder the same journal by hard links: sealing it leaves the first whole. */
export function linkLog(fromDir: string, toDir: string, name: string): void {
  const from = logPaths(fromDir, name).journal
  const to = logPaths(toDir, name).journal
  mkdirSync(to, { recursive: true })
  for (const file of readdirSync(from)) linkSync(join(from, file), join(to, file))
}
