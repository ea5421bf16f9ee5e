import { AssayError } from '../core/errors.ts'
import { findVenue, venueIds } from '../venues/index.ts'
import type { Venue } from '../venues/venue.ts'

/**
 * Returns the venue of an id.
 *
 * @throws ASSAY_UNKNOWN_VENUE, naming those there are.
 */
export function venueOfId(id: string): Venue {
  const venue = findVenue(id)
  if (venue !== null) return venue
  const known = venueIds().join(', ')
  throw new AssayError('ASSAY_UNKNOWN_VENUE', `no venue is called ${id}; there is ${known}`)
}
