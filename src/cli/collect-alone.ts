import { openJournal } from '../bronze/index.ts'
import { openWarehouse, type Warehouse } from '../warehouse/index.ts'
import { type Answerer, answererOf, createAnswers } from './answers.ts'
import type { CollectedStatus, CollectedSummary, Collectors } from './collectors.ts'
import { COLLECT_LOG, startCollectors } from './collectors.ts'
import type { Context } from './context.ts'

/** Starts collecting without a refiner; holes are asked of the warehouse while there is one. */
export async function startCollecting(options: {
  readonly context: Context
  readonly signal: AbortSignal
  readonly onStatus: (status: CollectedStatus) => void
}): Promise<Pick<Collectors, 'done'>> {
  const { context, signal, onStatus } = options
  const { config, dataDir, clock } = context
  const journal = await openJournal({ dataDir, name: COLLECT_LOG, clock, ...config.journal })
  const answerer = askWarehouse(context)
  try {
    const collectors = await startCollectors({
      ...context,
      command: 'collect',
      journal,
      signal,
      answers: config.backfill.enabled ? createAnswers(answerer, context) : null,
      onStatus,
    })
    return { done: finish(collectors, journal, answerer) }
  } catch (error) {
    await journal[Symbol.asyncDispose]()
    throw error
  }
}

async function finish(
  collectors: Collectors,
  ...parts: readonly AsyncDisposable[]
): Promise<CollectedSummary> {
  try {
    return await collectors.done
  } finally {
    for (const part of parts) await part[Symbol.asyncDispose]()
  }
}

/** Asks the warehouse of another process; without one, repair waits. */
function askWarehouse({ storeUrl: url, clock, config }: Context): Answerer & AsyncDisposable {
  let warehouse: Warehouse | null = null
  const graceUs = config.candles.graceSeconds * 1e6
  const answerer = async () => {
    warehouse ??= await openWarehouse({ url, mode: 'read', clock })
    return answererOf(warehouse, { clock, graceUs })
  }
  return {
    holes: async () => (await answerer()).holes(),
    candleGaps: async () => (await answerer()).candleGaps(),
    brokenBooks: async () => (await answerer()).brokenBooks(),
    async [Symbol.asyncDispose]() {
      await warehouse?.[Symbol.asyncDispose]()
    },
  }
}
