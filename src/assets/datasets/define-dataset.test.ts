import { describe, expect, test } from 'vitest'
import { defineAsset } from '../define-asset.ts'
import type { Dataset } from './dataset.ts'
import { checkDatasets, defineDataset } from './define-dataset.ts'
import { findDataset } from './index.ts'

const dataset = defineDataset({
  name: 'my.figures',
  table: 'user_figures',
  about: 'Figures.',
  key: ['day'],
  columns: { day: ['text', '', 'the day'], figure: ['decimal?', 'quote', 'the figure'] },
  madeFrom: ['gold.candles'],
})
const asset = defineAsset({
  key: 'my.makes_figures',
  about: 'Figures.',
  partitions: 'daily',
  datasets: ['my.figures'],
  materialize: async () => ({ rows: 0, version: '' }),
})
const check = (more: Partial<Record<keyof Dataset, unknown>> = {}, assets = [asset]) =>
  checkDatasets({ datasets: [{ ...dataset, ...more }], assets }, '/home/x/assay.config.ts')

describe('a dataset that a configuration adds', () => {
  test('is a whole one, which knows who makes it', () => {
    const [whole] = check()
    expect(whole).toMatchObject({
      ...{ layer: 'user', table: 'user_figures', owner: 'assay.config.ts', retention: 'kept' },
      ...{ madeBy: ['my.makes_figures'], madeFrom: ['gold.candles'] },
    })
    expect(whole?.columns[1]).toMatchObject({ name: 'figure', type: 'decimal', nullable: true })
    expect(findDataset('user_figures', [dataset])).toBe(dataset)
    expect(findDataset('user_figures')).toBeNull()
  })

  test.each([
    ['of a strange name', { name: 'figures' }, 'extend.datasets[0].name: should be layer.name'],
    ['in a table of ours', { table: 'gold_candles' }, '.table: should begin with user_'],
    ['of a name of ours', { name: 'gold.candles' }, 'there is a gold.candles already'],
    ['made from nothing', { madeFrom: ['my.dreams'] }, 'from my.dreams, which there is not'],
    ['with strange columns', { columns: [{ name: 'x' }] }, '.columns.0.type'],
  ])('%s is refused, with what is wrong', (_, more, said) => {
    expect(() => check(more)).toThrow('assay.config.ts: ')
    expect(() => check(more)).toThrow(said)
  })

  test('is what its asset says it makes, and none of ours', () => {
    const other = { ...asset, datasets: ['gold.candles'] }
    expect(() => check({}, [other])).toThrow('my.makes_figures makes gold.candles, which extend')
  })
})
