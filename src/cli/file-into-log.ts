import { type Journal, openJournal } from '../bronze/index.ts'
import type { Context } from './context.ts'
import { createProgress } from './progress.ts'
import { type HereRefiner, openRefinerHere } from './refine-here.ts'

/** What reading a file is given. */
export interface FileReading {
  readonly journal: Journal
  readonly onProgress: (progress: { readonly bytes: number; readonly bytesTotal: number }) => void
}

/**
 * Reads a file into a log of its own, with progress, and returns what reading came to.
 *
 * What other commands left unrefined is refined first, so that what comes after is this file's.
 * The refiner is `null` where another process refines; otherwise it is the caller's to dispose of.
 *
 * @throws ASSAY_LOCKED when another process writes the log; what `read` throws.
 */
export async function fileIntoLog<Result>(
  context: Context,
  into: { readonly command: string; readonly log: string },
  read: (reading: FileReading) => Promise<Result>,
): Promise<{ readonly result: Result; readonly refiner: HereRefiner | null }> {
  const { dataDir, clock } = context
  const refiner = await openRefinerHere(context, into.command)
  try {
    await refiner?.catchUp('earlier records')
    await using journal = await openJournal({ dataDir, name: into.log, clock })
    const progress = createProgress({ label: 'reading', unit: 'bytes', clock })
    const result = await read({
      journal,
      onProgress({ bytes, bytesTotal }) {
        progress.expect(bytesTotal)
        progress.update(bytes)
      },
    })
    progress.done()
    return { result, refiner }
  } catch (error) {
    await refiner?.[Symbol.asyncDispose]()
    throw error
  }
}
