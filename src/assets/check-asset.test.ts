import { describe, expect, test } from 'vitest'
import { checkAssets, joinAssets } from './check-asset.ts'
import { defineAsset } from './define-asset.ts'

const asset = defineAsset({
  key: 'my.figures',
  about: 'Figures.',
  partitions: 'daily',
  dependencies: ['gold.candles_1h'],
  materialize: async () => ({ rows: 0, version: '' }),
})
const ours = [defineAsset({ ...asset, key: 'gold.candles_1h', dependencies: [] })]

describe('an asset that a configuration adds', () => {
  test('is a whole one, with what is left out filled in', () => {
    expect(checkAssets([asset], 'assay.config.ts')).toEqual([asset])
    expect(asset).toMatchObject({ schedules: [], catchUp: 'all', pool: 'live', codeVersion: '1' })
    expect(joinAssets(ours, [asset])).toEqual([...ours, asset])
  })

  test.each([
    ['without a layer', { key: 'figures' }, '(figures).key: should be layer.name'],
    ['of other parts', { partitions: 'weekly' }, '.partitions: should be hourly, daily, none'],
    ['at strange times', { schedules: [{ cron: 'daily', part: 'closed' }] }, '.schedules.0.cron'],
    ['that cannot be made', { materialize: 'sql' }, '.materialize: should be a function'],
    ['with a key too many', { dependsOn: [] }, 'Unrecognized key: "dependsOn"'],
  ])('%s is refused, with what is wrong', (_, more, said) => {
    const check = () => checkAssets([{ ...asset, ...more }], '/home/x/assay.config.ts')
    expect(check).toThrow('assay.config.ts: extend.assets[0]')
    expect(check).toThrow(said)
  })

  test('is refused where its key is taken, or what it is made from is not there', () => {
    expect(() => joinAssets(ours, [asset, { ...asset }])).toThrow(
      'my.figures is the key of another',
    )
    expect(() => joinAssets([], [asset])).toThrow(
      'is made from gold.candles_1h, which there is not',
    )
  })

  test('is refused where it is made from itself, over however many steps', () => {
    const loop = (key: string, above: string) => ({ ...asset, key, dependencies: [above] })
    expect(() => joinAssets(ours, [loop('my.a', 'my.a')])).toThrow('my.a is made from itself')
    const ring = [loop('my.a', 'my.b'), loop('my.b', 'my.c'), loop('my.c', 'my.a')]
    expect(() => joinAssets(ours, ring)).toThrow('is made from itself, over some steps')
  })
})
