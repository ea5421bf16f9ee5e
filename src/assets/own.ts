import { BRONZE_ASSETS } from './bronze.ts'
import { GOLD_ASSETS } from './gold.ts'
import { QUALITY_ASSETS } from './quality.ts'
import type { AssayAsset } from './services.ts'
import { SILVER_ASSETS } from './silver.ts'

/** Every asset that the pipeline brings itself, with the schedules that it has by itself. */
export const OWN_ASSETS: readonly AssayAsset[] = [
  ...BRONZE_ASSETS,
  ...SILVER_ASSETS,
  ...GOLD_ASSETS,
  ...QUALITY_ASSETS,
]
