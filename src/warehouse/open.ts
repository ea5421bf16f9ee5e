import { createSqliteGeneration } from './sqlite/generation.ts'
import { openSqlite } from './sqlite/open.ts'
import { openSqliteShared } from './sqlite/share.ts'
import { parseWarehouseUrl } from './url.ts'
import type { Generation, Warehouse, WarehouseOptions } from './warehouse.ts'

/**
 * Opens the tables.
 *
 * @throws ASSAY_LOCKED when another writes and `mode` is `write`, or is `share` and the tables
 * must first be made or brought up to date; ASSAY_WAREHOUSE_UNAVAILABLE
 * when there is nothing to read yet, or it cannot be; ASSAY_WAREHOUSE_VERSION when other code
 * made them; ASSAY_DISK_FULL or ASSAY_READ_ONLY when they cannot be made.
 *
 * @example
 * const url = 'sqlite:data/warehouse'
 * await using warehouse = await openWarehouse({ url, mode: 'read', clock: systemClock })
 * const rows = await warehouse.read((db) => db.selectFrom('instruments').selectAll().execute())
 */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  const { folder } = parseWarehouseUrl(options.url)
  return options.mode === 'share' ? openSqliteShared(folder, options) : openSqlite(folder, options)
}

/**
 * Begins a new filling of the tables beside the one in force, holding the writer's lock.
 *
 * @throws ASSAY_LOCKED when another writes; ASSAY_DISK_FULL or ASSAY_READ_ONLY.
 */
export async function createGeneration(
  options: Omit<WarehouseOptions, 'mode'>,
): Promise<Generation> {
  return createSqliteGeneration(parseWarehouseUrl(options.url).folder, options)
}
