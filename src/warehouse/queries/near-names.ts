/** Names told to someone who mistyped one. */
const NEAR_MAX = 5

/** A name further off than this share of its length is no likely slip. */
const SLIPS_MAX = 0.4

/** Returns the names most like `wanted`, nearest first, at most five; letters' case is nothing. */
export function nearNames(wanted: string, names: readonly string[]): string[] {
  const text = wanted.toUpperCase()
  return names
    .map((name) => ({ name, slips: slipsTo(text, name.toUpperCase()) }))
    .filter(({ slips }) => slips <= Math.max(1, Math.floor(text.length * SLIPS_MAX)))
    .sort((a, b) => a.slips - b.slips || (a.name < b.name ? -1 : 1))
    .slice(0, NEAR_MAX)
    .map(({ name }) => name)
}

/** Least slips to the whole name, or to it without its venue, whichever was meant. */
function slipsTo(wanted: string, name: string): number {
  return Math.min(slips(wanted, name), slips(wanted, name.slice(name.indexOf(':') + 1)))
}

/** Returns how many letters must be put in, left out or changed to make one text of another. */
function slips(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const here = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const changed = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const added = Math.min(above[column] ?? 0, here[column - 1] ?? 0) + 1
      here.push(Math.min(changed, added))
    }
    above = here
  }
  return above[b.length] ?? 0
}
