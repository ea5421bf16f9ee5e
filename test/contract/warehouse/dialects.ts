import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'

/** A database that the suite runs against, and what it cannot do. */
export interface TestedDialect {
  readonly name: string
  /** Whether opening to write proves that whoever wrote before is gone. */
  readonly locksWriters: boolean
  /** Returns the URL of an empty warehouse, and how to do away with it. */
  create(): Promise<{ url: string; remove: () => Promise<void> }>
}

/** Every dialect runs every suite in this folder but those named after one of them. */
export const DIALECTS: readonly TestedDialect[] = [
  {
    name: 'sqlite',
    locksWriters: true,
    async create() {
      const folder = mkdtempSync(join(tmpdir(), 'assay-warehouse-'))
      return {
        url: `sqlite:${join(folder, 'warehouse')}`,
        remove: async () => rmSync(folder, { recursive: true, force: true }),
      }
    },
  },
]

/** Gives each test of the current suite an empty warehouse; returns how to learn its URL. */
export function useWarehouse(dialect: TestedDialect): () => string {
  let made: Awaited<ReturnType<TestedDialect['create']>> | undefined
  beforeEach(async () => {
    made = await dialect.create()
  })
  afterEach(async () => {
    await made?.remove()
    made = undefined
  })
  return () => made?.url ?? ''
}
