import type { Dataset } from '../assets/datasets/dataset.ts'
import type { AssayAsset } from '../assets/index.ts'
import type { LoadedConfig } from '../core/config.ts'
import { venueIdsOf } from '../core/config-extend.ts'

/** What the configuration file adds to the pipeline, checked and known to this thread. */
export interface Extensions {
  /** Ids of the venues it adds, which the registry has. */
  readonly venueIds: readonly string[]
  readonly assets: readonly AssayAsset[]
  /** What the catalogue has beside ours. */
  readonly datasets: readonly Dataset[]
}

/**
 * Makes what the configuration adds known to this thread. Threads that a command starts do the
 * same: those that decode are handed the file's path, the flow's reads the configuration itself.
 *
 * What checks it is loaded only where there is something to check.
 *
 * @throws ASSAY_CONFIG_INVALID, saying what is wrong with which.
 */
export async function adoptExtensions({
  extend,
  file,
}: Pick<LoadedConfig, 'extend' | 'file'>): Promise<Extensions> {
  const { venues } = extend
  const venueIds = venueIdsOf(extend)
  if (file !== null && venues.length > 0) {
    const { checkVenues } = await import('../venues/check-venue.ts')
    const { registerVenues } = await import('../venues/index.ts')
    registerVenues(checkVenues(venues, file), file)
  }
  const nothing = extend.assets.length + extend.datasets.length === 0
  if (file === null || nothing) return { venueIds, assets: [], datasets: [] }
  const { checkAssets } = await import('../assets/check-asset.ts')
  const { checkDatasets } = await import('../assets/datasets/define-dataset.ts')
  const assets = checkAssets(extend.assets, file)
  return { venueIds, assets, datasets: checkDatasets({ ...extend, assets }, file) }
}
