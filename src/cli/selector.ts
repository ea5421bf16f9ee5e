import { AssayError, isAssayError } from '../core/errors.ts'
import type { Instrument } from '../market/instrument.ts'
import {
  findInstrument,
  instrumentName,
  listInstruments,
  type Warehouse,
} from '../warehouse/index.ts'

/**
 * Returns the instrument that a selector and the flag `--venue` mean together. Where it may mean
 * several and something is held of one alone, that is meant: venues list many that nobody collects.
 *
 * @throws ASSAY_UNKNOWN_PRODUCT, ASSAY_AMBIGUOUS_INSTRUMENT; ASSAY_USAGE where the two differ.
 */
export async function selectInstrument(
  warehouse: Warehouse,
  selector: string,
  venue: string | undefined,
): Promise<Instrument> {
  try {
    return await findInstrument(warehouse, selectorOf(selector, venue))
  } catch (error) {
    if (!isAssayError(error, 'ASSAY_AMBIGUOUS_INSTRUMENT')) throw error
    const names = error.context.matches as readonly string[]
    const held = await heldInstruments(warehouse, venue)
    const [only, ...others] = held.filter((one) => names.includes(instrumentName(one)))
    if (only === undefined || others.length > 0) throw error
    return only
  }
}

function selectorOf(selector: string, venue: string | undefined): string {
  if (venue === undefined) return selector
  const colon = selector.indexOf(':')
  const named = colon < 0 ? venue : selector.slice(0, colon)
  if (named.toLowerCase() !== venue.toLowerCase()) {
    throw new AssayError('ASSAY_USAGE', `${selector} is not of the venue ${venue}`)
  }
  return `${venue}:${selector.slice(colon + 1)}`
}

/**
 * Returns the instruments of which a minute is held, of trades or of a venue's candles: a venue
 * lists many that nobody asked for.
 */
export async function heldInstruments(
  warehouse: Warehouse,
  venue: string | undefined,
): Promise<readonly Instrument[]> {
  // Looked up one by one: a count of distinct ids would read every minute there is.
  const held = await warehouse.read((db) =>
    db
      .selectFrom('instruments as i')
      .select('i.instrument_id')
      .where(({ or, exists, selectFrom }) =>
        or([
          exists(
            selectFrom('silver_candles_1m as m')
              .select('m.open_time_us')
              .whereRef('m.instrument_id', '=', 'i.instrument_id'),
          ),
          exists(
            selectFrom('silver_venue_candles as v')
              .select('v.open_time_us')
              .whereRef('v.instrument_id', '=', 'i.instrument_id'),
          ),
        ]),
      )
      .execute(),
  )
  const wanted = new Set(held.map((row) => row.instrument_id))
  return (await listInstruments(warehouse))
    .filter((one) => wanted.has(one.instrumentId))
    .filter((one) => venue === undefined || one.venue === venue)
}
