import type { LineageDataset } from '../../flow/lineage/index.ts'
import type { Dataset } from './dataset.ts'

/** Returns a dataset of the catalogue as events of lineage tell of it; `source` is where it is. */
export function lineageDataset(
  { name, about, columns }: Dataset,
  source: LineageDataset['source'],
): LineageDataset {
  const fields = columns.map(({ name: column, type, unit, about: words }) => {
    return { name: column, type, description: unit === '' ? words : `${words} (${unit})` }
  })
  return { name, about, fields, source }
}
