/** Returns `10 ** decimals`, exactly. */
function power(decimals: number): number {
  return POWERS[decimals] ?? 10 ** decimals
}

const POWERS = Array.from({ length: 16 }, (_, index) => Number(`1e${index}`))

/** Returns `units` of `10^-decimals` as canonical decimal text: no padding, no exponent. */
export function decimalText(units: number, decimals: number): string {
  const scale = power(decimals)
  const rest = units % scale
  const whole = (units - rest) / scale
  if (rest === 0) return String(whole)
  let digits = rest
  let length = decimals
  while (digits % 10 === 0) {
    digits /= 10
    length -= 1
  }
  return `${whole}.${String(digits).padStart(length, '0')}`
}

/** Returns `units` of `10^-decimals` with exactly `width` decimals, as book sizes are padded. */
export function paddedText(units: number, decimals: number, width: number): string {
  const [whole, fraction = ''] = decimalText(units, decimals).split('.')
  return width === 0 ? whole! : `${whole}.${fraction.padEnd(width, '0')}`
}

/** Returns a big whole number of `10^-decimals` as canonical decimal text. */
export function bigDecimalText(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, '0')
  const cut = digits.length - decimals
  const fraction = digits.slice(cut).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, cut) : `${digits.slice(0, cut)}.${fraction}`
}

let secondHeld = -1
let secondText = ''

// Thousands of trades share a second: its text is made once.
function secondPrefix(second: number): string {
  if (second !== secondHeld) {
    secondHeld = second
    secondText = new Date(second * 1000).toISOString().slice(0, 19)
  }
  return secondText
}

/** Returns RFC 3339 text with six fraction digits: `2026-09-29T13:45:58.467935Z`. */
export function microsText(timeUs: number): string {
  const micros = timeUs % 1_000_000
  const prefix = secondPrefix((timeUs - micros) / 1_000_000)
  return `${prefix}.${String(micros).padStart(6, '0')}Z`
}

/** Returns RFC 3339 text whose fraction drops trailing zeros, as Advanced Trade writes it. */
export function trimmedText(timeUs: number, nanos = 0): string {
  const micros = timeUs % 1_000_000
  const prefix = secondPrefix((timeUs - micros) / 1_000_000)
  const fraction = String(micros * 1000 + nanos)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return fraction === '' ? `${prefix}Z` : `${prefix}.${fraction}Z`
}
