/** How a coin's numbers are written: as JavaScript does, or as Python does. */
export type NumberStyle = 'short' | 'float'

/**
 * Returns a number as JSON text, in one of the ways the venue is seen to write them: `70187` or
 * `70187.0`, and small ones with an exponent, `9.76e-7` or `9.76e-06`.
 */
export function numberText(value: number, style: NumberStyle): string {
  const text = String(value)
  if (style === 'short') return text
  const exponent = /^(.*)e-(\d)$/.exec(text)
  if (exponent !== null) return `${exponent[1]}e-0${exponent[2]}`
  if (/[.e]/.test(text)) return value !== 0 && Math.abs(value) < 1e-4 ? scientific(value) : text
  return `${text}.0`
}

function scientific(value: number): string {
  const [digits, power] = value.toExponential().split('e-')
  return `${digits}e-${power!.padStart(2, '0')}`
}

/** One member of an object, or an element of a list, already written. */
export type Written = string

/** Returns an object of members whose values are written already. */
export function objectText(members: Readonly<Record<string, Written>>): Written {
  const parts = Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${value}`)
  return `{${parts.join(',')}}`
}
