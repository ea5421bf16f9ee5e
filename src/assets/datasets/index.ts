/**
 * The catalogue: every dataset there is, as data. `docs/DATASETS.md` is made of it.
 */
import { AssayError } from '../../core/errors.ts'
import { BRONZE } from './bronze.ts'
import type { Dataset } from './dataset.ts'
import { FLOW } from './flow.ts'
import { GOLD } from './gold.ts'
import { OPS } from './ops.ts'
import { SILVER } from './silver.ts'
import { SILVER_PROOF } from './silver-proof.ts'

export type { ColumnType, Dataset, DatasetColumn, Layer } from './dataset.ts'
export { type Held, readHeld } from './held.ts'
export { lineageDataset } from './lineage-dataset.ts'
export { datasetsMarkdown } from './markdown.ts'

/** Every dataset, from what was received to how the work stands. */
export const DATASETS: readonly Dataset[] = [
  ...BRONZE,
  ...SILVER,
  ...SILVER_PROOF,
  ...GOLD,
  ...OPS,
  ...FLOW,
]

/**
 * Returns the dataset of a name, by its table's name too: of ours, or of those that a configuration
 * adds; null where there is none.
 */
export function findDataset(name: string, added: readonly Dataset[] = []): Dataset | null {
  const isIt = (one: Dataset) => one.name === name || one.table === name
  return DATASETS.find(isIt) ?? added.find(isIt) ?? null
}

/**
 * Returns the dataset of a name.
 *
 * @throws ASSAY_USAGE, naming those there are.
 */
export function datasetOf(name: string, added: readonly Dataset[] = []): Dataset {
  const found = findDataset(name, added)
  if (found !== null) return found
  const names = [...DATASETS, ...added].map((one) => one.name).join(', ')
  throw new AssayError('ASSAY_USAGE', `no dataset is called ${name}; there is ${names}`)
}
