import { DEFAULTS } from './defaults.ts'
import type { AssayAsset } from './services.ts'

/** An {@link AssayAsset} of which only that is said in which it is unlike most. */
export type SomeAsset = Pick<AssayAsset, 'key' | 'about' | 'partitions' | 'materialize'> &
  Partial<AssayAsset>

/**
 * Returns a whole asset: what is left out is as it is of most.
 *
 * It is made from nothing, has no schedule, makes up for everything it missed, is tried four
 * times, for a quarter of an hour at most, and is of version `1`.
 *
 * @example
 * export default defineConfig({ extend: { assets: [defineAsset({ key: 'my.figures', … })] } })
 */
export function defineAsset(some: SomeAsset): AssayAsset {
  return { ...DEFAULTS, ...some }
}
