import { createRandom, type Random } from '../src/core/random.ts'

/** One frame of the Exchange feed, with what the log keeps beside it. */
export interface Frame {
  readonly channel: 'matches' | 'ticker' | 'heartbeat'
  readonly symbol: string
  readonly receivedTimeUs: number
  readonly text: string
}

/** What a tape of frames is made of. */
export interface TapeOptions {
  readonly seed: number
  /** Matches to make. */
  readonly trades: number
  /** Whether tickers and heartbeats come between them, as on a real connection. */
  readonly mixed?: boolean
}

/** The products of the tape, as the venue writes them. */
export const SYMBOLS: readonly string[] = ['BTC-USD', 'ETH-USD']

/** When the tape begins: an hour long over, so that it can be sealed. 2025-03-03, a Monday. */
export const TAPE_START_US = 1_740_960_000_000_000

// A million trades last some twenty hours: more than a thousand minutes of each product.
const TRADES_PER_SECOND = 14
const FILLS_PER_ORDER = 2
const SECOND_US = 1_000_000

interface Product {
  readonly symbol: string
  tradeId: number
  sequence: number
  /** In cents. */
  price: number
  heartbeatUs: number
}

/**
 * Makes a day on the Exchange, byte for byte as the venue writes it; the same seed gives the
 * same frames.
 *
 * Taker orders arrive at random and fill one or several makers at one time, the price walking
 * away from them. Order ids are random in every frame: the hardest case for compression.
 */
export function* tapeFrames(options: TapeOptions): Generator<Frame> {
  const random = createRandom(options.seed)
  const products: Product[] = SYMBOLS.map((symbol, index) => ({
    symbol,
    tradeId: [1_099_995_624, 833_000_117][index]!,
    sequence: [136_967_653_295, 94_120_334_808][index]!,
    price: [8_414_924, 191_941][index]!,
    heartbeatUs: TAPE_START_US + index * 1000,
  }))
  let timeUs = TAPE_START_US
  let receivedTimeUs = timeUs
  for (let made = 0; made < options.trades; ) {
    timeUs += Math.ceil(random.exponential((FILLS_PER_ORDER / TRADES_PER_SECOND) * SECOND_US))
    // Nothing is received before what came earlier on the same connection.
    receivedTimeUs = Math.max(receivedTimeUs, timeUs + random.int(18_000, 61_000))
    if (options.mixed) yield* heartbeats(products, timeUs)
    const product = products[random.next() < 0.6 ? 0 : 1]!
    const fills = Math.min(fillsOf(random), options.trades - made)
    const makerSells = random.next() < 0.5
    const at = { product, time: timeText(timeUs), receivedTimeUs, makerSells }
    let size = ''
    for (let fill = 0; fill < fills; fill += 1) {
      if (random.next() < 0.3) product.price += makerSells ? random.int(1, 9) : -random.int(1, 9)
      size = sizeText(random)
      yield matchFrame(random, { ...at, size })
    }
    if (options.mixed) yield tickerFrame(random, { ...at, size })
    made += fills
  }
}

interface Fill {
  readonly product: Product
  readonly time: string
  readonly receivedTimeUs: number
  readonly makerSells: boolean
  readonly size: string
}

/** Fills of one order: geometric, two on average. */
function fillsOf(random: Random): number {
  let fills = 1
  while (fills < 40 && random.next() < 1 - 1 / FILLS_PER_ORDER) fills += 1
  return fills
}

function matchFrame(random: Random, fill: Fill): Frame {
  const { product, time, receivedTimeUs, makerSells, size } = fill
  product.tradeId += 1
  product.sequence += random.int(1, 40)
  const text =
    `{"type":"match","trade_id":${product.tradeId},"maker_order_id":"${orderId(random)}",` +
    `"taker_order_id":"${orderId(random)}","side":"${makerSells ? 'sell' : 'buy'}",` +
    `"size":"${size}","price":"${centsText(product.price)}",` +
    `"product_id":"${product.symbol}","sequence":${product.sequence},"time":"${time}"}`
  return { channel: 'matches', symbol: product.symbol, receivedTimeUs, text }
}

function tickerFrame(random: Random, fill: Fill): Frame {
  const { product, time, receivedTimeUs, makerSells, size } = fill
  const { symbol, price, sequence, tradeId } = product
  const quoted = () => (random.int(1, 99_999_999) / 1e8).toFixed(8)
  const text =
    `{"type":"ticker","sequence":${sequence},"product_id":"${symbol}",` +
    `"price":"${centsText(price)}","open_24h":"${centsText(price - 51_094)}",` +
    `"volume_24h":"${(5000 + random.next() * 900).toFixed(8)}",` +
    `"low_24h":"${centsText(price - 162_687)}","high_24h":"${centsText(price + 41_618)}",` +
    `"volume_30d":"${(180_000 + random.next() * 900).toFixed(8)}",` +
    `"best_bid":"${centsText(price - random.int(1, 300))}","best_bid_size":"${quoted()}",` +
    `"best_ask":"${centsText(price + random.int(1, 300))}","best_ask_size":"${quoted()}",` +
    `"side":"${makerSells ? 'buy' : 'sell'}","time":"${time}",` +
    `"trade_id":${tradeId},"last_size":"${size}"}`
  return { channel: 'ticker', symbol, receivedTimeUs, text }
}

function* heartbeats(products: readonly Product[], untilUs: number): Generator<Frame> {
  for (const product of products) {
    for (; product.heartbeatUs <= untilUs; product.heartbeatUs += SECOND_US) {
      const { symbol, sequence, tradeId, heartbeatUs } = product
      const text =
        `{"type":"heartbeat","last_trade_id":${tradeId},"product_id":"${symbol}",` +
        `"sequence":${sequence},"time":"${timeText(heartbeatUs)}"}`
      yield { channel: 'heartbeat', symbol, receivedTimeUs: untilUs + 17_000, text }
    }
  }
}

/** Eight decimals, small sizes most often, trailing zeros not sent. */
function sizeText(random: Random): string {
  const units = Math.max(1, Math.round(Math.exp(random.gaussian() * 2.2 + 13)))
  const digits = String(units).padStart(9, '0')
  const fraction = digits.slice(-8).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, -8) : `${digits.slice(0, -8)}.${fraction}`
}

function centsText(cents: number): string {
  const digits = String(cents)
  const fraction = digits.slice(-2).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, -2) : `${digits.slice(0, -2)}.${fraction}`
}

function timeText(timeUs: number): string {
  const text = new Date(Math.floor(timeUs / 1000)).toISOString()
  return `${text.slice(0, -1)}${String(timeUs % 1000).padStart(3, '0')}Z`
}

const HEX = Array.from({ length: 65_536 }, (_, word) => word.toString(16).padStart(4, '0'))

/** A random version 4 UUID. */
function orderId(random: Random): string {
  // A draw has 53 random bits: three words of 16 fit.
  const [a, b] = [random.next() * 2 ** 48, random.next() * 2 ** 48]
  const c = random.next() * 2 ** 32
  const third = 0x4000 | (b / 2 ** 36)
  const fourth = 0x8000 | (a % 2 ** 14)
  return (
    `${HEX[(a / 2 ** 32) & 0xffff]}${HEX[(a / 2 ** 16) & 0xffff]}-${HEX[b & 0xffff]}-` +
    `${HEX[third]}-${HEX[fourth]}-${HEX[(b / 2 ** 16) & 0xffff]}${HEX[c & 0xffff]}` +
    `${HEX[(c / 2 ** 16) & 0xffff]}`
  )
}
