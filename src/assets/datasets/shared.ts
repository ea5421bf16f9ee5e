import { US, type Written } from './dataset.ts'

/** The columns by which every table of the layers above bronze knows an instrument. */
export const INSTRUMENT: Written = ['integer', '', 'the instrument, in market.instruments']

/** The number of the commit that last changed a row. */
export const CHANGE_SEQ: Written = ['integer', '', 'number of the commit that last changed the row']

/** Whether nothing is missing. */
export const COMPLETE: Written = ['flag', '', 'whether it is proven that nothing is missing']

/** What a stretch of time was. */
export const STATUS: Written = ['text', '', 'traded, no_trades, venue_down or unknown']

/** When we held the last byte. */
export const RECEIVED: Written = ['integer', US, 'when the last byte of the record reached us']

/** Where in the raw log a row's record stands. */
export const PLACE = {
  log_id: ['integer', '', 'the log of its record, in ops.logs'],
  pos: ['integer', '', 'position of its record in that log'],
  item: ['integer', '', 'ordinal of the event within its record, from 0'],
} as const satisfies Record<string, Written>

/** Prices of a candle that may not have traded. */
export const OHLC_OR_NULL = {
  open: ['decimal?', 'quote', 'price of the first trade by (time, id); null unless traded'],
  high: ['decimal?', 'quote', 'highest price'],
  low: ['decimal?', 'quote', 'lowest price'],
  close: ['decimal?', 'quote', 'price of the last trade by (time, id)'],
} as const satisfies Record<string, Written>

/** Prices of a candle that is there only if something traded. */
export const OHLC = {
  open: ['decimal', 'quote', 'first price'],
  high: ['decimal', 'quote', 'highest price'],
  low: ['decimal', 'quote', 'lowest price'],
  close: ['decimal', 'quote', 'last price'],
} as const satisfies Record<string, Written>

/** Ids of one numbering, both ends included. */
export const IDS = {
  first_id: ['integer', '', 'first id'],
  last_id: ['integer', '', 'last id, included'],
} as const satisfies Record<string, Written>

/** The numbering that trade ids are of. */
export const TAPE: Written = ['integer', '', "the numbering, in silver.tapes; 0 is the venue's own"]
