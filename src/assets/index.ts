import type { AssayConfig } from '../core/config.ts'
import { AssayError } from '../core/errors.ts'
import { type AssetGraph, createGraph, parseCron, type Schedule } from '../flow/index.ts'
import { joinAssets } from './check-asset.ts'
import { OWN_ASSETS } from './own.ts'
import type { AssayAsset, AssayServices } from './services.ts'

export type {
  ArchivedLogs,
  AssayAsset,
  AssayRun,
  AssayServices,
  VenueCount,
  WantedHistory,
} from './services.ts'

/** How the pipeline's assets are put together. */
export interface AssetsOptions {
  readonly config: Pick<AssayConfig, 'flow' | 'venues' | 'collect'>
  /** Whether the aggregator is polled by a collector, so that no schedule should. */
  readonly isPolled: boolean
  /** Assets that the configuration adds. @default none */
  readonly added?: readonly AssayAsset[]
}

/**
 * Returns the pipeline's assets, with the schedules that the configuration gives them.
 *
 * @throws ASSAY_CONFIG_INVALID where it names an asset that there is not, or adds one that cannot
 * be; ASSAY_USAGE for what is no schedule.
 */
export function createAssets(options: AssetsOptions): AssetGraph<AssayServices> {
  const { config, isPolled, added = [] } = options
  const polled = config.collect.venues.includes('coingecko') && !isPolled
  const declared = joinAssets(OWN_ASSETS, added).map((asset) =>
    asset.key === 'bronze.snapshots' && polled
      ? { ...asset, schedules: [everySeconds(config.venues.coingecko.everySeconds)] }
      : asset,
  )
  const { schedules } = config.flow
  for (const key of Object.keys(schedules)) {
    if (declared.some((asset) => asset.key === key)) continue
    throw new AssayError('ASSAY_CONFIG_INVALID', `flow.schedules: there is no asset ${key}`)
  }
  return createGraph(declared.map((asset) => withSchedules(asset, schedules[asset.key])))
}

function withSchedules(asset: AssayAsset, crons: readonly string[] | undefined): AssayAsset {
  if (crons === undefined) return asset
  const part = asset.schedules[0]?.part ?? 'closed'
  for (const cron of crons) parseCron(cron)
  return { ...asset, schedules: crons.map((cron) => ({ cron, part })) }
}

/** A schedule for a time of 30 seconds to an hour, the nearest that divides the hour evenly. */
function everySeconds(seconds: number): Schedule {
  const part = 'current' as const
  if (seconds < 60) return { cron: '*/30 * * * * *', part }
  const minutes = Math.min(60, Math.round(seconds / 60))
  return { cron: minutes === 60 ? '0 * * * *' : `*/${minutes} * * * *`, part }
}
