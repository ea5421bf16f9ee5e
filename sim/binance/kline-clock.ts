import type { OpenFault } from '../faults/fault.ts'
import type { MinuteFold } from '../market/candles.ts'
import type { Product } from '../market/product.ts'
import type { VenueContext } from '../venue-sim.ts'
import { klineText, msOf } from './frames.ts'
import type { Streams } from './streams.ts'

const MINUTE_US = 60_000_000
const EVERY_SECONDS = 2
const DELAY_MS_DEFAULT = 500
// The closes on record came 69 to 2395 ms late, most of them within a second.
const CLOSE_MS_MIN = 100
const CLOSE_MS_MAX = 3000
const CLOSE_MS_MEAN = 800

interface Closing {
  readonly minute: MinuteFold
  readonly product: Product
  readonly dueUs: number
}

/** Tells candles: every two seconds what changed, and late, that a minute is over. */
export interface KlineClock {
  second(timeUs: number): void
  tick(nowUs: number): void
}

/** Returns the name of a product's candle stream. */
export function klineStream(product: Product): string {
  return `${product.id.toLowerCase()}@kline_1m`
}

/** Returns a clock over the minutes of every product; a minute without trades is never told. */
export function createKlineClock(context: VenueContext, streams: Streams): KlineClock {
  const { market, random, symbolFaults } = context
  /** How many trades of a minute not yet closed were told, by product and open time. */
  const told = new Map<string, number>()
  let closings: Closing[] = []
  let seconds = 0

  function send(product: Product, minute: MinuteFold, at: { timeUs: number; closed: boolean }) {
    const { closed } = at
    const stream = klineStream(product)
    streams.publish(stream, () => klineText(product, minute, { eventMs: msOf(at.timeUs), closed }))
  }

  const keyOf = (product: Product, minute: MinuteFold) => `${product.id} ${minute.openTimeUs}`

  function tellChange(product: Product, minute: MinuteFold, timeUs: number): void {
    const key = keyOf(product, minute)
    if (told.get(key) === minute.tradeCount) return
    told.set(key, minute.tradeCount)
    send(product, minute, { timeUs, closed: false })
  }

  function lateness(fault: OpenFault | null): number {
    const usual = CLOSE_MS_MIN + random.exponential(CLOSE_MS_MEAN)
    const more = fault === null ? 0 : (fault.record.request.ms ?? DELAY_MS_DEFAULT)
    return Math.min(CLOSE_MS_MAX, usual) + more
  }

  function close(product: Product, minute: MinuteFold, timeUs: number): void {
    const missing = symbolFaults.take('kline_missing', product.id)
    if (missing !== null) {
      missing.touchMinute(minute.openTimeUs)
      told.delete(keyOf(product, minute))
      return
    }
    const late = symbolFaults.take('kline_late', product.id)
    late?.touchMinute(minute.openTimeUs)
    closings.push({ minute, product, dueUs: timeUs + lateness(late) * 1000 })
  }

  return {
    second(timeUs) {
      seconds += 1
      const isMinute = timeUs % MINUTE_US === 0
      const isBeat = seconds % EVERY_SECONDS === 0
      if (!isBeat && !isMinute) return
      // A minute that is over but not yet closed is told once more where it changed.
      if (isBeat) for (const { product, minute } of closings) tellChange(product, minute, timeUs)
      const openUs = timeUs - 1 - ((timeUs - 1) % MINUTE_US)
      for (const [id, { product }] of market.products) {
        if (!streams.has(klineStream(product))) continue
        // Every trade before this second was made, and none at it or after.
        const minute = market.candles.get(id)!.newest(timeUs - 1)
        if (minute?.openTimeUs !== openUs) continue
        if (isBeat) tellChange(product, minute, timeUs)
        if (isMinute) close(product, minute, timeUs)
      }
    },
    tick(nowUs) {
      if (closings.length === 0) return
      const due = closings.filter((closing) => closing.dueUs <= nowUs)
      if (due.length === 0) return
      closings = closings.filter((closing) => closing.dueUs > nowUs)
      for (const { product, minute } of due) {
        told.delete(keyOf(product, minute))
        send(product, minute, { timeUs: nowUs, closed: true })
      }
    },
  }
}
