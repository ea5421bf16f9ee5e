import { AssayError } from '../core/errors.ts'
import type { Instrument } from '../market/instrument.ts'
import { findInstrument, type Warehouse } from '../warehouse/index.ts'

/**
 * Returns the instrument that a selector and the flag `--venue` mean together.
 *
 * @throws ASSAY_UNKNOWN_PRODUCT, ASSAY_AMBIGUOUS_INSTRUMENT; ASSAY_USAGE where the two differ.
 */
export function selectInstrument(
  warehouse: Warehouse,
  selector: string,
  venue: string | undefined,
): Promise<Instrument> {
  if (venue === undefined) return findInstrument(warehouse, selector)
  const colon = selector.indexOf(':')
  const named = colon < 0 ? venue : selector.slice(0, colon)
  if (named.toLowerCase() !== venue.toLowerCase()) {
    throw new AssayError('ASSAY_USAGE', `${selector} is not of the venue ${venue}`)
  }
  return findInstrument(warehouse, `${venue}:${selector.slice(colon + 1)}`)
}
