import { assert } from '../core/assert.ts'

/** One maximal run of held ids; times are those of its first and last held trade. */
export interface Interval {
  firstId: number
  lastId: number
  /** Epoch microseconds; NaN while the run holds only ids proven never to have existed. */
  firstTimeUs: number
  lastTimeUs: number
}

/**
 * The ids held of one tape, as maximal intervals in ascending order.
 *
 * Claiming ids is commutative: the same set of claims ends in the same intervals whatever
 * its order. Memory is one entry per hole, not per trade.
 */
export class Coverage {
  readonly intervals: Interval[]
  /** First ids of stored rows that no longer stand, and of rows to store again. */
  readonly removed = new Set<number>()
  readonly changed = new Set<Interval>()
  /** Runs that end with another id, or at another time: a witness may carry their proof on. */
  readonly extended = new Set<Interval>()
  /** Runs whose outermost trades must be looked up: ids without trades hide which they are. */
  readonly unsure = new Set<Interval>()
  /** Span of time whose proof of completeness the claims since {@link settle} may have changed. */
  touchedFromUs = Number.POSITIVE_INFINITY
  touchedToUs = Number.NEGATIVE_INFINITY
  /** Span over which ids have come to be missing beside new runs, or are missing no more. */
  apartFromUs = Number.POSITIVE_INFINITY
  apartToUs = Number.NEGATIVE_INFINITY
  /** The interval that took the last claim: the next one is nearly always its neighbour. */
  #hint = 0

  constructor(intervals: Interval[] = []) {
    this.intervals = intervals
  }

