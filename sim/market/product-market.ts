import type { Random } from '../../src/core/random.ts'
import { createRandom } from '../../src/core/random.ts'
import type { Fill, Ledger } from './ledger.ts'
import { createLedger } from './ledger.ts'
import { createPace } from './pace.ts'
import type { PriceWalk } from './price-walk.ts'
import { createPriceWalk, drawUnits } from './price-walk.ts'
import type { Product } from './product.ts'

/** One product's matching engine: makes taker orders and fills them. */
export interface ProductMarket {
  readonly product: Product
  /** Turns order ordinals into ids; differs by seed and product. */
  readonly salt: number
  readonly ledger: Ledger
  readonly quotes: PriceWalk
  /** When the next taker order comes, epoch microseconds. */
  readonly nextTimeUs: number
  /** Executes the next taker order. Its fills share one time and one taker. */
  step(): readonly Fill[]
  /** Sets the pace from `timeUs` on. */
  setRate(tradesPerSecond: number, timeUs: number): void
  /** Moves the next order `byUs` later. */
  postpone(byUs: number): void
}

// Six orders in ten meet one maker; the others two or more, and seldom dozens.
const SINGLE_FILL_PART = 0.6
const FURTHER_FILL_PART = 0.55
const FILLS_MAX = 40
const MEAN_FILLS =
  SINGLE_FILL_PART + (1 - SINGLE_FILL_PART) * (2 + FURTHER_FILL_PART / (1 - FURTHER_FILL_PART))
const SAME_PRICE_PART = 0.45

function drawFillCount(random: Random): number {
  if (random.next() < SINGLE_FILL_PART) return 1
  let count = 2
  while (count < FILLS_MAX && random.next() < FURTHER_FILL_PART) count += 1
  return count
}

/**
 * Returns the engine of one product, whose first order comes at `startUs`.
 *
 * So history begins with a trade of every product, however seldom it trades. Its ids do not begin
 * with 1: of what came before its first trade nobody could tell that it was nothing.
 */
export function createProductMarket(
  product: Product,
  seed: number | string,
  options: { readonly startUs: number; readonly tradesPerSecond: number },
): ProductMarket {
  const random = createRandom(`${seed}/${product.id}`)
  const salt = random.int(0, 0xffffffff) | 0
  const quotes = createPriceWalk(random, product, options.startUs)
  const ledger = createLedger(random, product)
  let pace = createPace(random, options.tradesPerSecond / MEAN_FILLS)
  // Kept as a float: adding rounded waits would slow a fast market down.
  let nextUs = options.startUs

  // A taker walks away from the touch: the later its fill, the worse the price.
  function step(): readonly Fill[] {
    const timeUs = Math.floor(nextUs)
    quotes.move(timeUs)
    const makerBuys = random.next() < 0.5
    const count = drawFillCount(random)
    let ticks = makerBuys ? quotes.bidTicks : quotes.askTicks
    const fills: Fill[] = []
    for (let i = 0; i < count; i += 1) {
      const units = drawUnits(random, product, ticks)
      const ends = { opensOrder: i === 0, closesOrder: i === count - 1 }
      fills.push(ledger.write({ timeUs, ticks, units, makerBuys, ...ends }))
      if (random.next() < SAME_PRICE_PART) continue
      const levels = 1 + Math.floor(random.exponential(1 + product.startTicks * 1e-6))
      ticks = Math.max(1, makerBuys ? ticks - levels : ticks + levels)
    }
    quotes.follow(ticks)
    nextUs += pace.next(nextUs)
    return fills
  }

  return {
    product,
    salt,
    ledger,
    quotes,
    get nextTimeUs() {
      return Math.floor(nextUs)
    },
    step,
    setRate(tradesPerSecond, timeUs) {
      pace = createPace(random, tradesPerSecond / MEAN_FILLS)
      nextUs = timeUs + pace.next(timeUs)
    },
    postpone(byUs) {
      nextUs += byUs
    },
  }
}
