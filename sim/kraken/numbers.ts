// From 0.0001 on a number is printed plainly, below it in exponent form: 9.417e-05.
const ZEROS_PLAIN = 3

/**
 * Returns canonical decimal text as the venue prints a JSON number: whole numbers with `.0`,
 * and what is smaller than 0.0001 with an exponent of two digits (`1e-08`).
 *
 * It works on the text, so what is printed is what the tape holds, whatever a double makes of it.
 */
export function numberText(canonical: string): string {
  const dot = canonical.indexOf('.')
  if (dot < 0) return `${canonical}.0`
  if (!canonical.startsWith('0.000')) return canonical
  const digits = canonical.slice(2).replace(/^0+/, '')
  const zeros = canonical.length - 2 - digits.length
  if (zeros <= ZEROS_PLAIN) return canonical
  const fraction = digits.length === 1 ? '' : `.${digits.slice(1)}`
  return `${digits[0]}${fraction}e-${String(zeros + 1).padStart(2, '0')}`
}

/** Returns canonical decimal text padded to exactly `decimals`, as books and REST print it. */
export function fixedText(canonical: string, decimals: number): string {
  const [whole = '', fraction = ''] = canonical.split('.')
  return decimals === 0 ? whole : `${whole}.${fraction.padEnd(decimals, '0')}`
}
