import { basename } from 'node:path'
import { z } from 'zod'
import { issueText } from '../../core/config-extend.ts'
import { AssayError } from '../../core/errors.ts'
import type { AssayAsset } from '../services.ts'
import type { Dataset, WrittenDataset } from './dataset.ts'
import { describeAll } from './dataset.ts'
import { findDataset } from './index.ts'

/** A dataset of one's own, of which only that is said in which it is unlike most. */
export type SomeDataset = Pick<WrittenDataset, 'name' | 'about' | 'columns'> &
  Partial<Omit<WrittenDataset, 'table'>> & {
    /** The name of its {@link userTable}. @default it is files */
    readonly table?: Dataset['table']
  }

/**
 * Returns a whole dataset, for the catalogue: what it is, and what is in it. An asset that names
 * it in its `datasets` is who makes it.
 */
export function defineDataset(some: SomeDataset): Dataset {
  const [dataset] = describeAll([
    {
      table: null,
      owner: 'assay.config.ts',
      key: [],
      freshness: 'as its asset is scheduled',
      madeFrom: [],
      ...some,
    },
  ])
  return { ...(dataset as Dataset), layer: 'user' }
}

const word = z.string('should be text').min(1, 'should not be empty')
const words = z.array(word, 'should be a list')
const datasetSchema = z.strictObject({
  name: word.regex(/^[a-z][a-z0-9_]*\.[a-z0-9_]+$/, 'should be layer.name, in lower case'),
  layer: z.literal('user', "should be 'user'"),
  table: word.regex(/^user_[a-z0-9_]+$/, 'should begin with user_').nullable(),
  about: word,
  owner: word,
  key: words,
  columns: z.array(
    z.strictObject({
      name: word,
      type: z.enum(['integer', 'flag', 'text', 'decimal', 'notional', 'real', 'json']),
      unit: z.string('should be text'),
      nullable: z.boolean(),
      about: word,
    }),
  ),
  timeColumn: word.nullable(),
  freshness: word,
  retention: word,
  madeBy: words,
  madeFrom: words,
})

/** What of the catalogue a configuration adds. */
export interface AddedToCatalogue {
  readonly datasets: readonly unknown[]
  readonly assets: readonly AssayAsset[]
}

/**
 * Returns the datasets that a configuration file adds, each with the added assets that make it.
 *
 * @throws ASSAY_CONFIG_INVALID, saying what is wrong with which: a shape, a name that is taken, or
 * one that an asset or a dataset speaks of and that there is not.
 */
export function checkDatasets(
  { datasets, assets }: AddedToCatalogue,
  file: string,
): readonly Dataset[] {
  const refuse = (what: string) =>
    new AssayError('ASSAY_CONFIG_INVALID', `${basename(file)}: ${what}`, { context: { file } })
  const added: Dataset[] = []
  for (const [at, value] of datasets.entries()) {
    const what = `extend.datasets[${at}]`
    const result = datasetSchema.safeParse(value)
    if (!result.success) throw refuse(issueText(result.error, what))
    const dataset = value as Dataset
    const { name, table } = dataset
    for (const one of table === null ? [name] : [name, table]) {
      if (findDataset(one, added) !== null) throw refuse(`${what}: there is a ${one} already`)
    }
    const makers = assets.filter((asset) => asset.datasets.includes(name))
    added.push({ ...dataset, madeBy: makers.map(({ key }) => key) })
  }
  for (const { name, madeFrom } of added) {
    const missing = madeFrom.find((one) => findDataset(one, added) === null)
    if (missing !== undefined) throw refuse(`${name} is made from ${missing}, which there is not`)
  }
  for (const { key, datasets: made } of assets) {
    const missing = made.find((one) => !added.some(({ name }) => name === one))
    if (missing !== undefined) throw refuse(`${key} makes ${missing}, which extend.datasets lacks`)
  }
  return added
}