  /** Returns the index of the interval that holds `id`, or of the first one after it. */
  locate(id: number): number {
    const { intervals } = this
    let low = 0
    let high = intervals.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((intervals[middle] as Interval).lastId < id) low = middle + 1
      else high = middle
    }
    return low
  }

  holds(id: number): boolean {
    const at = this.intervals[this.locate(id)]
    return at !== undefined && at.firstId <= id
  }

  /**
   * Claims `[firstId, lastId]` with the trade's time and returns true if `firstId` was not held.
   *
   * A claim that overlaps held ids takes what is free of it.
   *
   * @param timeUs NaN for ids that carry no trade.
   */
  claim(firstId: number, lastId: number, timeUs: number): boolean {
    const near = this.intervals[this.#hint]
    const isNext = near !== undefined && near.lastId + 1 === firstId
    if (isNext && !Number.isNaN(timeUs) && !Number.isNaN(near.firstTimeUs)) {
      const after = this.intervals[this.#hint + 1]
      if (after === undefined || after.firstId > lastId + 1) {
        this.#touch(near.lastTimeUs)
        this.#touch(timeUs)
        near.lastId = lastId
        near.lastTimeUs = timeUs
        this.changed.add(near)
        this.extended.add(near)
        return true
      }
    }
    return this.#claimAnywhere(firstId, lastId, timeUs)
  }

  /** Claims what is free of ids that carry no trade, so that no trade's time is lost. */
  claimVoid(firstId: number, lastId: number): void {
    for (let id = firstId; id <= lastId; ) {
      const next = this.intervals[this.locate(id)]
      if (next === undefined || next.firstId > id) {
        const last = Math.min(lastId, (next?.firstId ?? Number.POSITIVE_INFINITY) - 1)
        this.claim(id, last, Number.NaN)
        id = last + 1
      } else id = next.lastId + 1
    }
  }

  /** Tells that a held id's trade has another time now, or a trade where it had none. */
  retime(id: number): void {
    const interval = this.intervals[this.locate(id)]
    if (interval !== undefined && interval.firstId <= id) this.unsure.add(interval)
  }

  /** Sets the times of a run's outermost trades, as they were looked up. */
  settleTimes(interval: Interval, firstTimeUs: number, lastTimeUs: number): void {
    const { firstTimeUs: oldFirstUs, lastTimeUs: oldLastUs } = interval
    if (firstTimeUs === oldFirstUs && lastTimeUs === oldLastUs) return
    if (interval.firstId <= 1 && Number.isNaN(oldFirstUs)) this.#touch(0)
    const isFirstTold = Number.isNaN(oldFirstUs)
    if (firstTimeUs !== oldFirstUs) for (const at of [oldFirstUs, firstTimeUs]) this.#touch(at)
    if (lastTimeUs !== oldLastUs) {
      for (const at of [oldLastUs, lastTimeUs]) this.#touch(at)
      this.extended.add(interval)
    }
    interval.firstTimeUs = firstTimeUs
    interval.lastTimeUs = lastTimeUs
    this.changed.add(interval)
    if (isFirstTold) this.#standApart(this.locate(interval.firstId))
  }

  /** Extends the last-extended interval over a contiguous run: one call for many trades. */
  claimRun(firstId: number, lastId: number, times: { first: number; last: number }): void {
    assert(lastId >= firstId, 'a run of ids ascends')
    const fresh = this.claim(firstId, firstId, times.first)
    assert(fresh, 'a run is claimed only where it is free')
    if (lastId > firstId) {
      const near = this.intervals[this.#hint] as Interval
      assert(near.lastId === firstId, 'the free run follows its first id')
      const after = this.intervals[this.#hint + 1]
      near.lastId = lastId
      near.lastTimeUs = times.last
      this.#touch(times.last)
      this.changed.add(near)
      this.extended.add(near)
      if (after !== undefined && after.firstId === lastId + 1) this.#mergeWithNext(this.#hint)
    }
  }

  /** Returns how many ids from `firstId` on are free, at most `wanted`. */
  freeRun(firstId: number, wanted: number): number {
    const near = this.intervals[this.#hint]
    const hinted = near !== undefined && near.lastId + 1 === firstId
    const at = hinted ? this.#hint + 1 : this.locate(firstId)
    const next = this.intervals[at]
    if (next === undefined) return wanted
    return next.firstId <= firstId ? 0 : Math.min(wanted, next.firstId - firstId)
  }

  #claimAnywhere(firstId: number, lastId: number, timeUs: number): boolean {
    const { intervals } = this
    let at = this.locate(firstId)
    const holder = intervals[at]
    const fresh = holder === undefined || holder.firstId > firstId
    if (holder !== undefined && !fresh && holder.lastId >= lastId) {
      this.#hint = at
      return false
    }
    const before = intervals[at - 1]
    this.#touch(timeUs)
    // A run that begins with the first id of all proves everything before its first trade.
    const begins = before !== undefined && before.firstId <= 1 && Number.isNaN(before.firstTimeUs)
    if (firstId <= 1 || begins) this.#touch(0)
    const interval = { firstId, lastId, firstTimeUs: timeUs, lastTimeUs: timeUs }
    if (before !== undefined && before.lastId + 1 === firstId) {
      at -= 1
      this.#touch(before.lastTimeUs)
      join(before, interval)
      this.changed.add(before)
      this.extended.add(before)
    } else if (holder !== undefined && !fresh) {
      join(holder, interval)
      this.changed.add(holder)
      this.extended.add(holder)
    } else {
      intervals.splice(at, 0, interval)
      this.#standApart(at)
      this.changed.add(interval)
      this.extended.add(interval)
    }
    this.#hint = at
    while (at + 1 < intervals.length && touches(intervals[at], intervals[at + 1])) {
      this.#mergeWithNext(at)
    }
    return fresh
  }

  #mergeWithNext(at: number): void {
    const left = this.intervals[at] as Interval
    const right = this.intervals[at + 1] as Interval
    this.#touch(left.lastTimeUs)
    this.#touch(right.firstTimeUs)
    // Where times go back from one run to the next, joining them proves less than each did.
    if (right.lastTimeUs < left.lastTimeUs) this.#touch(right.lastTimeUs)
    if (right.firstTimeUs < left.firstTimeUs) this.#touch(left.firstTimeUs)
    join(left, right)
    this.intervals.splice(at + 1, 1)
    this.changed.delete(right)
    if (this.unsure.delete(right)) this.unsure.add(left)
    // It ends as the right one did: what was proven there is not to be judged again.
    if (this.extended.delete(right)) this.extended.add(left)
    else this.extended.delete(left)
    this.removed.add(right.firstId)
    this.changed.add(left)
  }

  /** Forgets what changed, once it is stored. */
  settle(): void {
    this.removed.clear()
    this.changed.clear()
    this.extended.clear()
    this.unsure.clear()
    this.touchedFromUs = Number.POSITIVE_INFINITY
    this.touchedToUs = Number.NEGATIVE_INFINITY
    this.apartFromUs = Number.POSITIVE_INFINITY
    this.apartToUs = Number.NEGATIVE_INFINITY
  }

  /** Marks what lies between a run and those beside it: there ids are missing. */
  #standApart(at: number): void {
    const run = this.intervals[at] as Interval
    const beforeUs = this.intervals[at - 1]?.lastTimeUs ?? 0
    const afterUs = this.intervals[at + 1]?.firstTimeUs ?? run.lastTimeUs
    for (const timeUs of [beforeUs, run.firstTimeUs, run.lastTimeUs, afterUs]) {
      if (timeUs < this.apartFromUs) this.apartFromUs = timeUs
      if (timeUs > this.apartToUs) this.apartToUs = timeUs
    }
  }

  #touch(timeUs: number): void {
    if (timeUs < this.touchedFromUs) this.touchedFromUs = timeUs
    if (timeUs > this.touchedToUs) this.touchedToUs = timeUs
  }
}

function touches(left: Interval | undefined, right: Interval | undefined): boolean {
  return left !== undefined && right !== undefined && left.lastId + 1 >= right.firstId
}

/** Widens `left` over `right`, which begins at or after it; times follow the outermost trades. */
function join(left: Interval, right: Interval): void {
  if (Number.isNaN(left.firstTimeUs)) left.firstTimeUs = right.firstTimeUs
  if (right.lastId > left.lastId) {
    left.lastId = right.lastId
    if (!Number.isNaN(right.lastTimeUs)) left.lastTimeUs = right.lastTimeUs
  }
}
