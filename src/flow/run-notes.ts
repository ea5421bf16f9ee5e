import type { RunItemRow, RunLogRow, RunRow, WriteTransaction } from '../warehouse/index.ts'
import type { ItemState } from './asset.ts'

/** What a run says while it is under way, kept with it at its next commit. */
export interface RunNotes {
  log(level: RunLogRow['level'], message: string): void
  item(item: string, state: ItemState): void
  /** Keeps what was said since; to be told by the call that it returns once it is committed. */
  flush(tx: WriteTransaction): Promise<() => void>
}

/** Lines kept of one attempt; of further ones, only how many there were. */
const LINES_MAX = 1000
/** Items whose newest state waits to be kept. */
const ITEMS_MAX = 10_000
const MESSAGE_MAX = 2000

/** Returns the notes of one attempt. */
export function createRunNotes(
  run: RunRow,
  told: {
    readonly nowUs: () => number
    readonly onLog: (level: RunLogRow['level'], message: string) => void
  },
): RunNotes {
  const lines: Omit<RunLogRow, 'seq'>[] = []
  const items = new Map<string, RunItemRow>()
  let said = 0
  // Of the first line; and how many of them, and of what items, are kept for good.
  let firstSeq: number | null = null
  let kept = 0
  return {
    log(level, message) {
      told.onLog(level, message)
      said += 1
      if (said > LINES_MAX) return
      const isLast = said === LINES_MAX
      lines.push({
        run_id: run.run_id,
        time_us: told.nowUs(),
        attempt: run.attempt,
        level,
        message: isLast ? 'and more, which is not kept' : message.slice(0, MESSAGE_MAX),
      })
    },
    item(item, { state, rows = null, detail = '' }) {
      if (items.size >= ITEMS_MAX && !items.has(item)) return
      items.set(item, {
        run_id: run.run_id,
        item,
        state,
        rows,
        detail: detail.slice(0, MESSAGE_MAX),
      })
    },
    async flush(tx) {
      const until = lines.length
      const newest = [...items.values()]
      if (until > kept) {
        firstSeq ??= await nextSeq(tx, run.run_id)
        const first = firstSeq + kept
        const rows = lines.slice(kept).map((line, at) => ({ ...line, seq: first + at }))
        await tx.upsert('ops_run_logs', rows)
      }
      await tx.upsert('ops_run_items', newest)
      return () => {
        kept = Math.max(kept, until)
        for (const row of newest) if (items.get(row.item) === row) items.delete(row.item)
      }
    },
  }
}

/** Returns the number of the next line of a run, after those of its earlier attempts. */
async function nextSeq(tx: WriteTransaction, runId: string): Promise<number> {
  const { most } = await tx.db
    .selectFrom('ops_run_logs')
    .select((eb) => eb.fn.max('seq').as('most'))
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow()
  return (most ?? -1) + 1
}
