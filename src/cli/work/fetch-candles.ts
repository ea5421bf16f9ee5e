import { logStat } from '../../bronze/index.ts'
import type { AssayConfig } from '../../core/config.ts'
import { AssayError } from '../../core/errors.ts'
import type { Instrument } from '../../market/instrument.ts'
import { SILVER_READER } from '../../silver/state.ts'
import { openWarehouse, type Warehouse, warehouseStatus } from '../../warehouse/index.ts'
import { BACKFILL_LOG } from '../commands/backfill.ts'
import type { Context } from '../context.ts'
import { fetchHistory } from '../fetch-history.ts'
import { openRefinerHere } from '../refine-here.ts'

const EXCHANGES = ['coinbase', 'binance-us', 'kraken'] as const
const WAIT_MS_MAX = 60_000
const LOOK_MS = 200

/**
 * Asks the venues for their own candles of a span of these instruments, and has them refined:
 * here, or by the process that refines already.
 *
 * @throws what {@link fetchHistory} throws; ASSAY_TIMEOUT where the other process does not.
 */
export async function fetchCandles(
  context: Context,
  instruments: readonly Instrument[],
  span: { readonly fromUs: number; readonly toUs: number },
): Promise<void> {
  const { config, storeUrl: url, clock } = context
  await using refiner = await openRefinerHere(context, 'reconcile')
  const narrowed = narrowedTo(config, instruments)
  if (narrowed.collect.venues.length === 0) return
  const asking = { ...context, signal: context.signal, config: narrowed }
  await fetchHistory(asking, { ...span, only: 'candles' })
  if (refiner !== null) {
    await refiner.catchUp('refining')
    return
  }
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  await waitUntilRefined(context, warehouse)
}

/** The configuration for these instruments alone; a venue not known here cannot be asked. */
function narrowedTo(config: AssayConfig, instruments: readonly Instrument[]): AssayConfig {
  let { venues } = config
  const asked = EXCHANGES.filter((id) => instruments.some(({ venue }) => venue === id))
  for (const id of asked) {
    const products = instruments.filter(({ venue }) => venue === id).map(({ symbol }) => symbol)
    venues = { ...venues, [id]: { ...venues[id], products } }
  }
  return { ...config, collect: { ...config.collect, venues: asked }, venues }
}

async function waitUntilRefined(context: Context, warehouse: Warehouse): Promise<void> {
  const { dataDir, clock, signal } = context
  const { durablePos } = logStat({ dataDir, name: BACKFILL_LOG })
  const startMs = clock.monotonicMs()
  for (;;) {
    const { checkpoints } = await warehouseStatus(warehouse)
    const own = checkpoints.find((one) => one.reader === SILVER_READER && one.log === BACKFILL_LOG)
    if ((own?.pos ?? 0) >= durablePos) return
    if (clock.monotonicMs() - startMs > WAIT_MS_MAX) {
      throw new AssayError('ASSAY_TIMEOUT', 'the process that refines has not read the candles yet')
    }
    await clock.sleep(LOOK_MS, signal)
    signal.throwIfAborted()
  }
}
