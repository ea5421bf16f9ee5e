import { isAssayError } from '../core/errors.ts'
import { openWarehouse, type Warehouse } from '../warehouse/index.ts'
import type { Context } from './context.ts'

/** Opens the warehouse to read it; null where there is none yet. */
export async function openIfThere({
  storeUrl: url,
  clock,
}: Pick<Context, 'storeUrl' | 'clock'>): Promise<Warehouse | null> {
  try {
    return await openWarehouse({ url, mode: 'read', clock })
  } catch (error) {
    if (isAssayError(error, 'ASSAY_WAREHOUSE_UNAVAILABLE')) return null
    throw error
  }
}
