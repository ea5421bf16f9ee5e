/** The venue of a dialect is what stands before its slash. */
export function venueOf(dialect: string): string {
  const slash = dialect.indexOf('/')
  return slash === -1 ? dialect : dialect.slice(0, slash)
}
