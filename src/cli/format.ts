import { styles } from './style.ts'

const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Returns a whole number as people read it: `1,234,567`. */
export function showCount(value: number): string {
  return count.format(value)
}

/** Returns a count with what is counted: `1 hour`, `2,000 hours`. */
export function showSome(value: number, one: string, many = `${one}s`): string {
  return `${showCount(value)} ${value === 1 ? one : many}`
}

/** Returns a size as people read it: `1.2 MiB`. */
export function showBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const amount = bytes / 1024 ** power
  const digits = power === 0 || amount >= 100 ? 0 : 1
  return `${amount.toFixed(digits)} ${styles.dim(BYTE_UNITS[power] as string)}`
}

/** Returns RFC 3339 text in UTC as people read it, without zeros for what is not there. */
export function showTime(text: string): string {
  return text.replace('T', ' ').replace(/(\.000)?Z$/, '')
}

/** Returns a length of time as people read it: `450 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function showDurationMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`
}
