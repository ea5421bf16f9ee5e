import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { RecordRequest } from '../../../src/market/record.ts'
import type { Decoded } from '../../../src/venues/decoded.ts'
import { VENUES } from '../../../src/venues/index.ts'
import type { Route, Venue } from '../../../src/venues/venue.ts'

/** One frame or answer of a venue, written by hand, with what it must be read as. */
export interface Fixture {
  readonly venue: Venue
  readonly name: string
  readonly about: string
  readonly dialect: string
  readonly channel: string
  readonly symbol?: string
  readonly request?: RecordRequest
  readonly frame: string
  /** What the decoder finds; lists that are left out are empty. */
  readonly golden: Partial<Decoded>
  /** What the feed's `route` says, for frames of a feed. */
  readonly route?: Route
}

const ROOT = new URL('../../../src/venues/', import.meta.url)

/** Every venue of the registry. */
export const venues: readonly Venue[] = Object.values(VENUES)

/** Returns the README of a venue; empty if there is none. */
export function readmeOf(venue: Venue): string {
  const path = new URL(`${venue.id}/README.md`, ROOT)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** Every fixture of every venue. */
export const fixtures: readonly Fixture[] = venues.flatMap((venue) => {
  const folder = new URL(`${venue.id}/fixtures/`, ROOT)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => {
      const fixture = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture
      return { ...fixture, venue, name: `${venue.id} ${file.slice(0, -'.json'.length)}` }
    })
})
