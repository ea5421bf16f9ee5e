/** Both ends included. */
export type IdRange = readonly [firstId: number, lastId: number]

/** A set of whole numbers, kept as ranges that neither touch nor overlap, ascending. */
export interface Ranges {
  readonly list: readonly IdRange[]
  /** Adds a range; cheap at the end, where nearly all of them come. */
  add(firstId: number, lastId: number): void
  has(id: number): boolean
  /** The ranges between the lowest number held and `lastId` that are not held. */
  missing(lastId: number): readonly IdRange[]
}

/** Returns an empty set. */
export function createRanges(): Ranges {
  const list: [number, number][] = []
  // The first range that ends at `id` or after it.
  function find(id: number): number {
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (list[middle]![1] < id) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    list,
    add(firstId, lastId) {
      const newest = list.at(-1)
      if (newest === undefined || firstId > newest[1] + 1) {
        list.push([firstId, lastId])
        return
      }
      const at = find(firstId - 1)
      let until = at
      let [first, last] = [firstId, lastId]
      for (; until < list.length && list[until]![0] <= lastId + 1; until += 1) {
        first = Math.min(first, list[until]![0])
        last = Math.max(last, list[until]![1])
      }
      list.splice(at, until - at, [first, last])
    },
    has(id) {
      const range = list[find(id)]
      return range !== undefined && range[0] <= id
    },
    missing(lastId) {
      const holes: IdRange[] = []
      for (const [index, [, end]] of list.entries()) {
        const next = list[index + 1]?.[0] ?? lastId + 1
        if (next > end + 1) holes.push([end + 1, next - 1])
      }
      return holes
    },
  }
}
