import type { AssayConfigInput } from '../core/config.ts'
import type { Venue } from '../venues/venue.ts'
import type { Dataset } from './datasets/dataset.ts'
import type { AssayAsset } from './services.ts'

/** What a configuration adds to the pipeline: code, and so in `assay.config.ts` alone. */
export interface Extend {
  /** See {@link defineVenue}. They are collected where `collect.venues` names them. */
  readonly venues?: readonly Venue[]
  /** See {@link defineAsset}. */
  readonly assets?: readonly AssayAsset[]
  /** See {@link defineDataset}: what the catalogue says of what the assets make. */
  readonly datasets?: readonly Dataset[]
}

/** What `assay.config.ts` may say: any of the keys, and what is added. */
export interface AssayConfigFile extends Omit<AssayConfigInput, 'venues'> {
  /** By id; an added venue has `wsUrl`, `restUrl` and `products`. */
  readonly venues?: AssayConfigInput['venues'] & { readonly [id: string]: unknown }
  readonly extend?: Extend
}

/**
 * Returns its argument: lets an editor complete and check `assay.config.ts`.
 *
 * @example
 * export default defineConfig({ venues: { coinbase: { products: ['BTC-USD'] } } })
 */
export function defineConfig(config: AssayConfigFile): AssayConfigFile {
  return config
}
