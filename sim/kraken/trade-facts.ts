// The finisher of MurmurHash3 over both halves of the time: neighbours differ in every digit.
function scatter(timeUs: number): number {
  let hash = (timeUs % 2 ** 32) ^ Math.floor(timeUs / 2 ** 32)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * Returns a trade's time in epoch nanoseconds.
 *
 * The tape knows microseconds, the venue's REST three digits more. They are a function of the
 * microsecond, so that trades of one time stay trades of one time.
 */
export function tradeNanos(timeUs: number): bigint {
  return BigInt(timeUs) * 1000n + BigInt(scatter(timeUs) % 1000)
}

/** Returns a trade's time as REST prints it: seconds with up to seven decimals. */
export function tradeSeconds(timeUs: number): string {
  const digits = `${timeUs}${Math.floor((scatter(timeUs) % 1000) / 100)}`
  const fraction = digits.slice(-7).replace(/0+$/, '')
  return `${digits.slice(0, -7)}${fraction === '' ? '' : `.${fraction}`}`
}

/** Whether the taker's order was a market order: the same for all fills of one order. */
export function isMarketOrder(timeUs: number): boolean {
  return scatter(timeUs) % 5 < 2
}
