import { expect, test } from 'vitest'
import { createGraph, graphMermaid, graphText } from './graph.ts'
import { partitionAt } from './partition.ts'
import { testAsset } from './testing.ts'

const a = testAsset({ key: 'bronze.a' })
const b = testAsset({ key: 'silver.b', dependencies: ['bronze.a'] })
const c = testAsset({ key: 'gold.c', partitions: 'daily', dependencies: ['silver.b', 'bronze.a'] })
const graph = createGraph([c, b, a])
const day = partitionAt('daily', Date.UTC(2026, 2, 8) * 1000)

test('each asset comes after all it is made from', () => {
  expect(graph.assets.map(({ key }) => key)).toEqual(['bronze.a', 'silver.b', 'gold.c'])
  expect(graph.ancestors('gold.c')).toEqual(['bronze.a', 'silver.b'])
  expect(graph.ancestors('bronze.a')).toEqual([])
})

test('a circle, a missing asset, a second of one key and a bad key are our own mistakes', () => {
  const loop = testAsset({ key: 'bronze.a', dependencies: ['gold.c'] })
  expect(() => createGraph([loop, b, c])).toThrow('made from itself')
  expect(() => createGraph([b])).toThrow('silver.b is made from bronze.a, which is declared')
  expect(() => createGraph([a, a])).toThrow('declared once')
  expect(() => createGraph([testAsset({ key: 'Bronze' })])).toThrow('layer.name')
})

test('an unknown key is refused with those that are near, or all', () => {
  expect(() => graph.get('c')).toThrow('there is no asset c; there are gold.c')
  expect(() => graph.get('x')).toThrow('there are bronze.a, silver.b, gold.c')
  expect(graph.has('x')).toBe(false)
})

test('a day is made from its hours, and an hour makes its day', () => {
  const above = graph.upstream('gold.c', day)
  expect(above).toHaveLength(48)
  expect(above[23]).toMatchObject({ asset: 'silver.b', partition: { key: '2026-03-08T23' } })
  const [hour] = graph.upstream('silver.b', above[23]!.partition)
  expect(hour).toMatchObject({ asset: 'bronze.a', partition: { key: '2026-03-08T23' } })
  expect(graph.downstream('bronze.a', hour!.partition).map((ref) => ref.partition.key)).toEqual([
    '2026-03-08T23',
    '2026-03-08',
  ])
})

test('it is drawn as text and as Mermaid', () => {
  expect(graphText(graph)).toBe(
    ['bronze.a', 'silver.b  ◀─ bronze.a', 'gold.c    ◀─ silver.b, bronze.a'].join('\n'),
  )
  expect(graphMermaid(graph).split('\n')).toEqual([
    'flowchart LR',
    ...['  subgraph bronze', '    bronze_a["bronze.a"]', '  end'],
    ...['  subgraph silver', '    silver_b["silver.b"]', '  end'],
    ...['  subgraph gold', '    gold_c["gold.c"]', '  end'],
    ...['  bronze_a --> silver_b', '  silver_b --> gold_c', '  bronze_a --> gold_c'],
  ])
})
