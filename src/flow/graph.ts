import { assert } from '../core/assert.ts'
import { AssayError } from '../core/errors.ts'
import type { Asset } from './asset.ts'
import { overlapping, type Partition, type Partitioning } from './partition.ts'

/** Declared assets, and how they hang together. */
export interface AssetGraph<S> {
  /** In an order in which each comes after all it is made from; else as declared. */
  readonly assets: readonly Asset<S>[]
  /**
   * Returns an asset by its key.
   *
   * @throws ASSAY_USAGE when there is none, naming those that are near.
   */
  get(key: string): Asset<S>
  has(key: string): boolean
  /** Returns the parts that a part is made from. */
  upstream(key: string, partition: Partition): PartRef[]
  /** Returns the parts that are made from a part, each by one step. */
  downstream(key: string, partition: Partition): PartRef[]
  /** Returns the assets that are made from one, each by one step. */
  children(key: string): readonly Asset<S>[]
  /** Returns the keys of all that an asset is made from, over any number of steps, in order. */
  ancestors(key: string): readonly string[]
}

/** A part of an asset. */
export interface PartRef {
  readonly asset: string
  readonly partitions: Partitioning
  readonly partition: Partition
}

const KEY = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/

/** Puts assets in order; two of one key, one that is missing and a circle are our own mistakes. */
export function createGraph<S>(declared: readonly Asset<S>[]): AssetGraph<S> {
  const byKey = new Map<string, Asset<S>>()
  for (const asset of declared) {
    assert(KEY.test(asset.key), `an asset is called layer.name, not ${asset.key}`)
    assert(!byKey.has(asset.key), `the asset ${asset.key} is declared once`)
    byKey.set(asset.key, asset)
  }
  const assets = inOrder(declared, byKey)
  const children = new Map<string, Asset<S>[]>()
  for (const asset of assets) {
    for (const key of asset.dependencies) {
      children.set(key, [...(children.get(key) ?? []), asset])
    }
  }
  const get = (key: string) => {
    const asset = byKey.get(key)
    if (asset === undefined)
      throw unknownAsset(
        key,
        assets.map((one) => one.key),
      )
    return asset
  }
  const refs = (asset: Asset<S>, partition: Partition) =>
    overlapping(partition, asset.partitions).map((part) => ({
      asset: asset.key,
      partitions: asset.partitions,
      partition: part,
    }))
  return {
    assets,
    get,
    has: (key) => byKey.has(key),
    upstream: (key, partition) =>
      get(key).dependencies.flatMap((name) => refs(get(name), partition)),
    downstream: (key, partition) =>
      (children.get(key) ?? []).flatMap((asset) => refs(asset, partition)),
    children: (key) => children.get(key) ?? [],
    ancestors(key) {
      const found = new Set<string>()
      const visit = (name: string) => {
        for (const above of get(name).dependencies) {
          found.add(above)
          visit(above)
        }
      }
      visit(key)
      return assets.filter((asset) => found.has(asset.key)).map((asset) => asset.key)
    },
  }
}

function inOrder<S>(
  declared: readonly Asset<S>[],
  byKey: ReadonlyMap<string, Asset<S>>,
): readonly Asset<S>[] {
  const done = new Set<Asset<S>>()
  const open = new Set<Asset<S>>()
  const visit = (asset: Asset<S>) => {
    if (done.has(asset)) return
    assert(!open.has(asset), `${asset.key} is made from itself, over some steps`)
    open.add(asset)
    for (const key of asset.dependencies) {
      const above = byKey.get(key)
      assert(above !== undefined, `${asset.key} is made from ${key}, which is declared`)
      visit(above)
    }
    open.delete(asset)
    done.add(asset)
  }
  for (const asset of declared) visit(asset)
  return [...done]
}

function unknownAsset(key: string, known: readonly string[]): AssayError {
  const near = known.filter(
    (name) => name.includes(key) || key.includes(name.split('.')[1] ?? name),
  )
  const list = near.length > 0 ? near : known
  return new AssayError('ASSAY_USAGE', `there is no asset ${key}; there are ${list.join(', ')}`, {
    context: { key },
  })
}

/** Returns the assets as text, a line each, with what each is made from. */
export function graphText<S>({ assets }: AssetGraph<S>): string {
  const width = Math.max(...assets.map(({ key }) => key.length))
  return assets
    .map(({ key, dependencies }) => {
      const from = dependencies.length === 0 ? '' : `  ◀─ ${dependencies.join(', ')}`
      return `${key.padEnd(width)}${from}`.trimEnd()
    })
    .join('\n')
}

/** Returns the assets as a Mermaid flowchart, a box for each layer. */
export function graphMermaid<S>({ assets }: AssetGraph<S>): string {
  const layers = Map.groupBy(assets, ({ key }) => key.split('.')[0] as string)
  const id = (key: string) => key.replaceAll('.', '_')
  const boxes = [...layers].flatMap(([layer, list]) => [
    `  subgraph ${layer}`,
    ...list.map(({ key }) => `    ${id(key)}["${key}"]`),
    '  end',
  ])
  const arrows = assets.flatMap(({ key, dependencies }) =>
    dependencies.map((above) => `  ${id(above)} --> ${id(key)}`),
  )
  return ['flowchart LR', ...boxes, ...arrows].join('\n')
}
