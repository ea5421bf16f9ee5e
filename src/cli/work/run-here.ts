import type { AssayServices } from '../../assets/index.ts'
import type { Runner } from '../../flow/index.ts'
import type { RunRow } from '../../warehouse/index.ts'

/** Time between two looks at a run that another process does. */
const LOOK_MS = 500

/**
 * Sees a run to its end: does its attempts here, with the pauses between them, or waits for
 * whoever does it.
 */
export async function runHere(runner: Runner<AssayServices>, runId: string): Promise<RunRow> {
  const { warehouse, clock, signal } = runner.options
  for (;;) {
    signal.throwIfAborted()
    const run = await warehouse.read((db) =>
      db.selectFrom('ops_runs').selectAll().where('run_id', '=', runId).executeTakeFirstOrThrow(),
    )
    if (run.active === null) return run
    const waitMs = (run.due_us - clock.nowUs()) / 1000
    if (run.state === 'queued' && waitMs > 0) {
      await clock.sleep(waitMs, signal)
      continue
    }
    const claimed = await runner.claimThis(runId)
    if (claimed !== null) {
      await runner.attempt(claimed)
      continue
    }
    await clock.sleep(LOOK_MS, signal)
  }
}
