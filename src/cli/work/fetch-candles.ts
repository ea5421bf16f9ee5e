import { logStat } from '../../bronze/index.ts'
import type { AssayConfig } from '../../core/config.ts'
import { AssayError } from '../../core/errors.ts'
import type { Instrument } from '../../market/instrument.ts'
import { openWarehouse } from '../../warehouse/index.ts'
import { BACKFILL_LOG } from '../commands/backfill.ts'
import type { Context } from '../context.ts'
import { fetchHistory } from '../fetch-history.ts'
import { openRefinerHere, waitUntilRefined } from '../refine-here.ts'

const EXCHANGES = ['coinbase', 'binance-us', 'kraken'] as const
const WAIT_MS_MAX = 60_000

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
  const { config, dataDir, storeUrl: url, clock, signal } = context
  await using refiner = await openRefinerHere(context, 'reconcile')
  const narrowed = narrowedTo(config, instruments)
  if (narrowed.collect.venues.length === 0) return
  const asking = { ...context, signal, config: narrowed }
  await fetchHistory(asking, { ...span, only: 'candles' })
  if (refiner !== null) {
    await refiner.catchUp('refining')
    return
  }
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const { durablePos } = logStat({ dataDir, name: BACKFILL_LOG })
  const wanted = new Map([[BACKFILL_LOG, durablePos]])
  if (await waitUntilRefined(warehouse, wanted, { clock, signal, forMs: WAIT_MS_MAX })) return
  throw new AssayError('ASSAY_TIMEOUT', 'the process that refines has not read the candles yet')
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
