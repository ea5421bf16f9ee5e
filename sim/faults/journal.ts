import type { VenueId } from '../venue-id.ts'
import type { FaultRecord, FaultRequest, OpenFault } from './fault.ts'
import { createOpenFault } from './fault.ts'

/** What was injected, at all venues, in one numbering. */
export interface FaultJournal {
  /** The last 100,000, oldest first. */
  readonly records: readonly FaultRecord[]
  /** Writes a fault down. */
  open(
    request: FaultRequest,
    facts: {
      readonly venue: VenueId
      readonly timeUs: number
      readonly untilUs: number | null
      readonly product: string | null
    },
  ): OpenFault
}

const RECORDS_MAX = 100_000

/** Returns an empty journal. */
export function createFaultJournal(): FaultJournal {
  const records: FaultRecord[] = []
  let injected = 0
  return {
    records,
    open(request, facts) {
      const fault = createOpenFault(request, { id: injected, ...facts })
      injected += 1
      records.push(fault.record)
      if (records.length > RECORDS_MAX) records.shift()
      return fault
    },
  }
}
